"""The key, and what is used by mistake in its place."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Final

from apps.auth_providers.diagnosis.findings import Cause, Finding, shown
from apps.auth_providers.diagnosis.guesses import Guess

_RULE: Final = "The key is the UTF-8 bytes of secret_key, exactly as it was shown."
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")


def key_guesses(secret: str, others: Mapping[str, str]) -> Iterator[Guess]:
    """Each other key that may have been used, once.

    `others` are secrets by what they are, as in `the secret before the rotation`.
    """
    seen = {secret.encode("utf-8", "replace")}
    for key, finding in _guesses(secret, others):
        if key not in seen:
            seen.add(key)
            yield Guess(key, finding)


def _guesses(secret: str, others: Mapping[str, str]) -> Iterator[tuple[bytes, Finding]]:
    for what, other in others.items():
        yield other.encode("utf-8", "replace"), _other(what)
    bare = secret.strip()
    for text in (bare, f"{bare}\n", f"{bare}\r\n", f"{bare} ", f" {bare}"):
        yield text.encode("utf-8", "replace"), _BLANKS
    unquoted = bare.strip("\"'")
    for text in (unquoted, f'"{bare}"', f"'{bare}'"):
        yield text.encode("utf-8", "replace"), _QUOTES
    for key in _decoded(unquoted):
        yield key, _DECODED
    raw = unquoted.encode("utf-8", "replace")
    for key in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
        yield key, _ENCODED
    yield raw.hex().encode(), _ENCODED
    yield b"", _EMPTY


def _decoded(secret: str) -> Iterator[bytes]:
    standard = secret.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        key = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        return
    yield key
    if _HEX.fullmatch(secret):
        yield bytes.fromhex(secret)


def _other(what: str) -> Finding:
    return Finding(
        cause=Cause.SECRET_OTHER,
        sentence=f"The signature was made with {shown(what)}.",
        remedy="Use the secret of this webhook's auth provider; while a rotation is"
        " due, accept both.",
    )


_BLANKS: Final = Finding(
    cause=Cause.SECRET_BLANKS,
    sentence="The secret has a blank or a newline too many on one of the two sides.",
    remedy=f"Strip what is read from a file or a variable. {_RULE}",
)
_QUOTES: Final = Finding(
    cause=Cause.SECRET_QUOTES,
    sentence="The secret has quotes around it on one of the two sides.",
    remedy=f"Look at how the variable or the file is written. {_RULE}",
)
_DECODED: Final = Finding(
    cause=Cause.SECRET_DECODED,
    sentence="The secret was decoded from base64 or hexadecimal before it was used.",
    remedy=f"Do not decode it. {_RULE}",
)
_ENCODED: Final = Finding(
    cause=Cause.SECRET_ENCODED,
    sentence="The secret was encoded in base64 or hexadecimal before it was used.",
    remedy=f"Do not encode it. {_RULE}",
)
_EMPTY: Final = Finding(
    cause=Cause.SECRET_EMPTY,
    sentence="The signature was made with an empty key.",
    remedy="The variable that holds the secret is probably not set where the code"
    f" runs. {_RULE}",
)
