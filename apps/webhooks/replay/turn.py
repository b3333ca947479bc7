"""One turn of a replay: a few seconds of sending, by the rules of live traffic.

Turns are short, so that replays take turns with each other and with the other work of
their queue. The window of each webhook is small, and the rate bounded, so that live
traffic to the same receiver does not notice.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from apps.auth_providers.signing import signature_date
from apps.auth_providers.tokens import refuse
from apps.encryption.keyring import KeyringError
from apps.outbound.outcome import Cause, Outcome
from apps.outbound.transport import Transport
from apps.webhooks.conf import EngineSettings
from apps.webhooks.engine.clock import CLOCK
from apps.webhooks.engine.flights import Flight, record_of
from apps.webhooks.engine.gates import gates_of
from apps.webhooks.engine.glance import glance
from apps.webhooks.engine.lane import Lane
from apps.webhooks.engine.payloads import Payloads
from apps.webhooks.engine.request import Built, build
from apps.webhooks.engine.settle import printable
from apps.webhooks.engine.traces import Traces, end
from apps.webhooks.engine.unsent import Unsent
from apps.webhooks.models import Replay, WebhookData
from apps.webhooks.replay import items
from apps.webhooks.replay.items import Claimed
from apps.webhooks.replay.results import Results
from apps.webhooks.replay.standing import Standing

MARK: Final = "X-Webhook-Attempt-Kind: replay"
TURN_SECONDS: Final = 2.0
# Of one webhook at a time; the rest of its window stays to live traffic.
WINDOW: Final = 8
READ_AHEAD: Final = 64
# Of what is in hand, so that little of it is accepted meanwhile from a pump.
AHEAD_SECONDS: Final = 0.25
POLL_SECONDS: Final = 0.02
# Between two looks at the replay: the most that a pause goes unheard.
LOOK_SECONDS: Final = 0.25
BODY_BYTES: Final = 32 * 1024 * 1024
_PENDING: Final = WebhookData.State.PENDING
# Until a token is there, if it can be had.
TOKEN_WAIT: Final = timedelta(seconds=5)
# So often it is looked whether a paused webhook still is.
PAUSE_LOOK: Final = timedelta(seconds=5)


class Turn:
    """A claimed replay for as long as the turn lasts."""

    def __init__(
        self,
        replay: Claimed,
        *,
        door: Transport,
        settings: EngineSettings,
        renew_token: Callable[[int], None],
        stopping: Callable[[], bool],
        traces: Traces | None = None,
    ) -> None:
        self._claimed = replay
        self._id = replay.id
        self._rate = replay.rate
        ahead = int(replay.rate * AHEAD_SECONDS)
        self._ahead = min(READ_AHEAD, max(ahead, WINDOW))
        self._looked_at = -LOOK_SECONDS
        self._runs = True
        self._standing = {
            int(webhook): Standing.of(recorded)
            for webhook, recorded in replay.standing.items()
        }
        self._door = door
        self._settings = replace(
            settings, max_in_flight=min(settings.max_in_flight, WINDOW)
        )
        self._renew_token = renew_token
        self._stopping = stopping
        self._traces = traces
        self._lanes: dict[int, Lane | None] = {}
        self._payloads = Payloads()
        self._results = Results(replay.id)
        self._bytes = 0

    def run(self) -> bool:
        """Send for a while; True if there is more that could be sent right away."""
        try:
            self._send_for_a_while()
            while self._door.in_flight or self._results:
                self._land(POLL_SECONDS)
                self._goes_on()
        finally:
            recorded = {
                webhook: standing.as_json()
                for webhook, standing in self._standing.items()
            }
            items.put_down(self._claimed, json.dumps(recorded))
        return self._conclude()

    def _send_for_a_while(self) -> None:
        began = now = time.monotonic()
        sent = 0
        while now - began < TURN_SECONDS and self._goes_on():
            if not self._read() and not self._door.in_flight:
                return
            while (
                sent < (now - began) * self._rate
                and self._bytes < BODY_BYTES
                and (picked := self._pick()) is not None
            ):
                self._send(*picked)
                sent += 1
            self._land(POLL_SECONDS)
            now = time.monotonic()

    def _goes_on(self) -> bool:
        """An operator may have paused it; a worker may have to end."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            CLOCK.ask()
            self._runs = items.renew(self._claimed)
        return self._runs and not self._stopping()

    def _read(self) -> bool:
        """Fill up what is at hand; False if there is nothing to send."""
        in_hand = [each for lane in self._open() for each in lane.in_hand]
        in_hand += self._results.in_hand
        if len(in_hand) <= self._ahead // 2:
            found = items.waiting(
                self._id,
                self._ahead - len(in_hand),
                not_of=self._not_of(),
                in_hand=in_hand,
            )
            skipped = [each.row.id for each in found if not self._take_in(*each)]
            held = [each.row.id for each in found if each.state == _PENDING]
            if held:
                items.hold(held)
            if skipped:
                items.skip(self._id, skipped)
                return True
        return any(lane.waiting or lane.in_flight for lane in self._open())

    def _take_in(self, was: int, state: int, row: Unsent) -> bool:
        """False for what is not to be sent any more: accepted or cancelled since."""
        done = (WebhookData.State.DELIVERED, WebhookData.State.CANCELLED)
        if state != was and state in done:
            return False
        if row.webhook not in self._lanes:
            self._lanes[row.webhook] = self._lane(row.webhook)
        lane = self._lanes[row.webhook]
        if lane is not None and self._may_send(row.webhook):
            lane.add([row], room=1)
        # A webhook that is waited for keeps its items; one that is gone does not.
        return lane is not None

    def _lane(self, webhook: int) -> Lane | None:
        lease = glance(webhook)
        if lease is None:
            return None
        provider = lease.oauth_provider
        if provider is not None and lease.access_token is None:
            self._renew_token(provider)
            self._hold(webhook, CLOCK.now() + TOKEN_WAIT)
            lease = replace(lease, provider_type=None, provider_config=None)
        if not gates_of([webhook])[webhook].is_unpaused:
            self._hold(webhook, CLOCK.now() + PAUSE_LOOK)
        standing = self._standing.get(webhook, Standing())
        lease = replace(
            lease,
            failures=standing.failures,
            timeouts=standing.timeouts,
            max_in_flight=min(lease.max_in_flight or WINDOW, WINDOW),
        )
        return Lane.of(lease, self._settings, time.monotonic())

    def _open(self) -> list[Lane]:
        return [lane for lane in self._lanes.values() if lane is not None]

    def _not_of(self) -> list[int]:
        """Webhooks that nothing more is read for now."""
        return self._held() + [
            lane.registration.id
            for lane in self._open()
            if lane.closed or len(lane.waiting) >= self._ahead // 2
        ]

    def _held(self) -> list[int]:
        return [each for each in self._standing if not self._may_send(each)]

    def _may_send(self, webhook: int) -> bool:
        standing = self._standing.get(webhook)
        return standing is None or standing.may_send(CLOCK.now())

    def _pick(self) -> tuple[Lane, Unsent] | None:
        for lane in self._open():
            if lane.may_send and self._may_send(lane.registration.id):
                # To the end: the next one's turn.
                self._lanes[lane.registration.id] = self._lanes.pop(
                    lane.registration.id
                )
                return lane, lane.take()
        return None

    def _send(self, lane: Lane, row: Unsent) -> None:
        started_us = CLOCK.now_us()
        built = self._build(lane, row, started_us)
        self._bytes += row.size
        if built is None:
            flight = Flight(lane, row, started_us, row.size, 0)
            self._ended(flight, Outcome(Cause.INTERNAL))
            return
        request = built.request._replace(headers=[*built.request.headers, MARK])
        attempt = None
        if self._traces is not None:
            self._traces.load([row])
            request, attempt = self._traces.begin(row, request, started_us)
        size = len(request.body)
        flight = Flight(lane, row, started_us, built.body_bytes, size, attempt)
        self._door.submit(request, flight)

    def _build(self, lane: Lane, row: Unsent, started_us: int) -> Built | None:
        self._payloads.load([row])
        payload = self._payloads.payload(row)
        try:
            token = self._payloads.user_token(row)
        except KeyringError:
            return None
        finally:
            extra = self._payloads.extra(row)
            self._payloads.trim()
        if payload is None or lane.scheme is None:
            return None
        return build(
            row,
            lane.registration,
            lane.scheme,
            payload=payload,
            extra=extra,
            user_token=token,
            date=signature_date(started_us),
        )

    def _land(self, wait: float) -> None:
        for flight, outcome in self._door.completed(wait):
            self._ended(flight, outcome)
        self._results.record(insist=not self._door.in_flight)

    def _ended(self, flight: Flight, outcome: Outcome) -> None:
        lane, row = flight.lane, flight.row
        self._bytes -= row.size
        end(flight.attempt, outcome)
        lane.in_hand.discard(row.id)
        settlement = record_of(flight, outcome)
        if outcome.accepted:
            lane.succeeded()
        else:
            lane.failed(outcome, CLOCK.now())
            settlement = settlement._replace(
                headers=printable(outcome.headers), excerpt=outcome.excerpt
            )
        # Not its fault: it is sent again with the next token.
        again = lane.refused and lane.access is not None
        self._results.add(settlement, ends=not again)
        if again and lane.access is not None:
            refuse(*lane.access)
            self._hold(lane.registration.id, CLOCK.now() + TOKEN_WAIT)
            return
        self._standing[row.webhook] = Standing.after(lane.cutoff, lane.rest_until)

    def _hold(self, webhook: int, until: datetime) -> None:
        standing = self._standing.get(webhook, Standing())
        self._standing[webhook] = replace(standing, until=until)

    def _conclude(self) -> bool:
        """Is it over, or can it not go on? True if it can, right away."""
        if self._is_waiting(self._held()):
            return True
        stopped = [each for each, at in self._standing.items() if at.stopped]
        if self._is_waiting(stopped):
            return False
        if not self._is_waiting([]):
            items.finish(self._id, Replay.State.DONE)
            return False
        first = stopped[0]
        others = f", and {len(stopped) - 1} more" if len(stopped) > 1 else ""
        why = self._standing[first].stopped
        items.finish(self._id, Replay.State.PAUSED, f"Webhook {first}: {why}{others}.")
        return False

    def _is_waiting(self, not_of: list[int]) -> bool:
        return bool(items.waiting(self._id, 1, not_of=not_of, in_hand=[]))
