"""The pump: keeps the sockets full with what is unsent, and records what came of it.

One run is an actor with one thread. It takes leases on webhooks that have work,
serves their lanes in turn, and never waits for the slowest: outcomes are settled as
they arrive while slow requests are still in flight. It ends when it has been idle
for a while, when its time is up, or when its worker is told to stop.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from django.db import Error, connection

from apps.auth_providers.tokens import refuse
from apps.outbound.transport import Transport
from apps.webhooks.conf import EngineSettings
from apps.webhooks.engine.bell import Bell
from apps.webhooks.engine.executions import current_execution
from apps.webhooks.engine.flights import Flights
from apps.webhooks.engine.lanes import Lanes
from apps.webhooks.engine.leases import LeaseTerms
from apps.webhooks.engine.outage import is_outage
from apps.webhooks.engine.recorder import LONELY_SECONDS, Recorder
from apps.webhooks.engine.tokens import ask
from apps.webhooks.engine.traces import Traces
from apps.webhooks.engine.watch import Watch

logger = logging.getLogger(__name__)

# How often the bell is looked at while requests are in flight; a look costs 0.1 ms.
POLL_SECONDS: Final = 0.003
BUSY_POLL_SECONDS: Final = 0.01
# With so many in flight, looking less often serves more webhooks at once.
FEW: Final = 16
# How long an idle pump waits for a ring before it looks after its leases.
IDLE_SECONDS: Final = 0.05
# Nobody ringing for so long, the pump ends: it costs a wake-up to come back.
LINGER_SECONDS: Final = 0.2
# Even without a ring: what rested, or what a lost ring told.
SWEEP_SECONDS: Final = 1.0
# More than one pump can do at once for so long, and another one is called: not for
# every burst, since two that are half idle look around twice as often.
HELP_SECONDS: Final = 0.1
# Requests started between two looks at the sockets. More in flight at once only
# makes each of them dearer when receivers are fast.
BURST: Final = 64
# Beyond so many in flight, more are started only if the receivers let the pump wait.
CALM: Final = 128
# The database may be away for so long before a pump gives up.
PATIENCE_SECONDS: Final = 15.0
RETRY_SECONDS: Final = 0.25


class Pump:
    """One run. `stopping` tells that the worker shuts down; `renew_token` has the
    access token of a provider renewed, by somebody else."""

    def __init__(
        self,
        *,
        settings: EngineSettings,
        transport: Transport,
        bell: Bell,
        holder: str,
        stopping: Callable[[], bool],
        renew_token: Callable[[int], None] = lambda provider: None,
        watch: Watch | None = None,
        traces: Traces | None = None,
    ) -> None:
        self._settings = settings
        self._watch = watch
        self._bell = bell
        self._stopping = stopping
        self._renew_token = renew_token
        terms = LeaseTerms(
            holder=holder,
            lease=settings.lease,
            deadline=settings.deadline,
            settle=settings.settle,
        )
        self._lanes = Lanes(terms, settings)
        self._recorder = Recorder(settings.settle, watch)
        self._flights = Flights(
            transport=transport,
            lanes=self._lanes,
            recorder=self._recorder,
            flusher_period=settings.flusher_period,
            traces=traces,
        )
        self._hungry = True
        self._draining = False
        self._busy = False
        # Among how many pumps the work is shared, as far as this one has seen to it.
        self._sharing = 1
        self._calm_at = time.monotonic()
        self._next_look = self._rested_at = 0.0
        self._next_acquire = 0.0
        self._next_sweep = 0.0
        self._next_renewal = time.monotonic() + settings.lease / 4
        self._failing_since: float | None = None

    def run(self) -> bool:
        """Deliver until idle or out of time; True if a successor should be woken."""
        try:
            return self._run()
        finally:
            # What is still in flight after a fault is recorded by the next run in
            # this process, which shares the transport; nothing more is sent for it.
            self._lanes.shed_all()
            if self._watch is not None:
                self._watch.ended(time.monotonic())

    def _run(self) -> bool:
        end = time.monotonic() + self._settings.pump_run
        active = time.monotonic()
        self._bell.enter()
        while True:
            now = time.monotonic()
            if self._is_busy:
                active = now
            if not self._draining and (now > end or self._stopping()):
                self._draining = True
                self._lanes.shed_all()
            self._tend(now)
            self._start(now)
            if self._is_idle:
                self._wait(now, IDLE_SECONDS)
            else:
                if self._only_records:
                    self._wait(now, LONELY_SECONDS)
                self._collect()
            if self._draining and not len(self._lanes):
                self._bell.leave()
                return True
            if now - active > LINGER_SECONDS and self._may_leave(now):
                return False

    def _may_leave(self, now: float) -> bool:
        """Give everything back, and leave unless that brought up new work.

        A webhook that has ended its run in one execution can be taken again in a
        later one, and only once its lease was given back.
        """
        self._lanes.shed_all()
        self._next_look = self._next_acquire = self._next_sweep = 0.0
        self._hungry = True
        self._tend(now)
        if self._hungry or len(self._lanes):
            return False
        return self._bell.may_leave()

    @property
    def _is_busy(self) -> bool:
        return bool(
            self._hungry
            or len(self._flights)
            or self._lanes.are_waiting
            or len(self._recorder)
        )

    @property
    def _is_idle(self) -> bool:
        return not (self._is_busy or self._draining or self._failing_since)

    @property
    def _only_records(self) -> bool:
        """Is there nothing to do but to see whether a ring comes before the record?"""
        return bool(
            len(self._recorder)
            and not (self._hungry or len(self._flights) or self._lanes.are_waiting)
            and not (self._draining or self._failing_since)
            and not self._recorder.is_troubled
        )

    def _tend(self, now: float) -> None:
        """Look for work and care for the leases, as long as the database answers."""
        if self._recorder.is_troubled or now < self._next_look:
            return
        try:
            self._keep(now)
            if not self._draining:
                self._look(now)
            self._failing_since = None
        except Error as error:
            self._wait_for_database(now, error)

    def _wait_for_database(self, now: float, error: Error) -> None:
        """Take no work for a moment, then look on a fresh connection."""
        if not is_outage(error):
            raise error
        connection.close()
        self._failing_since = self._failing_since or now
        if now - self._failing_since > PATIENCE_SECONDS:
            raise error
        logger.warning("The database does not answer, trying again.")
        self._hungry = True
        self._next_look = now + RETRY_SECONDS

    def _look(self, now: float) -> None:
        rings = self._bell.rang(now)
        if rings:
            self._lanes.rang()
        sweep = now >= self._next_sweep
        if (rings or sweep or self._hungry) and now >= self._next_acquire:
            if sweep:
                self._next_sweep = now + SWEEP_SECONDS
                _, self._flights.execution_began = current_execution()
                self._ask_for_tokens()
                if self._watch is not None:
                    self._watch.looked(len(self._flights), now)
            self._hungry = self._lanes.acquire(now)
        self._lanes.read()
        self._rest_from_looking(now, rings)

    def _ask_for_tokens(self) -> None:
        for provider in ask():
            self._renew_token(provider)

    def _give_up_refused_tokens(self) -> None:
        while self._lanes.refused:
            refuse(*self._lanes.refused.pop())
        self._ask_for_tokens()

    def _rest_from_looking(self, began: float, rings: int) -> None:
        """Look again soon, or the later the more there are to wait for."""
        took = time.monotonic() - began
        rest = max(2 * took, min(BUSY_POLL_SECONDS, (1 + rings) * took))
        self._rested_at = began + rest
        few = len(self._flights) < FEW
        pause = POLL_SECONDS if few else BUSY_POLL_SECONDS
        self._next_look = max(began + pause, self._rested_at)

    def _keep(self, now: float) -> None:
        """Renew and give back leases, and share them with other pumps."""
        if now >= self._next_renewal:
            self._next_renewal = now + self._settings.lease / 4
            self._lanes.renew()
        if self._lanes.refused:
            self._give_up_refused_tokens()
        shed = self._lanes.give_back(now)
        if shed and (self._draining or now < self._next_acquire):
            self._bell.ring()
        saturated = self._hungry or self._lanes.are_waiting
        if not saturated:
            self._calm_at = now
        lasting = now - self._calm_at > HELP_SECONDS
        awake = self._bell.keep(now, wants_help=lasting and not self._draining)
        if awake > self._sharing and saturated:
            # Abstain for a moment, or what was shed would be taken back at once.
            self._next_acquire = now + LINGER_SECONDS / 2
            self._lanes.shed(len(self._lanes) * self._sharing // awake)
            self._sharing = awake
        self._sharing = min(self._sharing, awake)

    def _start(self, now: float) -> None:
        if self._recorder.is_troubled or self._failing_since is not None:
            return
        if self._busy and len(self._flights) >= CALM:
            return
        room = min(BURST, self._flights.room)
        picked = self._lanes.pick(room, self._flights.body_room)
        if not picked:
            return
        try:
            self._flights.start(picked, now)
        except Error as error:
            self._wait_for_database(now, error)

    def _wait(self, now: float, seconds: float) -> None:
        self._busy = False
        if self._bell.wait(now, seconds):
            # Half of the time at most is spent on looking, whoever rings.
            time.sleep(max(0.0, self._rested_at - time.monotonic()))
            self._next_look = 0.0

    def _collect(self) -> None:
        eager = self._lanes.are_waiting and len(self._flights) < CALM
        self._busy = self._flights.land(0 if eager else POLL_SECONDS)
