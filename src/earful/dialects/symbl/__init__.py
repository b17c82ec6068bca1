"""Symbl's wire APIs: tokens, streaming, subscribe, conversations."""
