"""Payloads at hand: an event told to a thousand webhooks is read once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from apps.encryption.fields import keyring, place
from apps.webhooks.engine.unsent import Payload, read_payloads

_USER_TOKEN: Final = place("event_log_enduser", "token")
# What the cache may hold beside the bodies in flight.
CACHE_BYTES: Final = 16 * 1024 * 1024
# Payloads are read a few at a time, so that large ones are never all in memory.
READ_AT_ONCE: Final = 128


@dataclass(slots=True)
class Payloads:
    """The most recently used payloads, bounded by their bytes."""

    _cache: OrderedDict[int, Payload] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _tokens: dict[str, str] = field(default_factory=dict)

    def load(self, events: Sequence[int]) -> None:
        """Read those that are not at hand."""
        missing = [event for event in set(events) if event not in self._cache]
        for payload in read_payloads(missing) if missing else ():
            self._cache[payload.event] = payload
            self._bytes += len(payload.body or b"")

    def get(self, event: int) -> Payload | None:
        """A payload that `load` brought, if the event is still there."""
        payload = self._cache.get(event)
        if payload is not None:
            self._cache.move_to_end(event)
        return payload

    def trim(self) -> None:
        """Forget the least recently used, down to the bound."""
        while self._bytes > CACHE_BYTES or len(self._cache) > 10_000:
            _, payload = self._cache.popitem(last=False)
            self._bytes -= len(payload.body or b"")

    def user_token(self, payload: Payload) -> str | None:
        """The token of the event's user, opened."""
        sealed = payload.token
        if sealed is None:
            return None
        token = self._tokens.get(sealed)
        if token is None:
            if len(self._tokens) >= 10_000:
                self._tokens.clear()
            token = self._tokens[sealed] = keyring().open(sealed, _USER_TOKEN)
        return token
