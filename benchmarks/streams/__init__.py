"""How many live calls one core holds, with moonshine-voice's own streaming in the same run."""
