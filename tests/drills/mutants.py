"""Mutants: the service with one guard removed, which a drill must notice.

Production code has no flags for this. A mutant names what it replaces, a function, a
constant or a part of a statement, and refuses to apply when that is not there (any
more). `tests/drills/child.py` applies it before a process of the service starts.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.db import connection

from apps.webhooks.engine.statements import Statement
from apps.webhooks.rules.ramp import Ramp


class MutantError(Exception):
    """A mutant does not apply: what it replaces is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`removes` says which guard. `places` are what is replaced, dotted, each with
    what makes something else of it; `sql` is run in the drill's database."""

    removes: str
    places: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    sql: str = ""

    def changed(self) -> list[tuple[Any, str, Any]]:
        """What is to be replaced: owner, name, and the value instead."""
        found = [(*_owner(place), change) for place, change in self.places.items()]
        return [
            (owner, name, change(getattr(owner, name))) for owner, name, change in found
        ]

    def apply(self) -> None:
        """Replace it in this process."""
        for owner, name, value in self.changed():
            setattr(owner, name, value)

    def install(self) -> None:
        """Change the database; the process has applied the mutant."""
        owners = [_owner(place) for place in self.places]
        values = [getattr(owner, name) for owner, name in owners]
        statements = [each for each in values if isinstance(each, Statement)]
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement.definition)
            if self.sql:
                cursor.execute(self.sql)


def _owner(place: str) -> tuple[Any, str]:
    """What has the attribute, and the attribute's name."""
    parts = place.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            owner = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:-1]:
            owner = getattr(owner, part)
        if not hasattr(owner, parts[-1]):
            break
        return owner, parts[-1]
    raise MutantError(f"There is no {place}.")


def without(part: str, instead: str = "") -> Callable[[Any], Any]:
    """A text, or a statement, with a part of it replaced."""

    def change(found: Any) -> Any:
        if isinstance(found, str):
            return _replaced(found, part, instead)
        return replace(found, text=_replaced(found.text, part, instead))

    return change


def _replaced(text: str, part: str, instead: str) -> str:
    if part not in text:
        raise MutantError(f"There is no {part!r} to be removed.")
    return text.replace(part, instead)


def always(value: Any) -> Callable[[Any], Any]:
    """Something else in its place."""
    return lambda _: value


class _Deaf:
    """A flag that stays down."""

    def __getitem__(self, index: int) -> int:
        return 0

    def __setitem__(self, index: int, value: int) -> None:
        return


def _recorded_before(send: Callable[..., None]) -> Callable[..., None]:
    """What is sent is recorded as delivered first."""

    def record_and_send(flights: Any, lane: Any, row: Any, now: float) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE webhooks_webhookdata SET state = 2, "
                "delivered_at = clock_timestamp() WHERE id = %s",
                [row.id],
            )
        send(flights, lane, row, now)

    return record_and_send


def _wide_open(*, cap: int) -> Ramp:
    """A window that needs no success."""
    return Ramp(cap=cap, window=cap)


