"""Module names of Symbl's package: constants."""
