"""Structured logs on stderr: for people in colour-free lines, for collectors as JSON; nothing secret in them."""

import logging
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from campaign.scrubbing import scrub

_SECRET_NAMES = re.compile(r"(?i)token|secret|password|authorization|credential|cookie")


def set_up_logs(level: str, *, as_json: bool) -> None:
    """Send this program's events, and what libraries log, to stderr from ``level`` on. Libraries warn at most: below
    that they show statements, addresses and headers.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shown = _shown(as_json=as_json)
    words = logging.StreamHandler(sys.stderr)
    words.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shown],
        )
    )
    logging.basicConfig(handlers=[words], level=max(threshold, logging.WARNING))
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, *shown],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def _shown(*, as_json: bool) -> list[Processor]:
    """Return the last steps of every line; secrets go out of it when all of it is text, tracebacks too."""
    return [
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_secrets,
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False),
    ]


def _without_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: _named(name, value) for name, value in event.items()}


def _named(name: object, value: Any) -> Any:
    """Return a named value; under the name of a secret none is shown, whatever it looks like."""
    return "…" if _SECRET_NAMES.search(str(name)) else _scrubbed(value)


def _scrubbed(value: Any) -> Any:
    """Return a value of a line without what looks like a secret, however deep it lies."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {name: _named(name, inner) for name, inner in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        return [_scrubbed(inner) for inner in value]
    return value if value is None or isinstance(value, int | float) else scrub(str(value))
