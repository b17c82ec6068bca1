"""A real server process, real WebSockets, real speech."""
