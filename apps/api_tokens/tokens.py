"""The text of a secret: random, self-checking, and kept only as a hash."""

from __future__ import annotations

import hashlib
import string
import zlib
from typing import Final

# Each kind is told by how it begins, in a log as in a scan for leaked secrets.
MARK: Final = "bkh_"
USER_MARK: Final = "bku_"
SERVICE_MARK: Final = "bks_"
CODE_MARK: Final = "bkc_"
CLIENT_MARK: Final = "bkx_"
RANDOM_BYTES: Final = 32
# The first characters are shown in lists; what is left has over 200 random bits.
SHOWN_CHARACTERS: Final = 10

_MARKS: Final = (MARK, USER_MARK, SERVICE_MARK, CODE_MARK, CLIENT_MARK)
_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_DIGIT: Final = {character: value for value, character in enumerate(_ALPHABET)}
# Digits that 32 bytes and a CRC-32 need in base 62.
_SECRET_DIGITS: Final = 43
_CHECK_DIGITS: Final = 6
_LENGTH: Final = len(MARK) + _SECRET_DIGITS + _CHECK_DIGITS


def token_text(randomness: bytes, mark: str = MARK) -> str:
    """The token that 32 random bytes make."""
    if len(randomness) != RANDOM_BYTES:
        raise ValueError(f"A token is made of {RANDOM_BYTES} random bytes.")
    secret = _base62(int.from_bytes(randomness), _SECRET_DIGITS)
    return mark + secret + _check(secret)


def is_well_formed(text: str) -> bool:
    """Could this be a token? What was mistyped or cut is told without a query."""
    if len(text) != _LENGTH or not text.startswith(_MARKS):
        return False
    body = text[len(MARK) :]
    secret, check = body[:_SECRET_DIGITS], body[_SECRET_DIGITS:]
    return all(character in _DIGIT for character in secret) and check == _check(secret)


def token_hash(text: str) -> bytes:
    """What is stored: a plain SHA-256 does, since nobody guesses 256 random bits."""
    return hashlib.sha256(text.encode()).digest()


def _check(secret: str) -> str:
    return _base62(zlib.crc32(secret.encode()), _CHECK_DIGITS)


def _base62(number: int, digits: int) -> str:
    text = []
    for _ in range(digits):
        number, digit = divmod(number, len(_ALPHABET))
        text.append(_ALPHABET[digit])
    return "".join(reversed(text))
