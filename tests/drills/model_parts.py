"""What the model is made of: real pumps, with a network and a clock of its own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.db import connection

from apps.outbound.outcome import Cause, Outcome
from apps.webhooks.conf import EngineSettings
from apps.webhooks.engine import bell, flights, pump, recorder
from apps.webhooks.engine.bell import Bell
from apps.webhooks.engine.flights import Flight
from apps.webhooks.engine.pump import Pump
from apps.webhooks.engine.settle import LaneState, Settlement, Tally, settle

# So long that what a step really takes is nothing beside it.
LEASE_SECONDS: Final = 1000.0
SETTINGS: Final = EngineSettings(
    lease=LEASE_SECONDS,
    deadline=300.0,
    settle=100.0,
    max_in_flight=3,
    cutoff_failures=3,
    cutoff_timeouts=2,
    pump_sockets=20,
)
# Requests that are in flight when one fails may fail as well.
BESIDE: Final = SETTINGS.max_in_flight - 1
ANSWERS: Final = {
    "accepted": Outcome(Cause.ACCEPTED, 200),
    "refused": Outcome(Cause.STATUS, 500),
    "timeout": Outcome(Cause.TIMEOUT),
    "busy": Outcome(Cause.STATUS, 503, retry_after=500),
}
DELIVERED: Final = 2
_ROWS: Final = """
SELECT id, state, attempts, last_execution FROM webhooks_webhookdata
WHERE id = ANY(%s)
"""
_TOKENS: Final = "SELECT webhook_id, token FROM webhooks_lease"


class Time:
    """Stands for the module `time` in the pumps; passes when a rule says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        """The instant of the model."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Nobody waits in a model."""


TIME: Final = Time()


class Door:
    """The network: holds what is on its way until a rule says what comes of it."""

    def __init__(self, check: Callable[[Flight], None]) -> None:
        self._check = check
        self.flying: list[Flight] = []
        self.ended: list[tuple[Flight, Outcome]] = []

    @property
    def in_flight(self) -> int:
        """Requests without an answer, or with one that was not taken in."""
        return len(self.flying) + len(self.ended)

    @property
    def room(self) -> int:
        """How many more there may be."""
        return SETTINGS.pump_sockets - self.in_flight

    def submit(self, request: object, flight: Flight) -> None:
        """A request leaves."""
        self._check(flight)
        self.flying.append(flight)

    def completed(self, wait: float) -> list[tuple[Flight, Outcome]]:
        """Take in the answers."""
        ended, self.ended = self.ended, []
        return ended


class Worker:
    """A pump that does a step at a time. `swept` is the step of its last sweep."""

    def __init__(self, check: Callable[[Worker, Flight], None]) -> None:
        self.swept = -1
        self.door = Door(lambda flight: check(self, flight))
        transport: Any = self.door
        self.pump = Pump(
            settings=SETTINGS,
            transport=transport,
            bell=Bell(None, pump="model", pumps=2, post=lambda: None),
            holder="model",
            stopping=lambda: False,
        )

    def step(self, number: int) -> None:
        """Once around the pump's loop."""
        sweep = self.pump._next_sweep
        self.pump._tend(TIME.seconds)
        if self.pump._next_sweep != sweep:
            self.swept = number
        self.pump._start(TIME.seconds)
        self.pump._collect(company=False)

    @property
    def unrecorded(self) -> set[int]:
        """The rows that are in flight, or whose outcome is not settled."""
        flown = [*self.door.flying, *(flight for flight, _ in self.door.ended)]
        waiting = [settlement.data for _, settlement in self.pump._recorder._waiting]
        return {flight.row.id for flight in flown} | set(waiting)


class Books:
    """Watches settlements: what may change by one, and how often a webhook failed."""

    def __init__(self) -> None:
        self._failures: Counter[tuple[int, int]] = Counter()
        self._timeouts: Counter[tuple[int, int]] = Counter()

    def settle(
        self,
        settlements: Sequence[Settlement],
        lanes: Sequence[LaneState],
        tallies: Sequence[Tally] = (),
    ) -> None:
        """Settle, and compare (I5, I10)."""
        ids = [settlement.data for settlement in settlements]
        before, tokens = _rows(ids), dict(read(_TOKENS))
        settle(settlements, lanes, tallies)
        after = _rows(ids)
        current = [each for each in settlements if tokens[each.webhook] == each.token]
        valid = [each for each in settlements if each.accepted or each in current]
        for row in before:
            # A pump that takes a lease anew may have a row in flight under both.
            expected = _expected(
                before[row], [each for each in valid if each.data == row]
            )
            assert after[row] == expected, f"I5: {after[row]}, {expected}"
        for each in current:
            self._count(each)

    def _count(self, settlement: Settlement) -> None:
        run = (settlement.webhook, settlement.execution)
        if settlement.accepted:
            self._failures[run] = self._timeouts[run] = 0
            return
        self._failures[run] += 1
        self._timeouts[run] += settlement.cause == Cause.TIMEOUT.value
        assert self._failures[run] <= SETTINGS.cutoff_failures + BESIDE, "I10: failures"
        assert self._timeouts[run] <= SETTINGS.cutoff_timeouts + BESIDE, "I10: timeouts"


def _expected(
    row: tuple[int, int, int], valid: Sequence[Settlement]
) -> tuple[int, int, int]:
    """A row's state, attempts and last execution after settlements that count."""
    state, attempts, last = row
    if state == DELIVERED or not valid:
        return row
    if any(each.accepted for each in valid):
        return (DELIVERED, attempts + 1, last)
    return (state, attempts + 1, valid[0].execution)


def _rows(ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    return {row: (state, tries, last) for row, state, tries, last in read(_ROWS, ids)}


def read(statement: str, *parameters: Any) -> list[Any]:
    """The rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def use(books: Books) -> None:
    """Have pumps use the model's time, and settle through its books."""
    for module in (pump, flights, recorder, bell):
        assert vars(module)["time"] in (time, TIME)
        vars(module)["time"] = TIME
    vars(recorder)["settle"] = books.settle
