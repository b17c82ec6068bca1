"""Any container or stream of bytes to 16 kHz mono float32; resampling; voice activity."""
