"""The log: one line an event on standard error, as JSON for machines or as text for a terminal.

Modules log with the standard library; structlog writes what they and uvicorn have to say. No event has
a client's address unless ``log_clients`` asks for it, and none has a secret: the service knows none.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import TextIO

import structlog
from structlog.typing import Processor

from register_api.serve.settings import LogFormat, Settings

LIBRARIES = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "asyncio", "litestar")
"""Loggers of others; below ``debug`` only their errors are of use to anyone."""


def set_up_logs(settings: Settings, stream: TextIO | None = None) -> None:
    """Let everything that is logged in this process go to standard error."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(settings.log_format, is_terminal=stream.isatty()))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for name in LIBRARIES:
        logging.getLogger(name).setLevel("DEBUG" if settings.log_level == "debug" else "ERROR")
        logging.getLogger(name).handlers = []
    logging.captureWarnings(capture=True)


def _formatter(form: LogFormat, *, is_terminal: bool) -> structlog.stdlib.ProcessorFormatter:
    as_text = form == "text" or (form == "auto" and is_terminal)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *(_text(is_terminal=is_terminal) if as_text else _json()),
        ],
    )


def _text(*, is_terminal: bool) -> Sequence[Processor]:
    return (structlog.dev.ConsoleRenderer(colors=is_terminal),)


def _json() -> Sequence[Processor]:
    return (
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(sort_keys=True),
    )
