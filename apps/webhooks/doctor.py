"""What a service needs to be well, looked at one after another.

Each finding says in a line what is so and, where it is wrong, how to mend it. What
cannot be looked at because something else is away has no verdict.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Final, NamedTuple

from django.conf import settings
from django.core.checks import run_checks
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError

from apps.auth_providers.models import AuthProvider
from apps.configuration.keys import CA_CERT
from apps.configuration.store import value
from apps.encryption.keyring import Keyring, KeyringError
from apps.outbound.outcome import Outcome
from apps.outbound.policies import url_policy
from apps.outbound.transport import OutgoingRequest, Transport
from apps.outbound.urls import ForbiddenUrl, check_url
from apps.webhooks.conf import transport_policy
from apps.webhooks.engine.executions import current_execution
from apps.webhooks.figures import COUNTED, count_pending
from apps.webhooks.heartbeats import needed_queues, served_queues
from apps.webhooks.tasks import mailbox

# Receivers allow five minutes between BI-Signature-Date and their own clock.
SKEW_SECONDS: Final = 2.0
# Of so many providers, the newest and the oldest, it is seen whether they open.
OPENED: Final = 20
# Two executions may be missed: a deployment takes a while.
MISSED_EXECUTIONS: Final = 3


class Finding(NamedTuple):
    """What was looked at; `ok` is None where it could not be."""

    name: str
    ok: bool | None
    says: str
    mend: str = ""


def examine(way_out: str | None = None) -> Iterator[Finding]:
    """All findings, as they are made; `way_out` is an URL to call."""
    yield look_at_settings()
    database = look_at_database()
    yield database
    for name, look in (
        ("migrations", look_at_migrations),
        ("clock", look_at_clock),
        ("keys", look_at_keys),
        ("backlog", look_at_backlog),
    ):
        yield _behind(database, name, look)
    yield look_at_redis()
    yield _behind(database, "beat", look_at_beat)
    for queue in sorted(needed_queues()):
        yield _behind(database, f"worker {queue}", partial(look_at_workers, queue))
    if way_out is not None:
        yield look_at_way_out(way_out)


def _behind(database: Finding, name: str, look: Callable[[], Finding]) -> Finding:
    """A look at what is in the database, which may go away at any time."""
    if not database.ok:
        return Finding(name, None, "cannot be seen without the database")
    try:
        return look()
    except Error as error:
        mend = "python manage.py migrate; then look at the database's log."
        return Finding(name, False, _line(error), mend)


def look_at_settings() -> Finding:
    """What `manage.py check` says, of errors only."""
    faults = [fault for fault in run_checks() if fault.is_serious()]
    if faults:
        says = "; ".join(f"{fault.id}: {fault.msg}" for fault in faults)
        hints = " ".join(str(fault.hint) for fault in faults if fault.hint)
        return Finding("settings", False, says, hints)
    return Finding("settings", True, "python manage.py check finds no error")


def look_at_database() -> Finding:
    """That it answers, and how long it takes."""
    try:
        connection.ensure_connection()
        began = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = cursor.fetchone()[0]
    except Error as error:
        mend = "Start PostgreSQL, or correct DATABASE_URL and DATABASE_PASSWORD."
        return Finding("database", False, _line(error), mend)
    took = (time.monotonic() - began) * 1000
    return Finding("database", True, f"PostgreSQL {version}, {took:.1f} ms")


def look_at_migrations() -> Finding:
    """That the tables are those of this release."""
    missing = unapplied_migrations()
    if not missing:
        return Finding("migrations", True, "all applied")
    says = f"{len(missing)} not applied, {missing[0]} first"
    return Finding("migrations", False, says, "python manage.py migrate")


def unapplied_migrations() -> list[str]:
    """Migrations of this release that the database lacks, in their order."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{each.app_label}.{each.name}" for each, _ in plan]


def look_at_clock() -> Finding:
    """Signatures carry this machine's time; leases run by the database's."""
    before = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        database: datetime = cursor.fetchone()[0]
    middle = before + (datetime.now(UTC) - before) / 2
    skew = (middle - database).total_seconds()
    says = f"{abs(skew):.3f} s {'ahead of' if skew > 0 else 'behind'} the database's"
    if abs(skew) <= SKEW_SECONDS:
        return Finding("clock", True, says)
    mend = "Synchronise both machines: timedatectl set-ntp true, or chrony."
    return Finding("clock", False, says, mend)


