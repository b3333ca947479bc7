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
from apps.webhooks.engine.executions import when_execution_began
from apps.webhooks.engine.flights import Flights
from apps.webhooks.engine.lanes import Lanes
from apps.webhooks.engine.leases import LeaseTerms
from apps.webhooks.engine.outage import is_outage
from apps.webhooks.engine.pace import POLL_SECONDS, Pace
from apps.webhooks.engine.recorder import LONELY_SECONDS, Outcomes, Recorder
from apps.webhooks.engine.sharing import Sharing
from apps.webhooks.engine.tokens import ask
from apps.webhooks.engine.traces import Traces
from apps.webhooks.engine.watch import Watch

logger = logging.getLogger(__name__)

# How long an idle pump waits for a ring before it looks after its leases.
IDLE_SECONDS: Final = 0.05
# Nobody ringing for so long, the pump ends: it costs a wake-up to come back.
LINGER_SECONDS: Final = 0.2
# Even without a ring: what rested, or what a lost ring told.
SWEEP_SECONDS: Final = 1.0
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
    access token of a provider renewed, by somebody else. `kept` are the outcomes that
    an earlier run could not record, and takes those of this one."""

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
        kept: Outcomes | None = None,
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
        self._recorder = Recorder(settings.settle, watch, kept)
        self._flights = Flights(
            transport=transport,
            lanes=self._lanes,
            recorder=self._recorder,
            flusher_period=settings.flusher_period,
            traces=traces,
        )
        # Are there webhooks to be taken, perhaps; and were they passed over just now?
        self._hungry = True
        self._postponed = False
        self._rings = 0
        self._draining = False
        self._busy = False
        self._ended = 0
        self._sharing = Sharing(time.monotonic())
        self._pace = Pace()
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
        linger = LINGER_SECONDS if self._bell.is_there else 0.0
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
                self._wait(now, IDLE_SECONDS if linger else 0.0)
            else:
                rang = self._only_records and self._wait(now, LONELY_SECONDS)
                self._collect(company=rang)
            if self._draining and not (len(self._lanes) or len(self._recorder)):
                self._bell.leave()
                return True
            # Work may have come since this turn began.
            if now - active > linger and not self._is_busy and self._may_leave(now):
                return False

    def _may_leave(self, now: float) -> bool:
        """Give everything back, and leave unless that brought up new work.

        A webhook that has ended its run in one execution can be taken again in a
        later one, and only once its lease was given back.
        """
        self._lanes.shed_all()
        self._sharing.forget()
        self._pace.look_at(0.0)
        self._next_sweep = 0.0
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
        if self._recorder.is_troubled or now < self._pace.next_look:
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
        self._pace.look_at(now + RETRY_SECONDS)

    def _look(self, now: float) -> None:
        """Fill the lanes, and look for others to take.

        What has come for webhooks under lease leaves before others are looked for,
        which then have their turn at the next look.
        """
        may_acquire = self._sharing.may_acquire(now)
        if not self._postponed:
            self._listen(now, may_sweep=may_acquire)
            self._lanes.read()
            if self._hungry and may_acquire and self._lanes.are_waiting:
                self._postponed = True
                return
        self._postponed = False
        if self._hungry and may_acquire:
            self._hungry = self._lanes.acquire(now, alone=self._sharing.is_alone)
            self._lanes.read()
        self._pace.looked(now, time.monotonic(), rings=self._rings, ended=self._ended)
        self._ended = 0

    def _listen(self, now: float, *, may_sweep: bool) -> None:
        self._rings = self._bell.rang(now)
        sweeps = may_sweep and now >= self._next_sweep
        if sweeps:
            self._sweep(now)
        if self._rings or sweeps:
            self._lanes.rang()
            self._hungry = True

    def _sweep(self, now: float) -> None:
        """What no ring tells of."""
        self._next_sweep = now + SWEEP_SECONDS
        self._flights.execution_began = when_execution_began()
        self._ask_for_tokens()
        self._lanes.close_changed()
        if self._watch is not None:
            self._watch.looked(len(self._flights), now)

    def _ask_for_tokens(self) -> None:
        for provider in ask():
            self._renew_token(provider)

    def _give_up_refused_tokens(self) -> None:
        while self._lanes.refused:
            refuse(*self._lanes.refused.pop())
        self._ask_for_tokens()

    def _keep(self, now: float) -> None:
        """Renew and give back leases, and share them with other pumps."""
        if now >= self._next_renewal:
            self._next_renewal = now + self._settings.lease / 4
            self._lanes.renew()
        if self._lanes.refused:
            self._give_up_refused_tokens()
        shed = self._lanes.give_back(now)
        if shed and (self._draining or not self._sharing.may_acquire(now)):
            self._bell.ring()
        saturated = self._hungry or self._lanes.are_waiting
        wants_help = self._sharing.wants_help(now, saturated=saturated)
        wants_help = wants_help and not self._draining
        is_free = not (saturated or self._draining)
        company = self._bell.keep(now, is_free=is_free, wants_help=wants_help)
        held = len(self._lanes)
        self._lanes.shed(self._sharing.kept(held, company, now, wants_help=wants_help))

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

    def _wait(self, now: float, seconds: float) -> bool:
        """Wait for a ring; False if none came in time."""
        self._busy = False
        if not self._bell.wait(now, seconds):
            return False
        self._pace.rang()
        time.sleep(self._pace.left(time.monotonic()))
        return True

    def _collect(self, *, company: bool) -> None:
        """Take in what has ended; `company`: it rang, more may be about to leave."""
        landed = self._flights.land(self._patience, company=company)
        self._busy = landed > 0
        self._ended += landed

    @property
    def _patience(self) -> float:
        """How long to wait for the receivers: no longer than there is nothing to do."""
        if self._lanes.are_waiting and len(self._flights) < CALM:
            return 0
        if len(self._flights) or self._recorder.is_troubled:
            return POLL_SECONDS
        return min(POLL_SECONDS, self._pace.left(time.monotonic()))
