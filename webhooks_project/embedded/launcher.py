"""What `manage.py` does around Django: services, keys, one-line failures."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import kombu.exceptions
import redis.exceptions
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

from apps.audit.actors import acting, of_command
from webhooks_project.embedded.errors import ServiceError
from webhooks_project.embedded.folder import ENVIRONMENT, running_environment
from webhooks_project.embedded.keys import (
    LOCAL_SETTINGS,
    NOWHERE,
    kept_keys,
    new_keys,
)
from webhooks_project.embedded.services import Services
from webhooks_project.environment import UNUSABLE, is_given

ROOT = Path(__file__).resolve().parents[2] / ".services"

SELF_HOSTING = frozenset({"demo", "dev"})
"""The commands that bring the servers that the environment does not name."""

FRESH = frozenset({"demo"})
"""Those that tell their story from the beginning each time."""

ALONE = frozenset({"help", "listen", "verify"})
"""Those that need no server, no key, and so no environment."""

URLS = ("DATABASE_URL", "REDIS_URL")

ENDING = (signal.SIGTERM, signal.SIGHUP)

FAILURES: dict[type[Exception], str] = {
    ServiceError: "",
    ImproperlyConfigured: UNUSABLE,
    OperationalError: "The database cannot be used: ",
    kombu.exceptions.OperationalError: "The broker cannot be used: ",
    redis.exceptions.RedisError: "The broker cannot be used: ",
}
"""What an operator puts right without reading a traceback, and how the line begins."""


def main(argv: Sequence[str]) -> int:
    """Run the command; the exit status, with one line on stderr when it failed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webhooks_project.settings")
    try:
        run(argv)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except tuple(FAILURES) as error:
        if "--traceback" in argv:
            raise
        sys.stderr.write(f"{one_line(error)}\n")
        return 1
    return 0


def command() -> int:
    """The same where the project is installed: `bankhooks`."""
    return main(["bankhooks", *sys.argv[1:]])


def one_line(error: Exception) -> str:
    """What the error says, in one line that begins with what it is about."""
    start = next(text for kind, text in FAILURES.items() if isinstance(error, kind))
    return start + " ".join(str(error).split())


def run(argv: Sequence[str]) -> None:
    """Give the command the environment it needs, and run it."""
    command = argv[1] if len(argv) > 1 else "help"
    with ExitStack() as stack:
        if command in ALONE or {"-h", "--help"} & set(argv):
            fill({**NOWHERE, **new_keys()})
        elif command in SELF_HOSTING:
            stack.enter_context(hosting(ROOT / command, fresh=command in FRESH))
        else:
            adopt(ROOT)
        stack.enter_context(acting(lambda: of_command(argv)))
        execute_from_command_line(list(argv))


@contextmanager
def hosting(folder: Path, *, fresh: bool) -> Iterator[None]:
    """Bring what is missing, servers and keys, and take the servers away after."""
    missing = not all(is_given(name) for name in URLS)
    with ExitStack() as stack:
        if missing:
            for number in ENDING:
                # Ignored already (nohup): then its end is not ours either.
                if signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, end)
            services = stack.enter_context(Services(folder, fresh=fresh))
            # Called before the services stop: a second Ctrl-C would leave some.
            stack.callback(ignore_signals)
            fill(services.environment())
        fill({**LOCAL_SETTINGS, **kept_keys(folder)})
        yield


def end(number: int, frame: FrameType | None) -> NoReturn:
    """End as after Ctrl-C, through every `with` and `finally`."""
    raise SystemExit(128 + number)


def ignore_signals() -> None:
    """Nothing interrupts the last steps, which take bounded time."""
    for number in (signal.SIGINT, *ENDING):
        signal.signal(number, signal.SIG_IGN)


def adopt(root: Path) -> None:
    """Use the services that another terminal runs, the youngest ones.

    Only while no database is named: one that is named is not theirs, and their keys
    must never seal what is written to it.
    """
    if is_given("DATABASE_URL"):
        return
    states = [root / command / ENVIRONMENT for command in SELF_HOSTING]
    found = [state for state in states if state.exists()]
    for state in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        running = running_environment(state.parent)
        if running:
            fill({**LOCAL_SETTINGS, **kept_keys(state.parent), **running})
            return


def fill(values: Mapping[str, str]) -> None:
    """Set the variables that the environment lacks."""
    for name, value in values.items():
        if not is_given(name):
            os.environ[name] = value
