"""What is found in talk, and how often rightly: Earful's finders beside plain patterns, on real data."""