def look_at_keys() -> Finding:
    """That the keys open what the database has sealed."""
    try:
        ring = Keyring.parse(settings.WEBHOOKS_ENCRYPTION_KEYS)
        providers = AuthProvider.objects.values_list("config", flat=True)
        newest, oldest = providers.order_by("-pk"), providers.order_by("pk")
        opened = sum(1 for _ in chain(newest[:OPENED], oldest[:OPENED]))
    except KeyringError as error:
        mend = (
            "WEBHOOKS_ENCRYPTION_KEYS: the newest key first, and each older one that "
            "still has sealed something."
        )
        return Finding("keys", False, str(error), mend)
    says = f"{len(ring.ciphers)}, sealing with {ring.primary}; "
    return Finding(
        "keys", True, says + ("secrets open" if opened else "nothing sealed")
    )


def look_at_backlog() -> Finding:
    """That what is to be sent is far from what `POST /events` stops at."""
    most = settings.WEBHOOKS_MAX_BACKLOG or COUNTED
    pending = count_pending(most)
    says = f"{pending} to be sent"
    if not settings.WEBHOOKS_MAX_BACKLOG:
        return Finding("backlog", True, says + " or more" * (pending == most))
    says += f"; from {most} on POST /events is refused"
    if pending <= most / 2:
        return Finding("backlog", True, says)
    mend = "Start more pumps, or delete webhooks that nobody will mend."
    return Finding("backlog", False, says, mend)


def look_at_redis() -> Finding:
    """The bell and the broker."""
    try:
        began = time.monotonic()
        mailbox().redis.ping()
        took = (time.monotonic() - began) * 1000
        policy = mailbox().redis.info("memory").get("maxmemory_policy", "noeviction")
    except RedisError as error:
        mend = "Start Redis, or correct REDIS_URL. Nothing is lost; retries are late."
        return Finding("redis", False, _line(error), mend)
    if policy != "noeviction":
        mend = "redis-cli config set maxmemory-policy noeviction, and in redis.conf."
        return Finding("redis", False, f"its maxmemory-policy is {policy}", mend)
    return Finding("redis", True, f"{took:.1f} ms")


def look_at_beat() -> Finding:
    """Beat lives if the flusher's executions are young."""
    mend = "Start beat, and a worker of the queue control: systemctl status or ps."
    _, began = current_execution()
    if began is None:
        return Finding("beat", False, "the flusher has never been executed", mend)
    age = max(timedelta(), datetime.now(UTC) - began).total_seconds()
    says = f"the flusher's last execution began {age:.0f} s ago"
    if age <= MISSED_EXECUTIONS * settings.WEBHOOKS_FLUSHER_PERIOD:
        return Finding("beat", True, says)
    return Finding("beat", False, says, mend)


def look_at_workers(queue: str) -> Finding:
    """That a worker of this queue has been heard of late."""
    name = f"worker {queue}"
    served = served_queues()[queue]
    if served.workers:
        count = "1 worker" if served.workers == 1 else f"{served.workers} workers"
        return Finding(name, True, f"{count}, heard {served.silent:.0f} s ago")
    mend = f"celery -A webhooks_project worker -Q {queue}"
    says = "no worker has been heard of this queue"
    if served.silent is not None:
        says += f" for {served.silent:.0f} s"
    return Finding(name, False, says, mend)


def look_at_way_out(url: str) -> Finding:
    """One POST with an empty body, by the door that deliveries take."""
    mend = "Look at the firewall, WEBHOOKS_PROXY, WEBHOOKS_CA_FILE and the URL."
    try:
        check_url(url, url_policy())
    except ForbiddenUrl as error:
        return Finding("way out", False, f"the URL is refused: {error}", mend)
    door = Transport(transport_policy(_authorities()), sockets=1)
    try:
        headers = [f"User-Agent: {settings.WEBHOOKS_USER_AGENT}"]
        door.submit(
            OutgoingRequest(url, headers, b"", settings.WEBHOOKS_DEADLINE), None
        )
        ended: list[tuple[object, Outcome]] = []
        while not ended:
            ended = door.completed(settings.WEBHOOKS_DEADLINE)
    finally:
        door.close()
    outcome = ended[0][1]
    if outcome.status is None:
        return Finding("way out", False, f"no answer: {outcome.cause}", mend)
    took = outcome.timing.total_us / 1000
    return Finding("way out", True, f"answered {outcome.status} in {took:.0f} ms")


def _authorities() -> str:
    try:
        return value(CA_CERT)
    except Error:
        return ""


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
