"""Wire protocols. A dialect only translates: its messages to core calls, core events to its messages."""
