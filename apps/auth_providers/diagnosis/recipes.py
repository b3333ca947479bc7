"""Other strings, and other hashes, made of the right parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from apps.auth_providers.diagnosis.findings import Cause, Finding
from apps.auth_providers.diagnosis.guesses import RIGHT, Guess

_RULE: Final = "Sign METHOD.path.date.payload: four parts, in this order, three dots."
_ORDERS: Final = (
    ("payload",),
    ("date", "payload"),
    ("path", "date", "payload"),
    ("method", "path", "payload"),
    ("method", "date", "payload"),
    ("method", "path", "date"),
    ("date", "method", "path", "payload"),
    ("method", "date", "path", "payload"),
    ("method", "path", "payload", "date"),
    ("path", "method", "date", "payload"),
    ("payload", "date"),
)
_SEPARATORS: Final = (b"", b"\n", b":", b"|", b" ", b",", b". ")


def recipe_guesses() -> Iterator[Guess]:
    """Each other recipe."""
    for names in _ORDERS:
        yield Guess(RIGHT._replace(names=names), _parts(names))
    for separator in _SEPARATORS:
        yield Guess(RIGHT._replace(separator=separator), _JOINED)
    for hashing in ("swapped", "key_first", "key_last"):
        yield Guess(RIGHT._replace(hashing=hashing), _NOT_HMAC)


def _parts(names: tuple[str, ...]) -> Finding:
    return Finding(
        cause=Cause.STRING_PARTS,
        sentence=f"What was signed is {'.'.join(names)}.",
        remedy=_RULE,
    )


_JOINED: Final = Finding(
    cause=Cause.STRING_JOINED,
    sentence="The parts that were signed are not joined by dots.",
    remedy=_RULE,
)
_NOT_HMAC: Final = Finding(
    cause=Cause.NOT_HMAC,
    sentence="The signature is a plain hash, or an HMAC whose key and message have"
    " changed places.",
    remedy="Use HMAC-SHA256 with the secret as the key.",
)
