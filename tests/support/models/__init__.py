"""Tiny models that tests make themselves, in the real formats, so that the real loaders take them."""
