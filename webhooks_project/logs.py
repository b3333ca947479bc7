"""The log: an object in each line for machines, or lines for people; to stderr.

Whoever logs writes a sentence with `logging`, and what it is about as `extra`. Only
plain values get through, and of an error's text only its first line: a database
quotes the row, and so the payload, in the others.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TextIO

import structlog
from django.core.exceptions import ImproperlyConfigured

STYLES: Final = ("json", "human")
# Of an error's first line.
CHARACTERS: Final = 300

# What every record has; the rest was given as `extra`.
_USUAL: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_PLAIN: Final = (str, int, float, bool, type(None))

_Line = dict[str, Any]


class ToStderr(logging.StreamHandler[TextIO]):
    """To what stderr is now: while there is a progress bar, lines go above it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        self.stream = sys.stderr
        super().emit(record)


def logging_config(*, level: str, style: str) -> dict[str, Any]:
    """The setting LOGGING, for Django and gunicorn alike."""
    if style not in STYLES:
        raise ImproperlyConfigured(f"LOG_FORMAT is one of {', '.join(STYLES)}.")
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "pass_foreign_args": True,
        "foreign_pre_chain": [_begin, structlog.contextvars.merge_contextvars, _extra],
        "processors": _renderers(style),
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"()": ToStderr, "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Would quote payloads and tokens.
            "django.db.backends": {"level": "INFO"},
            # Two lines for each time that a pump wakes, one for each tick of beat, and
            # nothing in them.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            # They have handlers of their own otherwise.
            "gunicorn.error": {"handlers": [], "propagate": True},
            "multiprocessing": {"handlers": ["stderr"], "propagate": False},
        },
    }


def _renderers(style: str) -> list[Callable[[Any, str, _Line], Any]]:
    last: Callable[[Any, str, _Line], Any] = structlog.processors.JSONRenderer(
        ensure_ascii=False
    )
    if style == "human":
        last = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), event_key="message", sort_keys=False
        )
    return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _error, last]


def _begin(logger: Any, method: str, line: _Line) -> _Line:
    """What every line has, first."""
    record: logging.LogRecord = line["_record"]
    del line["event"]
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)(logger, method, {})
    line.update(
        timestamp=stamp["timestamp"],
        level=record.levelname.lower(),
        logger=record.name,
        message=_message(record, line.pop("positional_args", ()), line.get("exc_info")),
    )
    return line


def _message(record: logging.LogRecord, given: Any, error: Any) -> str:
    """The sentence. Errors that somebody's library put into it are told as all are,
    and of a request's path the route: callers write secrets where they do not belong.
    """
    request = getattr(record, "request", None)

    def plain(value: object) -> object:
        if isinstance(value, BaseException):
            return _first_line(value)
        return _route(request) if value == getattr(request, "path", None) else value

    sentence = str(plain(record.msg))
    if isinstance(given, Mapping):
        told = {name: plain(value) for name, value in given.items()}
        if error and "exc" in told:
            # Celery has written it out.
            told["exc"] = plain(error[1])
        return sentence % told
    return sentence % tuple(map(plain, given)) if given else sentence


def _route(request: Any) -> str:
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match and match.route else "an unknown path"


def _extra(logger: Any, method: str, line: _Line) -> _Line:
    """What the line is about; of a request its number only, not its URL."""
    for name, value in vars(line["_record"]).items():
        if name == "request":
            line.setdefault("request_id", getattr(value, "request_id", None))
        elif name not in _USUAL and isinstance(value, _PLAIN):
            line.setdefault(name, value)
    return line


def _error(logger: Any, method: str, line: _Line) -> _Line:
    """The errors that led here, each with its way and the first line of its text."""
    given = line.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else None
    if error is not None:
        line["exception"] = "\n".join(_told(error))
    return line


def _told(error: BaseException) -> Iterator[str]:
    cause = error.__cause__ or (
        None if error.__suppress_context__ else error.__context__
    )
    if cause is not None:
        yield from _told(cause)
        yield "which led to"
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip("\n")
    yield _first_line(error)


def _first_line(error: BaseException) -> str:
    text = str(error).partition("\n")[0][:CHARACTERS]
    return f"{type(error).__module__}.{type(error).__qualname__}: {text}"
