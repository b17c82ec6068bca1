"""How many words are wrong: Earful, moonshine-voice on the same weights, and PocketSphinx, side by side."""
