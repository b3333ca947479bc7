"""The recorder: settles outcomes in small groups, and keeps them while it cannot."""

from __future__ import annotations

import logging
import time
from typing import Final, TypeAlias

from django.db import Error, connection

from apps.webhooks.engine.clock import CLOCK
from apps.webhooks.engine.lane import Lane
from apps.webhooks.engine.outage import is_outage
from apps.webhooks.engine.settle import NO_TALLY, Settlement, settle
from apps.webhooks.engine.watch import Watch

logger = logging.getLogger(__name__)

# A commit costs as much as twenty rows, so outcomes wait for company, but never
# long: a crash forgets what was not recorded.
GROUP_SIZE: Final = 200
GROUP_SECONDS: Final = 0.025
# When nothing is in flight no company is in sight; unless it came so fast before.
LONELY_SECONDS: Final = 0.01
RETRY_SECONDS: Final = 0.25
# Outcomes that no pump could record are forgotten when they are so old: their rows may
# have been sent, delivered and purged since.
KEPT_SECONDS: Final = 600.0

Outcomes: TypeAlias = list[tuple[Lane, Settlement]]


class SettlementFailed(Exception):
    """Outcomes could not be recorded while their leases lasted."""


class Recorder:
    """Outcomes that are not settled yet. Times are monotonic seconds.

    `patience`: how long a pump tries while the database does not answer. What it could
    not settle stays in `kept`, which outlives it: the next pump of the process begins
    with that. `watch` is told of what was settled.
    """

    def __init__(
        self,
        patience: float,
        watch: Watch | None = None,
        kept: Outcomes | None = None,
    ) -> None:
        self._patience = patience
        self._watch = watch
        self._waiting = [] if kept is None else kept
        self._since = self._settled_at = 0.0
        self._failing_since: float | None = None
        self._retry_at = 0.0
        self._resume()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_troubled(self) -> bool:
        """While outcomes cannot be settled, no new work may be taken."""
        return self._failing_since is not None

    def add(self, lane: Lane, settlement: Settlement, now: float) -> None:
        """Keep an outcome until it is settled."""
        if not self._waiting:
            self._since = now
        self._waiting.append((lane, settlement))
        lane.unsettled += 1
        lane.count(settlement)

    def settle_if_due(self, now: float, *, lonely: bool) -> None:
        """Settle when the group is large or old enough; raise `SettlementFailed`.

        `lonely`: nothing is in flight that could join it.
        """
        if not self._waiting or now < self._retry_at:
            return
        old = now - self._since > GROUP_SECONDS
        alone = lonely and now - self._settled_at > LONELY_SECONDS
        if alone or old or len(self._waiting) >= GROUP_SIZE:
            self._settled_at = now
            self._settle(now)

    def _resume(self) -> None:
        """Begin with what an earlier pump left, before anything is sent."""
        oldest = CLOCK.now_us() - int(KEPT_SECONDS * 1_000_000)
        left = [pair for pair in self._waiting if pair[1].started_us >= oldest]
        if forgotten := len(self._waiting) - len(left):
            logger.error("%s outcomes are too old to be recorded.", forgotten)
        self._waiting[:] = left
        if left:
            self._failing_since = time.monotonic()

    def _settle(self, now: float) -> None:
        lanes = {id(lane): lane for lane, _ in self._waiting}.values()
        changed = [lane for lane in lanes if lane.changed]
        tallied = [lane for lane in lanes if lane.tally_is_due(now)]
        settlements = [settlement for _, settlement in self._waiting]
        began = time.monotonic()
        try:
            settle(
                settlements,
                [lane.state() for lane in changed],
                [lane.tally for lane in tallied],
            )
        except Error as error:
            if not is_outage(error):
                # It would be refused again, and keep the next pump from its work.
                self._waiting.clear()
                raise
            self._wait(now, error)
            return
        for lane, settlement in self._waiting:
            lane.unsettled -= 1
            lane.in_hand.discard(settlement.data)
        for lane in changed:
            lane.changed = False
        for lane in tallied:
            lane.tally = NO_TALLY
            lane.tallied_at = now
        self._waiting.clear()
        self._failing_since = None
        if self._watch is not None:
            self._watch.settled(settlements, time.monotonic() - began)

    def _wait(self, now: float, error: Exception) -> None:
        """Try again on a fresh connection, as long as the leases may last."""
        connection.close()
        self._failing_since = self._failing_since or now
        self._retry_at = now + RETRY_SECONDS
        if now - self._failing_since > self._patience:
            raise SettlementFailed(f"{len(self._waiting)} outcomes wait") from error
        kind = type(error).__name__
        logger.warning("Settling failed, trying again: %s", kind, extra={"error": kind})
