"""Deliveries of a sandbox webhook, fetched and posted again on this machine.

They are signed here, at this moment and for this path: whoever forwards knows the
secret, and the service tells neither it nor any signature.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import SplitResult

from apps.receiver.following import Following
from apps.receiver.service import Row, Service, ServiceError, exchange, why
from apps.receiver.verdict import signature

AGENT: Final = "bankhooks-listen"
# As the service waits for a receiver.
DEADLINE_SECONDS: Final = 10.0
MOST_SECONDS_BETWEEN: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """One delivery; `error` says why there was no answer. `seconds` that it took."""

    id: int
    event: str
    size: int
    status: int | None
    error: str
    seconds: float

    @property
    def accepted(self) -> bool:
        """A receipt, by the service's own rule."""
        return self.status is not None and 200 <= self.status <= 299

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "id": self.id,
            "event": self.event,
            "size": self.size,
            "status": self.status,
            "error": self.error or None,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalReceiver:
    """Where it is posted to, and how it proves who sends: by one of the two."""

    url: SplitResult
    secret: str = ""
    user_token: str = ""

    def post(self, row: Row, body: bytes, content_type: str) -> Forwarded:
        """What came of it; never raises what the network does."""
        status, error, began = None, "", time.monotonic()
        target = self.url.path or "/"
        if self.url.query:
            target += f"?{self.url.query}"
        headers = self._headers(row, body, content_type)
        try:
            status = exchange(
                self.url, "POST", target, headers, body, timeout=DEADLINE_SECONDS
            ).status
        except (OSError, http.client.HTTPException) as failure:
            error = why(failure)
        return Forwarded(
            id=row.id,
            event=row.event,
            size=len(body),
            status=status,
            error=error,
            seconds=time.monotonic() - began,
        )

    def _headers(self, row: Row, body: bytes, content_type: str) -> dict[str, str]:
        headers = {
            "Content-Type": content_type,
            "User-Agent": AGENT,
            "X-Webhook-Data-Id": str(row.id),
            "X-Webhook-Event": row.event,
            "X-Webhook-Attempt": "1",
        }
        if self.secret:
            date = datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
            path = self.url.path or "/"
            headers["BI-Signature-Date"] = date
            headers["BI-Signature"] = signature(
                self.secret, method="POST", path=path, date=date, text=body
            ).decode()
        if self.user_token:
            headers["Authorization"] = f"Bearer {self.user_token}"
        return headers


@dataclass(slots=True, kw_only=True)
class Forwarder:
    """Polls, and posts what is new, one after the other in the order of ids.

    What came after the id `after` is new.
    """

    service: Service
    receiver: LocalReceiver
    every: float
    told: Callable[[Forwarded], object]
    warned: Callable[[str], object]
    after: int

    def run(self, stopping: threading.Event) -> None:
        """Until told to stop. Raises the `ServiceError` that no other try will mend."""
        following, failures = Following(self.after), 0
        while not stopping.is_set():
            try:
                self._round(following, stopping)
                failures = 0
            except ServiceError as error:
                if error.is_final:
                    raise
                if not failures:
                    self.warned(str(error))
                failures += 1
            longer = min(self.every * 2**failures, MOST_SECONDS_BETWEEN)
            stopping.wait(max(longer, self.every))

    def _round(self, following: Following, stopping: threading.Event) -> None:
        rows: list[Row] = []
        position, has_more = following.position, True
        while has_more:
            part = self.service.after(position)
            for row in part.rows:
                if stopping.is_set():
                    return
                if following.is_new(row):
                    self._forward(row)
                    following.settle(row)
            rows += part.rows
            has_more = part.has_more
            position = rows[-1].id if rows else position
        following.advance(rows, part.now)

    def _forward(self, row: Row) -> None:
        try:
            body, content_type = self.service.body(row.id)
        except ServiceError as error:
            if not error.is_final:
                raise
            self.warned(f"Delivery {row.id}: {error}")
            return
        self.told(self.receiver.post(row, body, content_type))
