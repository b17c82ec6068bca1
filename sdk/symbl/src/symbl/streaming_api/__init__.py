"""Module names of Symbl's package: streaming."""
