"""A lane: one webhook under lease, its window, its counters, its oldest rows."""

from __future__ import annotations

import json
import logging
import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from apps.auth_providers.schemes import Scheme, scheme
from apps.encryption.fields import keyring, place
from apps.encryption.keyring import KeyringError
from apps.outbound.outcome import Outcome
from apps.webhooks.conf import EngineSettings
from apps.webhooks.engine.leases import Lease
from apps.webhooks.engine.settle import (
    NO_TALLY,
    LaneState,
    Settlement,
    Tally,
    microseconds,
)
from apps.webhooks.engine.unsent import Unsent
from apps.webhooks.rules.cutoff import Cutoff
from apps.webhooks.rules.ramp import Ramp
from apps.webhooks.rules.rest import rest_until

logger = logging.getLogger(__name__)

_PROVIDER_CONFIG = place("auth_providers_authprovider", "config")
_ACCESS_TOKEN = place("auth_providers_oauthtoken", "access_token")
UNAUTHORIZED = 401
# Rows read ahead, as a multiple of the window: enough to keep the sockets full
# between two reads.
READ_AHEAD = 4
# A busy lane adds to its health so often, an idle one at once.
TALLY_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What does not change while a lane is held. `deadline` in seconds."""

    id: int
    url: str
    path: str
    headers: tuple[str, ...]
    deadline: float
    gzip: bool


@dataclass(slots=True, kw_only=True)
class Lane:
    """Decides what its webhook may be sent now; knows nothing of I/O.

    `scheme` is None when the provider's secret cannot be opened: then nothing is
    sent, and the attempts say so. `doubtful` until the first success if the webhook
    failed last: many of them at once must not take all the sockets. `closed` once
    nothing more may be sent under this lease.

    `version` is the registration's, see `Lease`. `access` is the provider and the
    serial of an access token; it may be used until `access_ends`, monotonic, or a
    receiver has `refused` it.
    """

    registration: Registration
    version: str
    scheme: Scheme | None
    token: int
    execution: int
    cutoff: Cutoff
    ramp: Ramp
    careful_left: int
    doubtful: bool
    waiting: deque[Unsent] = field(default_factory=deque)
    in_hand: set[int] = field(default_factory=set)
    in_flight: int = 0
    unsettled: int = 0
    closed: bool = False
    cut_off: bool = False
    rest_until: datetime | None = None
    has_more: bool = True
    changed: bool = False
    in_turn: bool = False
    counted_doubtful: bool = False
    idle_since: float = 0.0
    tally: Tally = NO_TALLY
    tallied_at: float = 0.0
    access: tuple[int, int] | None = None
    access_ends: float = math.inf
    refused: bool = False

    @classmethod
    def of(cls, lease: Lease, settings: EngineSettings, now: float) -> Lane:
        """The lane of a lease just taken; `now` is monotonic."""
        return cls(
            registration=_registration(lease, settings),
            version=lease.version,
            scheme=_scheme(lease),
            token=lease.token,
            execution=lease.execution,
            cutoff=Cutoff(
                max_failures=settings.cutoff_failures,
                max_timeouts=settings.cutoff_timeouts,
                failures=lease.failures,
                timeouts=lease.timeouts,
            ),
            ramp=Ramp(cap=lease.max_in_flight or settings.max_in_flight),
            careful_left=lease.careful_left,
            doubtful=lease.doubtful,
            idle_since=now,
            access=_access(lease),
            access_ends=now + _or_endless(lease.token_seconds),
        )

    @property
    def careful(self) -> bool:
        """After its holder died a lane sends one row at a time, each noted before."""
        return self.careful_left > 0

    @property
    def may_send(self) -> bool:
        """Is there a row, and room in the window?"""
        if not self.waiting or self.closed:
            return False
        return self.in_flight < (1 if self.careful_left else self.ramp.window)

    @property
    def room(self) -> int:
        """How many more rows to read; 0 while enough are at hand."""
        if self.closed or len(self.waiting) > self.ramp.window:
            return 0
        return READ_AHEAD * self.ramp.window - len(self.waiting)

    def add(self, rows: list[Unsent], *, room: int) -> None:
        """Rows read for this lane; fewer than asked for means that these are all."""
        self.waiting.extend(rows)
        self.in_hand.update(row.id for row in rows)
        self.has_more = len(rows) == room

    def take(self) -> Unsent:
        """The next row, now in flight."""
        self.in_flight += 1
        return self.waiting.popleft()

    def succeeded(self) -> None:
        """Count an accepted request and open the window."""
        self.in_flight -= 1
        self.doubtful = False
        self.ramp = self.ramp.after_success()
        if self.cutoff.failures:
            self.cutoff = self.cutoff.after_success()
            self.changed = True

    def failed(self, outcome: Outcome, now: datetime) -> None:
        """Count a request that was not accepted, and close the window to one."""
        self.in_flight -= 1
        self.ramp = self.ramp.after_failure()
        self.cutoff = self.cutoff.after_failure(timed_out=outcome.timed_out)
        # For good: a request that is in flight may still succeed, but nothing more
        # is sent before the next execution.
        self.cut_off = self.cut_off or self.cutoff.reason is not None
        rest = rest_until(outcome.status, outcome.retry_after, now)
        self.rest_until = rest or self.rest_until
        # For now: the rest goes out once there is another token.
        if self.access is not None and outcome.status == UNAUTHORIZED:
            self.refused = True
        self.closed = self.closed or self.cut_off or self.refused or rest is not None
        self.changed = True

    def count(self, settlement: Settlement) -> None:
        """Keep an outcome for the webhook's health."""
        _, attempts, accepted, duration = self.tally
        self.tally = Tally(
            settlement.webhook,
            attempts + 1,
            accepted + settlement.accepted,
            duration + settlement.total_us,
        )

    def tally_is_due(self, now: float) -> bool:
        """Every now and then, and with the last outcome there is for the moment."""
        last = not self.in_flight and (self.closed or not self.waiting)
        return last or now - self.tallied_at > TALLY_SECONDS

    def state(self) -> LaneState:
        """What settlement keeps of this lane."""
        return LaneState(
            webhook=self.registration.id,
            token=self.token,
            failures=self.cutoff.failures,
            timeouts=self.cutoff.timeouts,
            careful_left=self.careful_left,
            cut_off=self.cut_off,
            rest_us=None if self.rest_until is None else microseconds(self.rest_until),
        )


