"""What a signature is made of, and how a wrong one may have been made."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from apps.auth_providers.diagnosis.findings import Finding

SHA256: Final = "sha256"


class Recipe(NamedTuple):
    """How the parts become a string, and the string a hash.

    `hashing` is `hmac`, or one of the mistakes in its place: `swapped`, where key
    and message have changed places, `key_first` and `key_last`, plain hashes.
    """

    names: tuple[str, ...] = ("method", "path", "date", "payload")
    separator: bytes = b"."
    hashing: str = "hmac"


RIGHT: Final = Recipe()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that a signature depends on."""

    key: bytes
    method: str
    path: str
    date: str
    payload: bytes
    recipe: Recipe = RIGHT

    def message(self) -> bytes:
        """The string that is signed."""
        told = {
            "method": _bytes(self.method),
            "path": _bytes(self.path),
            "date": _bytes(self.date),
            "payload": self.payload,
        }
        return self.recipe.separator.join(told[name] for name in self.recipe.names)

    def digest(self, algorithm: str = SHA256) -> bytes:
        """The signature before base64."""
        message = self.message()
        if self.recipe.hashing == "swapped":
            return hmac.digest(message, self.key, algorithm)
        if self.recipe.hashing == "key_first":
            return hashlib.new(algorithm, self.key + message).digest()
        if self.recipe.hashing == "key_last":
            return hashlib.new(algorithm, message + self.key).digest()
        return hmac.digest(self.key, message, algorithm)


class Guess(NamedTuple):
    """Another value of one part, and what it means if the signature fits it."""

    value: Any
    finding: Finding


class Axis(NamedTuple):
    """The guesses about one part; lazy, for each may be as large as the body."""

    part: str
    guesses: Iterable[Guess]

    def applied(self, parts: Parts, guess: Guess) -> Parts:
        """The parts if the guess is right."""
        return replace(parts, **{self.part: guess.value})


def _bytes(text: str) -> bytes:
    # Lone surrogates can be pasted; nothing that was signed has them.
    return text.encode("utf-8", "replace")
