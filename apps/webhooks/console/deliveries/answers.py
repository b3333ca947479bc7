"""What receivers answered, for reading: pure.

It is theirs, and may hold what was sent to them: some echo requests. Templates escape
it; what authenticates is masked.
"""

from __future__ import annotations

import re
from typing import Final

from apps.webhooks.trial import HIDDEN

_SECRET_HEADERS: Final = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "bi-signature"}
)
_BEARER: Final = re.compile(r"(Bearer\s+)[^\s\"',;<>&]+", re.IGNORECASE)
_SIGNATURE: Final = re.compile(
    r"(BI-Signature\"?\s*[:=]\s*\"?)[A-Za-z0-9+/]{20,}={0,2}", re.IGNORECASE
)


def without_secrets(text: str) -> str:
    """A text in which bearer tokens and signatures are hidden."""
    return _SIGNATURE.sub(rf"\1{HIDDEN}", _BEARER.sub(rf"\1{HIDDEN}", text))


def response_headers(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Status line and headers of the last answer in them: interim ones come first."""
    block = text.strip().split("\r\n\r\n")[-1]
    status, *lines = block.split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return status, [
        (
            name,
            HIDDEN
            if name.lower() in _SECRET_HEADERS
            else without_secrets(value.strip()),
        )
        for name, colon, value in pairs
        if colon
    ]
