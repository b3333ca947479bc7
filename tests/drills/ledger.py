"""The receiver's own ledger: what arrived, told apart without asking the sender.

Each event carries a serial number that the emitter gave it, and each webhook a path.
So what is lost is known from serials and paths alone, whatever the database says; and
what came twice from `id_webhook_data`, as receivers are told to tell.
"""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from apps.receiver.record import Delivery

Pair = tuple[int, str]
# The serial of what is too large for the receiver to keep. It stands for one event.
LARGE: Final = 0
# What the webhooks of drills are signed with.
SECRET: Final = "a secret that only drills use, of 44 letters"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One request that was answered 200 to 299. Instants are monotonic seconds."""

    id: int
    pair: Pair
    emitted_at: float
    received_at: float

    @property
    def latency(self) -> float:
        """From just before the emission."""
        return self.received_at - self.emitted_at


class Ledger:
    """Filled in the receiver's thread, read in another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._receipts: list[Receipt] = []
        self._copies: Counter[int] = Counter()
        self._ids: defaultdict[Pair, set[int]] = defaultdict(set)
        self._targets: Counter[str] = Counter()
        self.requests = 0
        self.refused = 0
        self.forged = 0

    def add(self, delivery: Delivery) -> None:
        """One request. What is not signed as agreed is counted, whatever its answer."""
        body = json.loads(delivery.body or f'{{"serial": {LARGE}, "at": 0}}')
        with self._lock:
            self.requests += 1
            self._targets[delivery.target] += 1
            if not delivery.genuine or delivery.id is None:
                self.forged += 1
                return
            if delivery.status is None or not 200 <= delivery.status < 300:
                self.refused += 1
                return
            pair = (body["serial"], delivery.target)
            self._receipts.append(
                Receipt(delivery.id, pair, body["at"], delivery.monotonic)
            )
            self._copies[delivery.id] += 1
            self._ids[pair].add(delivery.id)

    def receipts(self, after: int = 0) -> list[Receipt]:
        """Those after the first so many."""
        with self._lock:
            return self._receipts[after:]

    def at(self, path: str) -> int:
        """All requests to a path, whatever came of them."""
        with self._lock:
            return self._targets[path]

    def ids(self) -> set[int]:
        """Each `id_webhook_data` that was accepted."""
        with self._lock:
            return set(self._copies)

    def lost(self, expected: Iterable[Pair]) -> set[Pair]:
        """What was to be told and was not."""
        with self._lock:
            return set(expected) - set(self._ids)

    def duplicates(self) -> int:
        """Receipts too many: of one id, or of two ids that tell the same."""
        with self._lock:
            return len(self._receipts) - len(self._ids)

    def most_copies(self) -> int:
        """Of any one id."""
        with self._lock:
            return max(self._copies.values(), default=0)