def _registration(lease: Lease, settings: EngineSettings) -> Registration:
    compressed = lease.compression
    if compressed is None:
        compressed = settings.compression
    headers = [
        "Accept-Encoding: identity",
        f"User-Agent: {settings.user_agent}",
        f"X-Webhook-Event: {lease.event}",
    ]
    if compressed:
        headers.append("Content-Encoding: gzip")
    return Registration(
        id=lease.webhook,
        url=lease.url,
        path=urlsplit(lease.url).path or "/",
        headers=tuple(headers),
        deadline=float(lease.deadline or settings.deadline),
        gzip=compressed,
    )


def _scheme(lease: Lease) -> Scheme | None:
    try:
        return scheme(lease.provider_type, _scheme_config(lease))
    except (KeyringError, ValueError, KeyError):
        logger.exception(
            "The provider of webhook %s cannot be used.",
            lease.webhook,
            extra={"id_webhook": lease.webhook},
        )
        return None


def _scheme_config(lease: Lease) -> dict[str, Any]:
    if lease.access_token is not None:
        return {"access_token": keyring().open(lease.access_token, _ACCESS_TOKEN)}
    sealed = lease.provider_config
    config: dict[str, Any] = {}
    if sealed:
        config = json.loads(keyring().open(sealed, _PROVIDER_CONFIG))
    return config


def _access(lease: Lease) -> tuple[int, int] | None:
    if lease.oauth_provider is None or lease.token_serial is None:
        return None
    return lease.oauth_provider, lease.token_serial


def _or_endless(seconds: float | None) -> float:
    return math.inf if seconds is None else seconds
