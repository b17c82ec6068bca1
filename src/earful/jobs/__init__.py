"""Work that can wait: recordings and texts sent to be processed, and what tells of their end."""
