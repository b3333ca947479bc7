"""What errors look like, and which of them every operation can answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from apps.webhooks.api.errors import DESCRIPTIONS, STATUSES
from apps.webhooks.openapi.shapes import (
    TEXT,
    Schema,
    one_of,
    or_null,
    record,
    ref,
    told,
)

# JavaScript's largest safe integer: see `apps.api_tokens.request_id`.
MAX_REQUEST_ID: Final = 2**53 - 1
REQUEST_ID: Final = 6021023742123001

PROBLEM: Final[Schema] = record(
    code=told(
        one_of(*sorted(DESCRIPTIONS)),
        "What is wrong. Branch on this; later versions may know further codes.",
    ),
    description=told(TEXT, "The code in words, always the same."),
    message=told(or_null(TEXT), "What is wrong with this very request, for people."),
    request_id={
        "type": "integer",
        "minimum": 0,
        "maximum": MAX_REQUEST_ID,
        "description": "As in the header X-Request-Id and in the service's log.",
    },
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that an operation answers, with what its `message` may be."""

    code: str
    message: str | None = None

    @property
    def status(self) -> int:
        """The status it is answered with."""
        return STATUSES[self.code]

    @property
    def example(self) -> Any:
        """A body with it."""
        return {
            "code": self.code,
            "description": DESCRIPTIONS[self.code],
            "message": self.message,
            "request_id": REQUEST_ID,
        }


# Whatever is asked.
UNAVAILABLE: Final = Refusal("unavailable")
# Wherever a token is needed.
UNAUTHORIZED: Final = Refusal("unauthorized", "Send Authorization: Bearer TOKEN.")
NOT_ALLOWED: Final = Refusal("forbidden")
# Wherever there are secrets to guess, and for what is done without any.
TOO_MANY: Final = Refusal("tooManyRequests", "Try again after Retry-After seconds.")
# What several operations have among others.
NO_SUCH_PARAMETER: Final = Refusal("invalidValue", "There is no parameter 'colour'.")
BAD_LIMIT: Final = Refusal(
    "invalidValue", "limit must be a whole number, 1000 at most."
)
NO_WEBHOOK: Final = Refusal("notFound", "There is no webhook 7.")

_SHARED: Final = {
    "Unauthorized": UNAUTHORIZED,
    "Forbidden": NOT_ALLOWED,
    "TooManyRequests": TOO_MANY,
    "Unavailable": UNAVAILABLE,
}
_HEADERS: Final[dict[int, dict[str, Schema]]] = {
    401: {"WWW-Authenticate": {"$ref": "#/components/headers/Challenge"}},
    429: {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}},
    503: {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}},
}


def responses(refusals: Iterable[Refusal]) -> dict[str, Schema]:
    """The responses of an operation that answers these, by status."""
    by_status: dict[int, list[Refusal]] = {}
    for refusal in refusals:
        by_status.setdefault(refusal.status, []).append(refusal)
    return {
        str(status): _shared(found) or _response(status, found)
        for status, found in sorted(by_status.items())
    }


def shared_responses() -> dict[str, Schema]:
    """What many operations answer in the same way: a component of the document."""
    return {
        name: _response(refusal.status, [refusal]) for name, refusal in _SHARED.items()
    }


def _shared(found: list[Refusal]) -> Schema | None:
    for name, refusal in _SHARED.items():
        if found == [refusal]:
            return {"$ref": f"#/components/responses/{name}"}
    return None


def _response(status: int, refusals: list[Refusal]) -> Schema:
    codes = sorted({refusal.code for refusal in refusals})
    examples = {
        f"{refusal.code}{number if number > 1 else ''}": {"value": refusal.example}
        for number, refusal in _numbered(refusals)
    }
    return {
        "description": HTTPStatus(status).phrase + ": " + ", ".join(codes) + ".",
        "headers": {
            "X-Request-Id": {"$ref": "#/components/headers/RequestId"},
            **_HEADERS.get(status, {}),
        },
        "content": {
            "application/json": {
                "schema": {
                    "allOf": [
                        ref("Error"),
                        {"properties": {"code": {"enum": codes}}},
                    ]
                },
                "examples": examples,
            }
        },
    }


def _numbered(refusals: list[Refusal]) -> list[tuple[int, Refusal]]:
    """Each with its place among those of the same code."""
    seen: list[str] = []
    numbered = []
    for refusal in refusals:
        seen.append(refusal.code)
        numbered.append((seen.count(refusal.code), refusal))
    return numbered
