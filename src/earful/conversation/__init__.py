"""What a conversation is: plain types, identifiers and times. No I/O; imports nothing of ours."""
