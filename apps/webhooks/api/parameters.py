"""Parameters, wherever they came: JSON, a form, the query string (contract, 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from apps.webhooks.api.parsers import JsonBody, body_of, parse_form
from apps.webhooks.registrations import Refused

MAX_LIMIT: Final = 1000
# Offsets beyond are nobody's, and PostgreSQL counts with 64 bits.
MAX_OFFSET: Final = 2**31 - 1

# Accepted everywhere, for the original's clients; there is nothing to nest yet.
_IGNORED: Final = "expand"
_INTEGERS: Final = frozenset({"id_user", "deadline", "max_in_flight"})
_BOOLEANS: Final = frozenset({"compression"})
_TRUTH: Final = {"1": True, "true": True, "0": False, "false": False}

Item = TypeVar("Item", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a list; `everything` includes what was deleted."""

    limit: int
    offset: int
    everything: bool

    @classmethod
    def of(cls, request: Request) -> Page:
        """From the query string, where `all` is a flag that needs no value."""
        given = _query(request)
        page = cls(
            limit=_whole("limit", given.pop("limit", str(MAX_LIMIT)), MAX_LIMIT),
            offset=_whole("offset", given.pop("offset", "0"), MAX_OFFSET),
            everything=_flag("all", given.pop("all", "false")),
        )
        refuse_unknown(given)
        return page

    def reply(
        self, name: str, items: QuerySet[Item], write: Callable[[Item], dict[str, Any]]
    ) -> Response:
        """`{"<name>": [...], "total": N}`, in the order of ids."""
        part = items.order_by("pk")[self.offset : self.offset + self.limit]
        return Response({name: [write(item) for item in part], "total": items.count()})


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


def refuse_unknown(given: dict[str, Any]) -> None:
    """Refuse whatever is left after the known parameters have been taken out."""
    for name in given:
        raise Refused(
            "invalidValue", name[:80], f"There is no parameter {name[:80]!r}."
        )


def _query(request: Request) -> dict[str, str]:
    encoded = request.META.get("QUERY_STRING", "")
    given = parse_form(encoded.encode("latin-1")) if encoded else {}
    given.pop(_IGNORED, None)
    return given


def _typed(name: str, text: str) -> object:
    """What a text stands for; one that stands for nothing is left to be refused."""
    if text == "null":
        return None
    if name in _INTEGERS and _is_whole(text):
        return int(text)
    if name in _BOOLEANS:
        return _TRUTH.get(text, text)
    return text


def _whole(name: str, text: str, most: int) -> int:
    if _is_whole(text) and int(text) <= most:
        return int(text)
    raise Refused(
        "invalidValue", name, f"{name} must be a whole number, {most} at most."
    )


def _flag(name: str, text: str) -> bool:
    if text in ("", *_TRUTH):
        return _TRUTH.get(text, True)
    raise Refused("invalidValue", name, f"{name} must be true or false.")


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20
