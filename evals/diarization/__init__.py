"""Who spoke when: diarization error rates of `earful transcribe --diarize` on recordings with known turns."""
