"""Audio to words: engines, the scheduler that shares the CPU between streams, endpointing, timing."""
