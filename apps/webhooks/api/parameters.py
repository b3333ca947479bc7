"""Parameters, wherever they came: JSON, a form, the query string (contract, 2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from apps.webhooks.api.parsers import JsonBody, body_of, parse_form
from apps.webhooks.registrations import Refused

MAX_LIMIT: Final = 1000
# Offsets beyond are nobody's, and PostgreSQL counts with 64 bits.
MAX_OFFSET: Final = 2**31 - 1
MAX_ID: Final = 2**63 - 1

# Accepted everywhere, for the original's clients; see `expands`.
_EXPAND: Final = "expand"
_INTEGERS: Final = frozenset(
    {"id_user", "id_connector", "deadline", "max_in_flight", "user"}
)
_BOOLEANS: Final = frozenset(
    {"activate", "compression", "disabled", "erase", "revoke_previous"}
)
_ALL: Final = "all"
_TRUTH: Final = {"1": True, "true": True, "0": False, "false": False}

Item = TypeVar("Item", bound=Model)
Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a list; `filters`: its own parameters that were given, as text."""

    limit: int
    filters: dict[str, str] = field(default_factory=dict)

    def number(self, name: str) -> int | None:
        """A filter that is an id."""
        text = self.filters.get(name)
        return None if text is None else _whole(name, text, MAX_ID)

    def between(
        self, items: QuerySet[Item], column: str, *, since: datetime | None = None
    ) -> QuerySet[Item]:
        """From `min_date` to `max_date`, both included; from `since` by default."""
        least = moment("min_date", self.filters.get("min_date"), 0) or since
        most = moment("max_date", self.filters.get("max_date"), 1)
        if least is not None:
            items = items.filter(**{f"{column}__gte": least})
        if most is not None:
            items = items.filter(**{f"{column}__lt": most})
        return items


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Part):
    """So many from a place on; `everything` includes what was deleted."""

    offset: int
    everything: bool

    @classmethod
    def of(cls, request: Request, *filters: str) -> Page:
        """From the query string, where `all` is a flag that needs no value."""
        given = _query(request)
        page = cls(
            limit=_limit(given),
            offset=_whole("offset", given.pop("offset", "0"), MAX_OFFSET),
            everything=_flag(_ALL, given.pop(_ALL, "false")),
            filters={name: given.pop(name) for name in filters if name in given},
        )
        refuse_unknown(given)
        return page

    def part(self, items: QuerySet[Item], *order: str) -> list[Item]:
        """The page's items, in the order of ids unless told otherwise."""
        ordered = items.order_by(*(order or ("pk",)))
        return list(ordered[self.offset : self.offset + self.limit])

    def reply(
        self,
        name: str,
        items: QuerySet[Item],
        write: Callable[[Item], dict[str, Any]],
        *order: str,
    ) -> Response:
        """`{"<name>": [...], "total": N}`."""
        part = self.part(items, *order)
        return Response({name: [write(item) for item in part], "total": items.count()})

    def reply_fixed(
        self,
        name: str,
        items: Sequence[Entry],
        write: Callable[[Entry], dict[str, Any]],
    ) -> Response:
        """The same of a list that is not in the database, in its own order."""
        part = items[self.offset : self.offset + self.limit]
        return Response({name: [write(item) for item in part], "total": len(items)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch(Part):
    """So many from an id on, of a list that grows, and that nobody counts.

    With `after` the oldest of what came later come first, so that the list can be
    followed; else the newest, with `before` those that are older than that one.
    """

    after: int | None
    before: int | None

    @classmethod
    def of(cls, request: Request, *filters: str) -> Stretch:
        """From the query string."""
        given = _query(request)
        after, before = (
            _whole(name, given.pop(name), MAX_ID) if name in given else None
            for name in ("after", "before")
        )
        stretch = cls(
            limit=_limit(given),
            after=after,
            before=before,
            filters={name: given.pop(name) for name in filters if name in given},
        )
        refuse_unknown(given)
        return stretch

    def reply(
        self,
        name: str,
        items: QuerySet[Item],
        write: Callable[[Item], dict[str, Any]],
    ) -> Response:
        """`{"<name>": [...], "has_more": true or false}`."""
        if self.after is not None:
            items = items.filter(pk__gt=self.after)
        if self.before is not None:
            items = items.filter(pk__lt=self.before)
        ordered = items.order_by("-pk" if self.after is None else "pk")
        found = list(ordered[: self.limit + 1])
        part = [write(item) for item in found[: self.limit]]
        return Response({name: part, "has_more": len(found) > self.limit})


def parameters(request: Request) -> dict[str, Any]:
    """Those of the body and of the query string, each given once."""
    query = {name: _typed(name, text) for name, text in _query(request).items()}
    given = body_of(request)
    if not isinstance(given, JsonBody):
        body = {name: _typed(name, text) for name, text in given.items()}
    elif isinstance(given.value, dict):
        body = given.value
    else:
        raise Refused("invalidValue", "", "The body is not a JSON object.")
    for name in query.keys() & body.keys():
        raise Refused("invalidValue", name, f"The parameter {name} is given twice.")
    return query | body


def expands(request: Request, name: str) -> bool:
    """Whether `expand=a[b],c` asks for a resource to be nested in the reply."""
    depth, outermost = 0, ""
    for letter in _given(request).get(_EXPAND, ""):
        depth += letter == "["
        outermost += letter if depth == 0 else ""
        depth -= letter == "]"
    return name in outermost.split(",")


def drop_all(given: dict[str, Any]) -> None:
    """Take out `all`, which means nothing where there is one resource only."""
    value = given.pop(_ALL, "")
    if not isinstance(value, bool):
        _flag(_ALL, value if isinstance(value, str) else "null")


def refuse_unknown(given: dict[str, Any]) -> None:
    """Refuse whatever is left after the known parameters have been taken out."""
    for name in given:
        raise Refused(
            "invalidValue", name[:80], f"There is no parameter {name[:80]!r}."
        )


def _query(request: Request) -> dict[str, str]:
    given = _given(request)
    given.pop(_EXPAND, None)
    return given


def _given(request: Request) -> dict[str, str]:
    encoded = request.META.get("QUERY_STRING", "")
    return parse_form(encoded.encode("latin-1")) if encoded else {}


def _typed(name: str, text: str) -> object:
    """What a text stands for; one that stands for nothing is left to be refused."""
    if text == "null":
        return None
    if name in _INTEGERS and _is_whole(text):
        return int(text)
    if name in _BOOLEANS:
        return _TRUTH.get(text, text)
    return text


def _limit(given: dict[str, str]) -> int:
    return _whole("limit", given.pop("limit", str(MAX_LIMIT)), MAX_LIMIT)


def _whole(name: str, text: str, most: int) -> int:
    if _is_whole(text) and int(text) <= most:
        return int(text)
    raise Refused(
        "invalidValue", name, f"{name} must be a whole number, {most} at most."
    )


def moment(name: str, text: str | None, days: int) -> datetime | None:
    """A date, whose day is meant from its beginning or `days` later, or an instant.

    Without a zone it is the wall time of the payloads. An instant is included too.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused("invalidValue", name, f"{name} must be a date.") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=settings.PAYLOAD_ZONE)
    try:
        is_day = len(text) <= len("2026-01-31") and date.fromisoformat(text) is not None
        beyond = timedelta(days=1) if is_day else timedelta(microseconds=1)
        return (moment + days * beyond).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused("invalidValue", name, f"{name} must be a date.") from error


def _flag(name: str, text: str) -> bool:
    if text in ("", *_TRUTH):
        return _TRUTH.get(text, True)
    raise Refused("invalidValue", name, f"{name} must be true or false.")


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20
