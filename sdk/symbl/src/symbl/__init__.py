"""Python client for Earful's Symbl-compatible APIs."""
