"""Earful: a self-hosted platform for streaming speech-to-text and conversation intelligence."""

__version__ = "0.1.0"
