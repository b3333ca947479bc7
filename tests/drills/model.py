"""The model of D-20: two pumps, some webhooks, and whatever may happen to them.

Pumps, statements and database are the real ones; of every request the model decides
what comes of it, and time passes when it says so. No bell ever rings: all messages are
lost (I2). Each example ends with receivers that are well, and nothing may be left.
"""

from __future__ import annotations

import argparse
import traceback
from collections import Counter
from typing import Final

from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    rule,
    run_state_machine_as_test,
)

from apps.webhooks.emit import emit
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.engine.flights import Flight
from apps.webhooks.pauses import pause_webhook, resume_webhook
from apps.webhooks.registrations import delete_webhook
from benchmarks.talk import say
from tests.drills.model_parts import (
    ANSWERS,
    LEASE_SECONDS,
    TIME,
    Books,
    Worker,
    read,
    use,
)
from tests.make import make_webhook

EVENT: Final = "CONNECTION_SYNCED"
WEBHOOKS: Final = 3
TICK: Final = 0.05
SWEEP: Final = 1.1
_SHIFT: Final = """
WITH ago AS (SELECT make_interval(secs => %s) AS seconds),
executions AS (
    UPDATE webhooks_flusherexecution SET started_at = started_at - ago.seconds FROM ago)
UPDATE webhooks_lease SET leased_until = leased_until - ago.seconds,
    rest_until = rest_until - ago.seconds FROM ago
"""
_START: Final = """
SELECT d.state, d.last_execution, l.token, l.leased_until > clock_timestamp(),
    w.deleted_at IS NULL AND w.paused_at IS NULL
FROM webhooks_webhookdata d JOIN webhooks_webhook w ON w.id = d.webhook_id
JOIN webhooks_lease l ON l.webhook_id = w.id WHERE d.id = %s
"""
_STATES: Final = """
SELECT d.event_id, d.id, d.state, w.deleted_at IS NULL
FROM webhooks_webhookdata d JOIN webhooks_webhook w ON w.id = d.webhook_id
"""
PENDING, HAS, CANCELLED = 1, 2, 3
workers = st.integers(0, 1)
told: Counter[str] = Counter()


