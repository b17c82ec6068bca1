"""The package's logger, under the vendor package's module name."""

import logging

__all__ = ["logger", "setup_logger"]

logger = logging.getLogger("bodhi")


def setup_logger(name: str = "bodhi", level: int = logging.INFO) -> logging.Logger:
    """Return a logger at a level. Handlers are the program's own affair."""
    named = logging.getLogger(name)
    named.setLevel(level)
    return named
