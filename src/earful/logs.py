"""How Earful logs: one line per event, for people or for machines, and never a token."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

__all__ = ["configure_logging"]

_TOKEN_IN_URL = re.compile(r"(access_token=)[^&\s\"']+")


def configure_logging(
    level: Literal["debug", "info", "warning", "error"] = "info",
    format: Literal["auto", "console", "json"] = "auto",
) -> None:
    """Send all logs, ours and those of libraries, to standard error in one form."""
    console = format == "console" or (format == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    final: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _hide_tokens]
    if console:
        final.append(
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                # Not the one that shows local variables: they may hold what somebody said.
                exception_formatter=structlog.dev.plain_traceback,
            )
        )
    else:
        final += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[*shared], processors=final))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # At debug level these write down all that passes through them: what is said, and every SQL parameter.
    for name in ("aiosqlite", "asyncio", "websockets", "httpcore", "sqlalchemy", "nats", "multipart"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # Each request is logged once, by us. What these say at info level repeats it.
    for name in ("uvicorn.access", "uvicorn.error", "httpx", "alembic"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
        logger.setLevel(max(logging.WARNING, root.level))


def _hide_tokens(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str) and "access_token=" in value:
            event[key] = _TOKEN_IN_URL.sub(r"\1[hidden]", value)
    return event
