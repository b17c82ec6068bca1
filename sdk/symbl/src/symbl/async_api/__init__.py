"""Module names of Symbl's package: recordings and texts."""
