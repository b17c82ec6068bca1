"""Bodhi's streaming and file recognition: `/`, `/bodhi` (WebSocket) and `/api/transcribe` (HTTP)."""