MUTANTS: Final[dict[str, Mutant]] = {
    "replays-of-the-dead": Mutant(
        removes="A replay whose worker died is taken up by another.",
        places={
            "apps.webhooks.replay.items._CLAIM": without(
                "o.leased_until > clock_timestamp()", "o.leased_until IS NOT NULL"
            )
        },
    ),
    "leases-never-end": Mutant(
        removes="A lease that ran out is taken by another pump.",
        places={
            "apps.webhooks.engine.leases.ACQUIRE": without(
                "(l.leased_until IS NULL OR l.leased_until <= now.instant)",
                "l.leased_until IS NULL",
            )
        },
    ),
    "nobody-sweeps": Mutant(
        removes="What no bell told is found by the sweep and the flusher.",
        places={"django.conf.settings.CELERY_BEAT_SCHEDULE": always({})},
    ),
    "outcomes-are-dropped": Mutant(
        removes="Outcomes are kept while the database does not answer.",
        places={"apps.webhooks.engine.recorder.is_outage": always(lambda error: False)},
    ),
    "the-dead-are-awake": Mutant(
        removes="A pump that says nothing for three seconds counts as gone.",
        places={
            "apps.webhooks.engine.mailbox._RING": without(
                "redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)"
            )
        },
    ),
    "sigterm-is-not-heard": Mutant(
        removes="A pump stops taking work when its worker is told to end.",
        places={"apps.webhooks.tasks._stopping": always(_Deaf())},
    ),
    "sockets-have-no-timeout": Mutant(
        removes="Connections to the broker have timeouts and are looked after.",
        places={
            "django.conf.settings.CELERY_BROKER_TRANSPORT_OPTIONS": always(
                {"global_keyprefix": "bankhooks:"}
            ),
            # Which would not let such a worker start.
            "apps.webhooks.celery_checks._CELERY": always(()),
        },
    ),
    "no-breaker": Mutant(
        removes="After Redis failed, nobody asks it for five seconds.",
        places={"apps.webhooks.engine.mailbox.BREAKER_SECONDS": always(0.0)},
    ),
    "the-loop-only-flushes": Mutant(
        removes="`flush --loop` looks for work between two executions.",
        places={"apps.webhooks.management.commands.flush.PAUSE_SECONDS": always(60.0)},
    ),
    "recorded-before-sent": Mutant(
        removes="A row is delivered once its receiver has said so, and not before.",
        places={"apps.webhooks.engine.flights.Flights._send": _recorded_before},
    ),
    "windows-are-not-seen": Mutant(
        removes="A webhook has a bounded number of requests in flight.",
        places={
            "apps.webhooks.engine.lane.Lane.may_send": always(
                property(lambda lane: bool(lane.waiting) and not lane.closed)
            )
        },
    ),
    "windows-begin-open": Mutant(
        removes="A webhook is sent one request, and more as it accepts them.",
        places={"apps.webhooks.engine.lane.Ramp": always(_wide_open)},
    ),
    "one-webhook-at-a-time": Mutant(
        removes="A pump serves its webhooks in turn.",
        places={"apps.webhooks.engine.lanes.MOST_LANES": always(1)},
    ),
    "refusals-are-bugs": Mutant(
        removes="What the database cannot take now is refused with 503.",
        places={"apps.webhooks.api.errors.is_outage": always(lambda error: False)},
    ),
    "late-failures-count": Mutant(
        removes="A failure counts only under the token that the lease still has.",
        places={
            "apps.webhooks.engine.settle.SETTLE": without("l.token = o.token", "true")
        },
    ),
    "everybody-has-their-own-time": Mutant(
        removes="What is sent and rests is dated by the database's clock.",
        places={
            "apps.webhooks.engine.clock.Clock.correct": always(lambda *_: None),
        },
    ),
    "secrets-stay-as-they-are": Mutant(
        removes="What older keys have sealed is sealed anew by the newest.",
        places={
            "apps.encryption.resealing._RESEAL": without("WHERE", "WHERE false AND")
        },
    ),
    "nobody-misses-the-flusher": Mutant(
        removes="After three periods without an execution /readyz says so.",
        places={"apps.webhooks.probes.MISSED_EXECUTIONS": always(1_000_000)},
    ),
    "every-tick-is-an-execution": Mutant(
        removes="Ticks less than three quarters of a period apart are one execution.",
        places={
            "apps.webhooks.engine.executions._BEGIN": without(
                "AND started_at >", "AND false AND started_at >"
            )
        },
    ),
    "no-backlog-is-too-long": Mutant(
        removes="POST /events is refused while too much waits.",
        places={
            "apps.webhooks.intake.Intake.check_backlog": always(lambda intake: None)
        },
    ),
    "whoever-comes-waits": Mutant(
        removes="POST /events is refused while the database is slow.",
        places={
            "apps.webhooks.intake.Intake.place": always(lambda intake: nullcontext())
        },
    ),
    "locks-outlive-transactions": Mutant(
        removes="The flusher's lock ends with its transaction, not with a connection.",
        places={
            "apps.webhooks.engine.executions._SERIALISE": without(
                "pg_advisory_xact_lock", "pg_advisory_lock"
            )
        },
    ),
    "cursors-live-in-the-server": Mutant(
        removes="No cursor is left in the server between two transactions.",
        places={
            "django.db.connection.settings_dict": lambda found: {
                **found,
                "DISABLE_SERVER_SIDE_CURSORS": False,
            }
        },
    ),
    "all-bodies-at-once": Mutant(
        removes="Bodies in flight are bounded by their bytes.",
        places={"apps.webhooks.engine.flights.BODY_BYTES": always(1 << 40)},
    ),
    "nothing-is-put-aside": Mutant(
        removes="A row that three pumps have died of is put aside.",
        places={"apps.webhooks.engine.leases.DEATHS_TO_QUARANTINE": always(1_000_000)},
    ),
    "keys-are-not-unique": Mutant(
        removes="A source uses an idempotency key for one event only.",
        places={
            "apps.webhooks.emit.EMIT": without(
                "%(source)s,\n", "%(source)s || left(md5(random()::text), 8),\n"
            )
        },
    ),
    "temporary-users-are-not-locked": Mutant(
        removes="An emission locks a temporary user until its data is committed.",
        places={
            "apps.webhooks.emit.EMIT": without(
                "permanent_at IS NULL FOR SHARE", "permanent_at IS NULL"
            )
        },
    ),
}
