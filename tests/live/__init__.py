"""Live conversations, over a real SQLite file and scripted recognition and insight."""
