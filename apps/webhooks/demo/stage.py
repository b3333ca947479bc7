"""The stage: a migrated database, the processes, and a clean end whatever happens."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from apps.receiver.server import Receiver
from apps.webhooks.demo.cast import Account
from apps.webhooks.demo.processes import HOST, Processes
from apps.webhooks.demo.screen import Screen
from apps.webhooks.tasks import mailbox

ENDING = (signal.SIGTERM, signal.SIGHUP)

WEB_PORT, RECEIVER_PORT = 8000, 8899


@contextmanager
def interruptible() -> Iterator[None]:
    """Signals end the block as Ctrl-C does; once it ends, nothing interrupts that."""
    for number in ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)
    yield


def end(number: int, frame: FrameType | None) -> NoReturn:
    """End through every `with` and `finally`."""
    raise SystemExit(128 + number)


@contextmanager
def running(folder: Path) -> Iterator[Processes]:
    """Processes that are all gone after the block, however it is left."""
    with interruptible(), Processes(folder) as processes:
        try:
            yield processes
        finally:
            # The last steps take bounded time; a second Ctrl-C would leave some.
            for number in (signal.SIGINT, *ENDING):
                signal.signal(number, signal.SIG_IGN)


def migrate(screen: Screen) -> None:
    """Bring the database up to date."""
    with screen.waiting("migrating"):
        call_command("migrate", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (postgresql,) = cursor.fetchone()
    redis = mailbox().redis.info("server")["redis_version"]
    screen.done(f"PostgreSQL {postgresql}, Redis {redis}", "real servers, migrated")


def say_what_may_be_dialled(screen: Screen) -> None:
    """What is open here, and would not be in production."""
    networks = settings.WEBHOOKS_ALLOWED_NETWORKS or "public addresses only"
    http = "plain http" if settings.WEBHOOKS_ALLOW_HTTP else "https only"
    screen.note(f"may be dialled: {networks}", f"{http}: set for this machine only")


def start_service(processes: Processes, port: int, *, reload: bool = False) -> None:
    """Workers, beat and the web; `reload` makes the web follow the source code."""
    processes.start_worker("pump", 2)
    processes.start_worker("control", 1, beat=True)
    if reload:
        processes.start_web(port, ["--reload"], DEBUG="true")
    else:
        call_command("collectstatic", verbosity=0, interactive=False)
        processes.start_web(port)


def wait_for_service(screen: Screen, processes: Processes) -> None:
    """Until all of it answers."""
    with screen.waiting("starting workers, beat and the web"):
        processes.wait_until_ready()
    screen.done("2 workers, beat, web", f"logs in {shown(processes.folder)}")
    say_what_may_be_dialled(screen)


def shown(folder: Path) -> str:
    """A folder as seen from here."""
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)


def show_doors(
    screen: Screen, *, port: int, account: Account, token: str, receiver: Receiver
) -> None:
    """Addresses, and what opens them."""
    web = f"http://{HOST}:{port}"
    screen.line()
    screen.door("console", f"{web}/admin/", f"{account.name} / {account.password}")
    screen.door("API", f"{web}/2.0/", "with this configuration token:")
    screen.door("", token, "")
    screen.door("receiver", receiver.url("/"), "verifies and shows what arrives")
