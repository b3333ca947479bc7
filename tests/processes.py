"""Real Celery workers and beat as subprocesses, against the test database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

ENVIRONMENT = {
    # A receiver on loopback is refused in production.
    "HTTPS_ONLY": "false",
    "WEBHOOKS_ALLOWED_NETWORKS": "127.0.0.0/8",
    "WEBHOOKS_ALLOW_HTTP": "true",
    "WEBHOOKS_FLUSHER_PERIOD": "2",
    "WEBHOOKS_SWEEP_PERIOD": "1",
    "WEBHOOKS_DEADLINE": "2",
    "WEBHOOKS_SETTLE": "2",
    "WEBHOOKS_LEASE": "4",
    "PYTHONDEVMODE": "",
}
CELERY = ("-m", "celery", "-A", "webhooks_project")
ROLES = {
    "pump": ("worker", "-Q", "pump", "-c", "2"),
    "control": ("worker", "-Q", "control", "-c", "1"),
    "beat": ("beat",),
}


class Process:
    """One role of the service, with its process group and its log."""

    def __init__(self, role: str, folder: Path, changes: Mapping[str, str]) -> None:
        self.role = role
        self._folder = folder
        self._changes = changes
        self.start()

    def start(self) -> None:
        """Start it, or start it again."""
        kind, *options = ROLES[self.role]
        log = self._folder / f"{self.role}.log"
        if kind == "worker":
            options += ["-n", f"{self.role}-{os.getpid()}@test", "-O", "fair"]
            options += ["--without-gossip", "--without-mingle"]
        else:
            options += ["-s", str(self._folder / "schedule")]
            options += ["--pidfile", ""]
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                [sys.executable, *CELERY, kind, *options, "-l", "INFO"],
                env={**os.environ, **environment(), **self._changes},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """kill -9 of the whole group: no clean-up of any kind."""
        os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def terminate(self) -> int:
        """SIGTERM, as an orchestrator does; its exit status."""
        self.popen.terminate()
        return self.popen.wait(30)

    def log(self) -> str:
        """What it said."""
        return (self._folder / f"{self.role}.log").read_text()


def environment() -> dict[str, str]:
    """The environment of a process of the service under test."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    path = "/" + str(connection.settings_dict["NAME"])
    return {"DATABASE_URL": urlunsplit(parts._replace(path=path)), **ENVIRONMENT}


@contextmanager
def running(folder: Path) -> Iterator[Callable[..., Process]]:
    """A function that starts processes; all are gone at the end of the block."""
    started: list[Process] = []

    def start(role: str, **changes: str) -> Process:
        process = Process(role, folder, changes)
        started.append(process)
        return process

    try:
        yield start
    finally:
        for process in started:
            if process.popen.poll() is None:
                process.kill()
