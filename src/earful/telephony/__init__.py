"""Telephone calls, out and in: SIP by a child process, their audio into live conversations."""
