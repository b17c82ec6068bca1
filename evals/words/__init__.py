"""How far word times are off: the estimates and the forced alignment of finals, against reference times."""
