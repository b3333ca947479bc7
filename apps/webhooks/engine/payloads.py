"""Payloads and tokens at hand: a large event told to many webhooks is read once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from apps.encryption.fields import keyring, place
from apps.webhooks.engine.unsent import Unsent, read_extras, read_payloads

_USER_TOKEN: Final = place("event_log_enduser", "token")
# What is kept beside the bodies in flight.
CACHE_BYTES: Final = 16 * 1024 * 1024
TOKENS: Final = 10_000


@dataclass(slots=True)
class Payloads:
    """The most recently used large payloads, bounded by their bytes."""

    _cache: OrderedDict[int, bytes] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _extras: dict[int, str | None] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    def load(self, rows: Collection[Unsent]) -> None:
        """Read what did not come along with its rows."""
        extras = [row.id for row in rows if row.has_extra and row.extra is None]
        if extras:
            self._extras = read_extras(extras)
        events = {row.event for row in rows if row.payload is None}
        missing = [event for event in events if event not in self._cache]
        for event, payload in read_payloads(missing).items() if missing else ():
            if payload is not None:
                self._cache[event] = payload.encode()
                self._bytes += len(self._cache[event])

    def payload(self, row: Unsent) -> bytes | None:
        """The payload of a row for which `load` was called; None if it was erased."""
        if row.payload is not None:
            return row.payload.encode()
        payload = self._cache.get(row.event)
        if payload is not None:
            self._cache.move_to_end(row.event)
        return payload

    def extra(self, row: Unsent) -> bytes | None:
        """What the webhook adds to the payload of a row for which `load` was called."""
        extra = self._extras.get(row.id) if row.extra is None else row.extra
        return None if extra is None else extra.encode()

    def trim(self) -> None:
        """Forget the least recently used, down to the bound, and all that is added."""
        self._extras.clear()
        while self._bytes > CACHE_BYTES:
            _, payload = self._cache.popitem(last=False)
            self._bytes -= len(payload)

    def user_token(self, row: Unsent) -> str | None:
        """The token of the event's user, opened; raise `KeyringError`."""
        sealed = row.token
        if sealed is None:
            return None
        token = self._tokens.get(sealed)
        if token is None:
            if len(self._tokens) >= TOKENS:
                self._tokens.clear()
            token = self._tokens[sealed] = keyring().open(sealed, _USER_TOKEN)
        return token
