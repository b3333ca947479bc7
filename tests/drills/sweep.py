"""Looks for what must be nowhere: as it is, and as others would write it."""

from __future__ import annotations

import base64
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

# Of a text in base64, what does not depend on what stands before and after it.
_BASE64_EDGE: Final = 4
# The client whom a token server refuses.
REFUSED: Final = "refused"


def marker() -> str:
    """What is nowhere else."""
    return secrets.token_hex(16)


@dataclass(slots=True)
class Sweep:
    """What is looked for, by a name; where it was found, and how much was read."""

    hits: Counter[tuple[str, str]] = field(default_factory=Counter)
    unread: list[str] = field(default_factory=list)
    places: int = 0
    bytes_read: int = 0

    def over(
        self, place: str, content: bytes, wanted: dict[str, str], good: bool = True
    ) -> None:
        """Look through what one place has; unless it is `good`, it was not read."""
        self.places += 1
        self.bytes_read += len(content)
        if not good:
            self.unread.append(place)
        for name, text in wanted.items():
            if any(form in content for form in _forms(text)):
                self.hits[place, name] += 1

    def __str__(self) -> str:
        hits = [f"{name} in {place}" for place, name in sorted(self.hits)]
        return "; ".join(hits + [f"{place} could not be read" for place in self.unread])


def _forms(text: str) -> Iterator[bytes]:
    """As it is, in hexadecimal digits, and in base64 wherever it begins."""
    raw = text.encode()
    yield raw
    yield raw.hex().encode()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        yield encoded[_BASE64_EDGE:-_BASE64_EDGE]
