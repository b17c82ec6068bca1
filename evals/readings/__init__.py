"""Whether the other readings of doubtful speech are better than the first."""
