"""What a long job costs those beside it: short jobs, live callers, the machine's memory."""
