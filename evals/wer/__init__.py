"""How many words are wrong: Earful beside moonshine-voice, faster-whisper and PocketSphinx."""
