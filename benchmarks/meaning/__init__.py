"""How long understanding a message takes."""
