"""A ring of keys: the newest encrypts, every one still in it decrypts."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32


class KeyringError(ValueError):
    """A key cannot be read, or no key of the ring opens a secret."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """AES-256-GCM under named keys.

    A sealed secret reads `key id.base64(nonce + ciphertext + tag)`: the key id in
    clear lets a rotation find what is still sealed under an old key. `place`
    (table and column) is authenticated, so a sealed value moved to another column
    does not open.
    """

    primary: str
    ciphers: dict[str, AESGCM]

    @classmethod
    def parse(cls, entries: Sequence[str]) -> Keyring:
        """Read `id:base64 of 32 bytes` entries, the newest first."""
        ciphers: dict[str, AESGCM] = {}
        for entry in entries:
            key_id, _, encoded = entry.strip().partition(":")
            if not key_id.isalnum() or key_id in ciphers:
                raise KeyringError(
                    "Each encryption key needs a name of its own (letters and digits)."
                )
            ciphers[key_id] = AESGCM(_key(key_id, encoded))
        if not ciphers:
            raise KeyringError("There is no encryption key.")
        return cls(primary=next(iter(ciphers)), ciphers=ciphers)

    def seal(self, secret: str, place: str) -> str:
        """Encrypt under the newest key."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self.ciphers[self.primary].encrypt(
            nonce, secret.encode(), place.encode()
        )
        return f"{self.primary}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, place: str) -> str:
        """Decrypt; raise `KeyringError` when no key of the ring opens it."""
        key_id, _, encoded = sealed.partition(".")
        cipher = self.ciphers.get(key_id)
        if cipher is None:
            raise KeyringError(f"Encryption key {key_id!r} is not in the ring.")
        try:
            raw = base64.b64decode(encoded, validate=True)
            return cipher.decrypt(
                raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode()
            ).decode()
        except (InvalidTag, ValueError) as error:
            raise KeyringError("A sealed secret does not open.") from error


def new_key(key_id: str) -> str:
    """A fresh entry for the setting."""
    return f"{key_id}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"


def _key(key_id: str, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise KeyringError(f"Encryption key {key_id!r} is not base64.") from error
    if len(key) != KEY_BYTES:
        raise KeyringError(f"Encryption key {key_id!r} must have {KEY_BYTES} bytes.")
    return key
