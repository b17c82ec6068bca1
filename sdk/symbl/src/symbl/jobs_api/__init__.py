"""Module names of Symbl's package: jobs."""
