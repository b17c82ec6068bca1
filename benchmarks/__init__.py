"""What is fast, measured, with the peer in the same run."""
