"""The bench: servers of its own, the receiver, and the service's processes."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg2
import psycopg2.extensions
import redis
import requests

from benchmarks.compiler import compiled
from benchmarks.processes import ROOT, BenchmarkError, Child, Children
from benchmarks.receiver import SOURCE, Receiver, receiving
from webhooks_project.embedded import Services
from webhooks_project.embedded.keys import new_keys
from webhooks_project.embedded.redis import free_port

FOLDER: Final = ROOT / ".services" / "bench"
LOGS: Final = ROOT / ".services" / "bench-logs"
# Prefork processes of the pump's worker, one per core of the reference machine.
PUMPS: Final = 2
WEBHOOKS: Final = 100
APP: Final = "webhooks_project"
# As in deploy/Dockerfile.
GUNICORN: Final = ("-c", "python:webhooks_project.gunicorn_config")
QUIET: Final = ("-O", "fair", "--without-gossip", "--without-mingle")
POLL_SECONDS: Final = 0.005
# Without any progress for so long, deliveries are lost.
STUCK_SECONDS: Final = 30.0
# Files of PostgreSQL's log that are at hand, 16 MB each: more than a round writes.
LOG_FILES: Final = 64
# What would make this another service than production's, were it in the environment.
_FOREIGN: Final = ("WEBHOOKS_", "CELERY_", "DATABASE_", "REDIS_", "PYTHONDEVMODE")
_LOCAL: Final = {
    "DJANGO_SETTINGS_MODULE": "webhooks_project.settings",
    # The one difference: the receiver is on loopback, without TLS.
    # Receivers on loopback are for what does not serve the public.
    "HTTPS_ONLY": "false",
    "WEBHOOKS_ALLOWED_NETWORKS": "127.0.0.0/8",
    "WEBHOOKS_ALLOW_HTTP": "true",
    "LOG_LEVEL": "INFO",
}
# For webhooks that never accept rows stay pending.
_PENDING: Final = """
SELECT EXISTS (
    SELECT 1 FROM webhooks_webhook w WHERE w.url !~ '/(hang|refuse)/' AND EXISTS (
        SELECT 1 FROM webhooks_webhookdata d WHERE d.webhook_id = w.id AND d.state = 1))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """A running API: its process, address and a token with the scope `emit`."""

    child: Child
    url: str
    token: str


