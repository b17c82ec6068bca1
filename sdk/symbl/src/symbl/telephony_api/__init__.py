"""Module names of Symbl's package: telephony."""
