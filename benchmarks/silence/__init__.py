"""What a call in which nobody speaks costs, hour after hour."""
