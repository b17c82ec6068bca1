"""How soon words appear: one live stream, a real server, a real WebSocket, real time."""
