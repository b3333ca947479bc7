"""Opens the world of one drill, on a database of its own, and closes it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from apps.receiver.server import Receiver
from benchmarks.processes import Children
from tests.drills.ledger import SECRET, Ledger
from tests.drills.world import World
from webhooks_project.embedded import Services


@contextmanager
def opened(
    services: Services, folder: Path, environment: Mapping[str, str], mutant: str
) -> Iterator[World]:
    """A world with a database of its own, made from the one that is migrated."""
    url = _database(services.database_url)
    environment = {**environment, "DATABASE_URL": url, "DRILL_MUTANT": mutant}
    ledger = Ledger()
    with Children(folder, environment) as children:
        if mutant:
            _prepare(children)
        with Receiver(secrets=SECRET, on_delivery=ledger.add) as receiver:
            emitter = children.python(
                "emitter", "tests.drills.child", "tests.drills.emitter"
            )
            world = World(services, children, receiver, ledger, folder, url, emitter)
            emitter.hear()
            try:
                yield world
            finally:
                world.end()


def _prepare(children: Children) -> None:
    command = ["tests.drills.child", "tests.drills.prepare"]
    child = children.python("prepare", *command, talks=False)
    child.popen.wait(60)
    child.check()


def _database(template: str) -> str:
    """A fresh copy of the migrated database; its URL."""
    place, _, host = template.partition("?")
    server, _, name = place.rpartition("/")
    connection = psycopg2.connect(f"{server}/postgres?{host}")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS drill WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE drill TEMPLATE {name}")
    finally:
        connection.close()
    return f"{server}/drill?{host}"
