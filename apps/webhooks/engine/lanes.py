"""The lanes a pump holds: taken, filled, served in turn, given back."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from typing import Final

from apps.webhooks.conf import EngineSettings
from apps.webhooks.engine import leases
from apps.webhooks.engine.lane import Lane
from apps.webhooks.engine.leases import LeaseTerms
from apps.webhooks.engine.settle import NO_TALLY, settle
from apps.webhooks.engine.unsent import Unsent, read_unsent

# Leases taken by one statement, so many that its cost is spread. Beside other pumps
# fewer, or the first to look would take a burst of webhooks for itself.
ACQUIRE_AT_ONCE: Final = 128
BESIDE_OTHERS: Final = 32
# Webhooks that failed last may take one socket in so many: a thousand dead receivers
# opened again by one execution do not keep the healthy ones waiting.
DOUBTFUL_SHARE: Final = 2
# Lanes held together, idle ones included.
MOST_LANES: Final = 1000
# An idle lane is kept so long, so that the webhook's next event costs no lease.
LINGER_SECONDS: Final = 2.0


class Lanes:
    """The lanes of one pump. Times are monotonic seconds."""

    def __init__(self, terms: LeaseTerms, settings: EngineSettings) -> None:
        self._terms = terms
        self._settings = settings
        self._held: dict[int, Lane] = {}
        self._turn: deque[Lane] = deque()
        self._doubtful_turn: deque[Lane] = deque()
        self._doubtful_in_flight = 0
        # Access tokens that receivers have refused, to be taken by the pump.
        self.refused: set[tuple[int, int]] = set()
        # When the first of the lanes' access tokens ends.
        self._access_ends = math.inf

    def __len__(self) -> int:
        return len(self._held)

    @property
    def are_waiting(self) -> bool:
        """Could a lane send if there were room for it?"""
        return bool(self._turn) or (
            self._doubtful_room > 0 and bool(self._doubtful_turn)
        )

    @property
    def _doubtful_room(self) -> int:
        return self._settings.pump_sockets // DOUBTFUL_SHARE - self._doubtful_in_flight

    def acquire(self, now: float, *, alone: bool = True) -> bool:
        """Take leases; True if there may be more to take."""
        at_once = ACQUIRE_AT_ONCE if alone else BESIDE_OTHERS
        limit = min(at_once, MOST_LANES - len(self._held))
        taken = leases.acquire(self._terms, limit) if limit else []
        for lease in taken:
            lane = self._held[lease.webhook] = Lane.of(lease, self._settings, now)
            self._access_ends = min(self._access_ends, lane.access_ends)
        return len(taken) == limit

    def rang(self) -> None:
        """Any lane may have new rows."""
        for lane in self._held.values():
            lane.has_more = True

    def read(self) -> None:
        """Fill the lanes that run low."""
        low = {
            lane.registration.id: (lane, room)
            for lane in self._held.values()
            if lane.has_more and (room := lane.room)
        }
        if not low:
            return
        rows: dict[int, list[Unsent]] = {webhook: [] for webhook in low}
        for row in read_unsent(
            [(webhook, lane.execution, room) for webhook, (lane, room) in low.items()],
            [row for lane, _ in low.values() for row in lane.in_hand],
        ):
            rows[row.webhook].append(row)
        for webhook, (lane, room) in low.items():
            lane.add(rows[webhook], room=room)
            self.queue(lane)

    def queue(self, lane: Lane) -> None:
        """Give a lane that may send its turn."""
        if not lane.in_turn and lane.may_send:
            lane.in_turn = True
            (self._doubtful_turn if lane.doubtful else self._turn).append(lane)

    def pick(self, rows: int, size: int) -> list[tuple[Lane, Unsent]]:
        """Up to `rows` rows of up to `size` bytes together, one per lane and turn.

        At least one, whatever its size, if `size` is positive.
        """
        picked: list[tuple[Lane, Unsent]] = []
        while len(picked) < rows and size > 0 and (lane := self._next()) is not None:
            row = lane.take()
            size -= row.size
            picked.append((lane, row))
            self.queue(lane)
        return picked

    def _next(self) -> Lane | None:
        """The lane whose turn it is, if one may send."""
        while self._turn:
            lane = self._turn.popleft()
            lane.in_turn = False
            if lane.may_send:
                return lane
        while self._doubtful_turn and self._doubtful_room > 0:
            lane = self._doubtful_turn.popleft()
            lane.in_turn = False
            if lane.may_send:
                lane.counted_doubtful = True
                self._doubtful_in_flight += 1
                return lane
        return None

    def put_back(self, lane: Lane, row: Unsent, now: float) -> None:
        """A picked row did not leave after all."""
        lane.in_flight -= 1
        lane.waiting.appendleft(row)
        self.landed(lane, now)

    def landed(self, lane: Lane, now: float) -> None:
        """A request of this lane has ended; the lane may send the next one."""
        lane.idle_since = now
        if lane.counted_doubtful:
            lane.counted_doubtful = False
            self._doubtful_in_flight -= 1
        self.queue(lane)

    def renew(self) -> None:
        """Extend all leases; a lane whose lease is lost sends nothing more."""
        if not self._held:
            return
        still = leases.renew(self._terms, self._pairs(self._held.values()))
        for webhook, lane in list(self._held.items()):
            if webhook not in still:
                lane.closed = True

    def close_changed(self) -> None:
        """Send nothing more as webhooks were registered before they were changed."""
        versions = leases.versions(self._held) if self._held else {}
        for webhook, lane in self._held.items():
            if lane.version != versions.get(webhook):
                lane.closed = True

    def shed(self, keep: int) -> None:
        """Let go of all but `keep` lanes, so that another pump can take them."""
        for lane in list(self._held.values())[keep:]:
            lane.closed = True

    def shed_all(self) -> None:
        """Send nothing more."""
        self.shed(0)

    def give_back(self, now: float) -> int:
        """Release the lanes that are closed, or idle for a while; how many."""
        if now >= self._access_ends:
            self._close_expired(now)
        done = [lane for lane in self._held.values() if self._is_done(lane, now)]
        if done:
            self._keep_counts(done)
            leases.release(self._pairs(done))
        for lane in done:
            del self._held[lane.registration.id]
        return len(done)

    @staticmethod
    def _keep_counts(lanes: Iterable[Lane]) -> None:
        """Add to the health of webhooks what was not due when their lanes closed."""
        counted = [lane for lane in lanes if lane.tally.attempts]
        if not counted:
            return
        settle((), (), [lane.tally for lane in counted])
        for lane in counted:
            lane.tally = NO_TALLY

    def _close_expired(self, now: float) -> None:
        """Nothing more is sent with a token that has ended."""
        self._access_ends = math.inf
        for lane in self._held.values():
            if lane.access_ends <= now:
                lane.closed = True
            else:
                self._access_ends = min(self._access_ends, lane.access_ends)

    def _is_done(self, lane: Lane, now: float) -> bool:
        if lane.in_flight or lane.unsettled:
            return False
        if lane.closed:
            return True
        if lane.waiting:
            lane.idle_since = now
            return False
        crowded = len(self._held) >= MOST_LANES
        return crowded or now - lane.idle_since > LINGER_SECONDS

    @staticmethod
    def _pairs(lanes: Iterable[Lane]) -> list[tuple[int, int]]:
        return [(lane.registration.id, lane.token) for lane in lanes]