@dataclass(slots=True)
class Bench:
    """What measurements share."""

    children: Children
    receiver: Receiver
    services: Services
    scratch: Path
    database: psycopg2.extensions.connection
    broker: redis.Redis

    def servers(self) -> dict[str, list[int]]:
        """The roots of their trees of processes."""
        postgres, broker = self.services.postgres.pid, self.services.redis.pid
        if postgres is None or broker is None:
            raise BenchmarkError("A server has ended.")
        return {"PostgreSQL": [postgres], "Redis": [broker]}

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Read from the database."""
        with self.database.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    @contextmanager
    def workers(self) -> Iterator[list[int]]:
        """The service as it runs in production: its workers and beat; their pids."""
        beat = str(self.scratch / "beat")
        with self.pumps(PUMPS) as pump:
            control = self.children.worker(
                "control", APP, "control", "-c", 1, *QUIET, "-B", "-s", beat
            )
            control.wait_for(" ready.")
            yield [pump.pid, control.pid]
            self.children.stop(control)

    @contextmanager
    def pumps(self, processes: int, **settings: object) -> Iterator[Child]:
        """The pump's worker alone, so that no flusher comes in between."""
        with self.children.told(settings):
            worker = self.children.worker("pump", APP, "pump", "-c", processes, *QUIET)
        worker.wait_for(" ready.")
        yield worker
        self.children.stop(worker)

    @contextmanager
    def web(self) -> Iterator[Web]:
        """The API as it runs in production, and a token to emit with."""
        port = free_port()
        where = ["--bind", f"127.0.0.1:{port}"]
        child = self.children.python("web", "gunicorn", *GUNICORN, *where, talks=False)
        child.wait_for("Booting worker")
        url = f"http://127.0.0.1:{port}"
        _answers(f"{url}/livez")
        token = self.children.ours("token", "benchmarks.token").hear()
        yield Web(child=child, url=url, token=token)
        self.children.stop(child)

    def begin(self) -> None:
        """Nothing is left of what was before; no worker may run.

        Workers that find rows of another target would send them as this one's.
        """
        with self.database.cursor() as cursor:
            cursor.execute("TRUNCATE webhooks_webhookdata CASCADE")
            cursor.execute("CHECKPOINT")
        self.broker.flushall()
        self.receiver.reset()

    def emitted(self, events: int, *options: object) -> Child:
        """A backlog that is ready to be committed."""
        arguments = ["--events", events, *options]
        return self.children.ready("backlog", "benchmarks.backlog", *arguments)

    def commit(self, backlog: Child) -> int:
        """Let a backlog be committed; when it was, in monotonic nanoseconds."""
        backlog.tell("commit")
        committed = int(backlog.hear())
        self.children.stop(backlog)
        return committed

    def registered(self, webhooks: int = WEBHOOKS, manner: str = "") -> list[object]:
        """The options of a backlog that begins with an empty database.

        `manner`: "/refuse" or "/hang", if that is how the receiver behaves.
        """
        return ["--url", self.receiver.url + manner, "--webhooks", webhooks]

    def wait_for(self, requests: int, *, durable: bool = True) -> int:
        """Wait until so many requests arrived and, if `durable`, all is recorded.

        Returns the instant, in monotonic nanoseconds.
        """
        seen, since = -1, time.monotonic()
        while self.receiver.accepted < requests or (durable and self._is_pending()):
            if self.receiver.accepted != seen:
                seen, since = self.receiver.accepted, time.monotonic()
            if time.monotonic() - since > STUCK_SECONDS:
                raise BenchmarkError(
                    f"Nothing moves: {seen} of {requests} requests came "
                    f"(see {LOGS.relative_to(ROOT)})."
                )
            time.sleep(POLL_SECONDS)
        return time.monotonic_ns()

    def _is_pending(self) -> bool:
        return bool(self.rows(_PENDING)[0][0])


@contextmanager
def bench() -> Iterator[Bench]:
    """Everything started and migrated; everything gone after the block."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        program = compiled(SOURCE, scratch)
        services = Services(
            FOLDER,
            fresh=True,
            keep=False,
            environment={},
            postgres_settings={"min_wal_size": f"{LOG_FILES * 16}MB"},
        )
        stack.enter_context(services)
        children = Children(LOGS, _environment(services.environment()))
        stack.enter_context(children)
        receiver = stack.enter_context(receiving(children, program))
        migration = children.python(
            "migration", "django", "migrate", "-v", "0", talks=False
        )
        if migration.popen.wait():
            migration.check()
        database = psycopg2.connect(services.database_url)
        stack.callback(database.close)
        database.autocommit = True
        _season(database)
        broker = redis.Redis.from_url(services.redis_url)
        stack.callback(broker.close)
        yield Bench(children, receiver, services, scratch, database, broker)


def _answers(url: str) -> None:
    """Wait until it does: a process boots before it has loaded the project."""
    until = time.monotonic() + STUCK_SECONDS
    while time.monotonic() < until:
        with suppress(requests.RequestException):
            if requests.get(url, timeout=STUCK_SECONDS).ok:
                return
        time.sleep(POLL_SECONDS)
    raise BenchmarkError(f"{url} does not answer.")


def _season(database: psycopg2.extensions.connection) -> None:
    """Have files for the log at hand, as a database has that has run for a while.

    A new one is filled with zeros first, 40 ms in which nothing commits; checkpoints
    hand back those that are done with.
    """
    with database.cursor() as cursor:
        for _ in range(LOG_FILES):
            cursor.execute("SELECT pg_logical_emit_message(true, '', '')")
            cursor.execute("SELECT pg_switch_wal()")
        cursor.execute("CHECKPOINT")


def _environment(servers: Mapping[str, str]) -> dict[str, str]:
    """The defaults of production, whatever the environment says."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FOREIGN)
    }
    return {**kept, **new_keys(), **_LOCAL, **servers}
