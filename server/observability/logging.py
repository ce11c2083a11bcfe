"""Logging: a fixed phrase plus fields; secrets never get out. Console in development, else JSON."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, TextIO

import structlog

if TYPE_CHECKING:
    from structlog.typing import Processor

REDACTED = "[redacted]"
SECRET_KEYS = frozenset(
    {"authorization", "cookie", "credential", "key", "password", "resume", "sdp", "secret", "token"}
)
_SECRET = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # a JSON Web Token
    r"|rt_[\w-]{16,}"  # an API key
)
_QUIET = ("aiohttp.access", "aioice", "aiortc", "asyncio", "alembic", "aiosqlite")


def redact(_logger: object, _method: str, event: MutableMapping[str, object]) -> object:
    """Take out values under secret names, and tokens and keys wherever they stand."""
    for name, value in event.items():
        if name in SECRET_KEYS:
            event[name] = REDACTED
        elif isinstance(value, str):
            event[name] = clean(value)
    return event


def clean(text: str) -> str:
    """A text without tokens and keys."""
    return _SECRET.sub(REDACTED, text)


def configure(*, dev: bool, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send structlog and the standard library's logging to standard error in one form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if dev
        else [structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,  # before redact: a traceback may hold a token
            redact,  # type: ignore[list-item]  # structlog wants its own alias of this
            *last,
        ],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
