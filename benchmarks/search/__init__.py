"""How long a search takes over a large store."""
