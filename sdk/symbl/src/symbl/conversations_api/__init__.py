"""Module names of Symbl's package: conversations."""
