"""The command line, one module a group of commands; `earful.cli` puts them together."""
