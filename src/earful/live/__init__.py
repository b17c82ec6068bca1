"""One live conversation: its speakers, its state machine, its events, its timers."""
