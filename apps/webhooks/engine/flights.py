"""Flights: requests on their way, from rows to what is recorded of them."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from django.db import Error

from apps.auth_providers.signing import signature_date
from apps.encryption.keyring import KeyringError
from apps.outbound.outcome import Cause, Outcome
from apps.outbound.transport import Transport
from apps.webhooks.engine import leases
from apps.webhooks.engine.clock import CLOCK
from apps.webhooks.engine.lane import Lane
from apps.webhooks.engine.lanes import Lanes
from apps.webhooks.engine.payloads import Payloads
from apps.webhooks.engine.recorder import Recorder
from apps.webhooks.engine.request import Built, build
from apps.webhooks.engine.settle import Settlement, microseconds, printable
from apps.webhooks.engine.traces import Traces, end
from apps.webhooks.engine.unsent import Unsent
from apps.webhooks.rules.timetable import next_execution

if TYPE_CHECKING:
    from apps.tracing.spans import Attempt

logger = logging.getLogger(__name__)

# Bodies in flight together; bounds the memory of a pump whatever is emitted.
BODY_BYTES: Final = 64 * 1024 * 1024


class Flight(NamedTuple):
    """A request on its way. `started_us` since the epoch."""

    lane: Lane
    row: Unsent
    started_us: int
    body_bytes: int
    sent_bytes: int
    attempt: Attempt | None = None


class Flights:
    """Starts requests for lanes, and tells lanes and recorder how they ended.

    Times are monotonic seconds. `execution_began`: when the current execution of the
    flusher did, from which the next one is foretold.
    """

    def __init__(
        self,
        *,
        transport: Transport,
        lanes: Lanes,
        recorder: Recorder,
        flusher_period: float,
        traces: Traces | None = None,
    ) -> None:
        self._transport = transport
        self._lanes = lanes
        self._recorder = recorder
        self._period = flusher_period
        self._payloads = Payloads()
        self._traces = traces
        self._bytes = 0
        self.execution_began: datetime | None = None

    def __len__(self) -> int:
        return self._transport.in_flight

    @property
    def room(self) -> int:
        """How many more requests may be started."""
        return self._transport.room

    @property
    def body_room(self) -> int:
        """How many bytes their bodies may have."""
        return BODY_BYTES - self._bytes

    def start(self, picked: list[tuple[Lane, Unsent]], now: float) -> None:
        """Send rows that lanes have given; what an `Error` keeps back returns there."""
        try:
            self._payloads.load([row for _, row in picked])
            if self._traces is not None:
                self._traces.load(row for _, row in picked)
            while picked:
                self._send(*picked[-1], now)
                picked.pop()
        except Error:
            for lane, row in picked:
                self._lanes.put_back(lane, row, now)
            raise
        finally:
            self._payloads.trim()

    def land(self, wait: float, *, company: bool) -> int:
        """Take in what has ended, waiting for it up to `wait`; how many that were.

        `company`: more may be about to leave, and its outcome to join these.
        """
        ended = self._transport.completed(wait)
        now = time.monotonic()
        for flight, outcome in ended:
            self._ended(flight, outcome, now)
        lonely = not (company or self._transport.in_flight)
        self._recorder.settle_if_due(now, lonely=lonely)
        return len(ended)

    def _send(self, lane: Lane, row: Unsent, now: float) -> None:
        if lane.careful:
            leases.note_suspect(lane.registration.id, lane.token, row.id)
            lane.careful_left -= 1
        self._bytes += row.size
        started_us = CLOCK.now_us()
        try:
            built = self._build(lane, row, started_us)
        except KeyringError:
            logger.exception(
                "The user's token of event %s does not open.",
                row.event,
                extra={"id_event": row.event, "id_webhook_data": row.id},
            )
            built = None
        if built is None:
            flight = Flight(lane, row, started_us, row.size, 0)
            self._ended(flight, Outcome(Cause.INTERNAL), now)
            return
        request, body_bytes = built
        attempt = None
        if self._traces is not None:
            request, attempt = self._traces.begin(row, request, started_us)
        size = len(request.body)
        flight = Flight(lane, row, started_us, body_bytes, size, attempt)
        self._transport.submit(request, flight)

    def _build(self, lane: Lane, row: Unsent, started_us: int) -> Built | None:
        """The request; None if its payload was erased or its scheme is unusable."""
        payload = self._payloads.payload(row)
        if payload is None or lane.scheme is None:
            return None
        return build(
            row,
            lane.registration,
            lane.scheme,
            payload=payload,
            extra=self._payloads.extra(row),
            user_token=self._payloads.user_token(row),
            date=signature_date(started_us),
        )

    def _ended(self, flight: Flight, outcome: Outcome, now: float) -> None:
        lane = flight.lane
        self._bytes -= flight.row.size
        end(flight.attempt, outcome)
        if outcome.accepted:
            lane.succeeded()
            settlement = record_of(flight, outcome)
        else:
            wall = CLOCK.now()
            lane.failed(outcome, wall)
            if lane.refused and lane.access is not None:
                self._lanes.refused.add(lane.access)
            settlement = record_of(flight, outcome)._replace(
                headers=printable(outcome.headers),
                excerpt=outcome.excerpt,
                next_try_us=microseconds(self._next_try(lane, wall)),
            )
        self._recorder.add(lane, settlement, now)
        self._lanes.landed(lane, now)

    def _next_try(self, lane: Lane, wall: datetime) -> datetime:
        """When the flusher comes back to it, or the receiver's rest is over."""
        then = next_execution(self.execution_began, self._period, wall)
        return max(then, lane.rest_until or then)


def record_of(flight: Flight, outcome: Outcome) -> Settlement:
    lane, row, started_us, body_bytes, sent_bytes, _ = flight
    return Settlement(
        row.id,
        row.webhook,
        lane.token,
        lane.execution,
        row.attempts + 1,
        outcome.accepted,
        started_us,
        outcome.cause.value,
        outcome.status,
        *outcome.timing,
        outcome.peer,
        body_bytes,
        sent_bytes,
        outcome.certificate_ends,
    )