class Machine(RuleBasedStateMachine):
    """Everything happens in a transaction that is rolled back."""

    def __init__(self) -> None:
        super().__init__()
        self._atomic = transaction.atomic()
        self._atomic.__enter__()
        use(Books())
        self._webhooks = [
            make_webhook(f"http://127.0.0.1:1/{number}", EVENT).pk
            for number in range(WEBHOOKS)
        ]
        self._number = 0
        # Events and how many webhooks they were for; steps at which webhooks changed.
        self._events: dict[int, int] = {}
        self._changed: dict[int, int] = {}
        self._deleted: set[int] = set()
        # What receivers have accepted, and what may come again for all one knows.
        self._accepted: Counter[int] = Counter()
        self._unknown: set[int] = set()
        self._pumps = [Worker(self._check), Worker(self._check)]

    @rule(count=st.integers(1, 4))
    def events_happen(self, count: int) -> None:
        """Each for the webhooks that are not deleted."""
        self._count()
        for _ in range(count):
            key = f"model {len(self._events)}"
            event = emit(EVENT, {"key": key}, idempotency_key=key).event
            again = emit(EVENT, {"key": key}, idempotency_key=key)
            assert again.repeated, "I13"
            assert again.event == event, "I13"
            self._events[event] = WEBHOOKS - len(self._deleted)

    @rule(which=workers, seconds=st.sampled_from([TICK, TICK, SWEEP]))
    def a_pump_works(self, which: int, seconds: float) -> None:
        """Once around its loop."""
        self._count()
        TIME.seconds += seconds
        self._pumps[which].step(self._number)

    @rule(which=workers, kinds=st.lists(st.sampled_from(sorted(ANSWERS)), max_size=4))
    def receivers_answer(self, which: int, kinds: list[str]) -> None:
        """Those that were asked first."""
        self._count()
        self._answer(self._pumps[which], kinds)

    @rule(which=workers, arrived=st.integers(0, 7))
    def a_pump_dies(self, which: int, arrived: int) -> None:
        """Of its requests, some arrive all the same."""
        self._count()
        dead = self._pumps[which]
        self._unknown |= dead.unrecorded
        self._answer(dead, ["accepted"] * arrived)
        self._pumps[which] = Worker(self._check)

    @rule(seconds=st.sampled_from([0.3 * LEASE_SECONDS, 1.2 * LEASE_SECONDS]))
    def time_passes(self, seconds: float) -> None:
        """Nobody works meanwhile: leases may end."""
        self._count()
        self._pass(seconds)

    @rule()
    def an_execution_begins(self) -> None:
        """The flusher ticks."""
        self._count()
        begin_execution()

    @rule(which=st.integers(0, WEBHOOKS - 1), paused=st.booleans())
    def a_webhook_is_paused_or_resumed(self, which: int, paused: bool) -> None:
        """By an operator."""
        self._count()
        webhook = self._webhooks[which]
        if webhook in self._deleted:
            return
        if paused:
            pause_webhook(webhook, actor="model")
            self._changed[webhook] = self._number
        else:
            resume_webhook(webhook)

    @rule(which=st.integers(0, WEBHOOKS - 2))
    def a_webhook_is_deleted(self, which: int) -> None:
        """Never the last one."""
        self._count()
        webhook = self._webhooks[which]
        if webhook not in self._deleted:
            delete_webhook(webhook)
            self._deleted.add(webhook)
            self._changed[webhook] = self._number

    def teardown(self) -> None:
        """Everybody is well in the end, and nothing is left."""
        try:
            for webhook in set(self._webhooks) - self._deleted:
                resume_webhook(webhook)
            for _ in range(20):
                if not self._left():
                    break
                self._deliver()
            self._compare()
        finally:
            transaction.set_rollback(True)
            self._atomic.__exit__(None, None, None)
            say({})

    def _deliver(self) -> None:
        """One execution by a fresh pump whose receivers accept everything."""
        self._pass(1.2 * LEASE_SECONDS)
        begin_execution()
        self._pumps = [Worker(self._check)]
        idle = 0
        while idle < 3:
            TIME.seconds += SWEEP
            self._number += 1
            (pump,) = self._pumps
            pump.step(self._number)
            idle = 0 if pump.door.flying else idle + 1
            self._answer(pump, ["accepted"] * len(pump.door.flying))

    def _compare(self) -> None:
        """Both sides' books (I1, I5, I7, I14)."""
        rows = read(_STATES)
        counted = Counter(event for event, *_ in rows)
        assert dict(counted) == self._events, "I1: torn, or emitted twice"
        for _, row, state, live in rows:
            assert state != PENDING or not live, f"{row} is lost"
            assert state != CANCELLED or not live, f"{row} was cancelled"
            assert state != HAS or self._accepted[row], f"{row} is delivered falsely"
        told["duplicates"] += sum(max(0, n - 1) for n in self._accepted.values())
        told["rows"] += len(rows)

    def _check(self, worker: Worker, flight: Flight) -> None:
        """What must hold whenever a request leaves."""
        lane, row = flight.lane, flight.row
        ((state, last, token, leased, live),) = read(_START, row.id)
        assert leased, "I3: nobody holds the lease"
        assert token == lane.token, "I3: another one holds the lease"
        assert last < lane.execution, "I10: twice in an execution"
        if not live:
            assert worker.swept < self._changed[row.webhook], "I14: sent after it"
        else:
            assert state == PENDING, f"I5: sent in state {state}"
        assert not self._accepted[row.id] or row.id in self._unknown, "I7"

    def _answer(self, worker: Worker, kinds: list[str]) -> None:
        for kind, flight in zip(kinds, list(worker.door.flying), strict=False):
            worker.door.flying.remove(flight)
            worker.door.ended.append((flight, ANSWERS[kind]))
            self._accepted[flight.row.id] += kind == "accepted"

    def _pass(self, seconds: float) -> None:
        """What no pump has recorded may be sent again once a lease has ended."""
        for worker in self._pumps:
            self._unknown |= worker.unrecorded
        TIME.seconds += seconds
        with connection.cursor() as cursor:
            cursor.execute(_SHIFT, [seconds])

    def _left(self) -> bool:
        return any(state == PENDING for _, _, state, _ in read(_STATES))

    def _count(self) -> None:
        self._number += 1
        told["steps"] += 1


def main() -> None:
    """Run examples, and say how many steps held; what did not is in the log."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    how = settings(
        max_examples=options.examples,
        stateful_step_count=options.steps,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    broken = 0
    try:
        run_state_machine_as_test(seed(options.seed)(Machine), settings=how)
    except AssertionError:
        traceback.print_exc()
        broken = 1
    say({"broken": broken, **told})


if __name__ == "__main__":
    main()
