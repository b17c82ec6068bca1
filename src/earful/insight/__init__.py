"""Words to meaning: one file per kind of finding, behind one session per conversation."""
