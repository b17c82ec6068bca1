"""`Log` under its path in Symbl's package: the logger named `symbl`, never the root logger."""

from __future__ import annotations

import logging
from typing import Any

__all__ = ["Log"]


class Log:
    """The logger `symbl`, reached through `Log.getInstance()`."""

    _instance: Log | None = None

    def __init__(self) -> None:
        self._logger = logging.getLogger("symbl")

    @staticmethod
    def getInstance() -> Log:
        """The one object of this class."""
        Log._instance = Log._instance or Log()
        return Log._instance

    def set_level(self, level: int | str) -> None:
        """Set the logger's level."""
        self._logger.setLevel(level)

    def info(self, message: object, data: object = None) -> None:
        """Log a message, and data after it."""
        self._logger.info("%s", message if data is None else f"{message}, {data}")

    def debug(self, data: Any, *args: object) -> None:
        """Log for developers."""
        self._logger.debug(data, *args[:1])

    def warning(self, data: Any, *args: object) -> None:
        """Log a warning."""
        self._logger.warning(data, *args[:1])

    def error(self, data: Any, *args: object) -> None:
        """Log an error."""
        self._logger.error(data, *args[:1])
