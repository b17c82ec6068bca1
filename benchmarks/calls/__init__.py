"""Telephone calls at a time: real SIP phones, real RTP, a real server, and the figures of live streams."""
