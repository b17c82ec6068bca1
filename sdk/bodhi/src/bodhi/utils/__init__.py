"""Modules under the vendor package's names."""
