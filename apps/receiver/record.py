"""What a receiver remembers of the deliveries it got."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from apps.receiver.verdict import Reason

KEPT_BODY = 64 * 1024
KEPT_DELIVERIES = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One request as received.

    `body` is uncompressed, and empty if it was larger than 64 KB; `size` counts the
    bytes on the wire. `id_in_body` is the JSON body's own `id_webhook_data`.
    """

    number: int
    target: str
    headers: dict[str, str]
    size: int
    body: bytes
    body_size: int
    id: int | None
    id_in_body: int | None
    reason: Reason
    received_at: datetime
    monotonic: float
    status: int | None

    @property
    def genuine(self) -> bool:
        """Signed or authorised as agreed, and telling one id only."""
        return self.reason is Reason.VALID and self.id_in_body in (None, self.id)

    def as_json(self) -> dict[str, Any]:
        """For the control endpoint; without the body."""
        fields = asdict(self)
        del fields["body"]
        return {**fields, "received_at": self.received_at.isoformat()}


class Record:
    """The deliveries so far; may be read from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._deliveries: deque[Delivery] = deque(maxlen=KEPT_DELIVERIES)
        self._per_id: Counter[int] = Counter()
        self._total = 0

    def add(self, delivery: Delivery) -> None:
        """Remember one."""
        with self._changed:
            self._deliveries.append(delivery)
            self._total += 1
            if delivery.id is not None:
                self._per_id[delivery.id] += 1
            self._changed.notify_all()

    @property
    def total(self) -> int:
        """How many there were."""
        return self._total

    def deliveries(self, after: int = 0) -> list[Delivery]:
        """Those with a number above `after`, oldest first."""
        with self._changed:
            return [each for each in self._deliveries if each.number > after]

    def per_id(self) -> Counter[int]:
        """How often each `id_webhook_data` came."""
        with self._changed:
            return Counter(self._per_id)

    def wait_for(self, enough: int | Callable[[], bool], timeout: float = 10) -> bool:
        """Wait until so many have come, or until a condition holds."""
        end = time.monotonic() + timeout
        with self._changed:
            while not (enough() if callable(enough) else self._total >= enough):
                left = end - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, 0.05))
            return True

    def clear(self) -> None:
        """Forget everything."""
        with self._changed:
            self._deliveries.clear()
            self._per_id.clear()
            self._total = 0

    def stats(self) -> dict[str, int]:
        """Totals for the control endpoint."""
        with self._changed:
            unique = len(self._per_id)
            return {
                "total": self._total,
                "unique": unique,
                "duplicates": sum(self._per_id.values()) - unique,
            }


def id_in(body: bytes) -> int | None:
    """The top-level `id_webhook_data` of a JSON object, if it is one."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found = payload.get("id_webhook_data") if isinstance(payload, dict) else None
    return found if isinstance(found, int) else None
