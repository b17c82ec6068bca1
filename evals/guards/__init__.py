"""What is heard where nobody speaks: it must be nothing."""
