"""A server that is a child of this process: started, watched, stopped, never leaked."""

from __future__ import annotations

import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from webhooks_project.embedded.account import Account, identity
from webhooks_project.embedded.errors import ServiceError, reason

START_SECONDS = 60.0
"""Recovery after a crash in the middle of a benchmark takes most of a minute."""

STOP_SECONDS = 15.0
"""A last checkpoint on a slow disk; past that, the abrupt way loses nothing either."""

POLL_SECONDS = 0.01

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""What a server sees: nothing of the owner's, whose PG* variables would mislead it."""


class Server(ABC):
    """One server, with the handles that failure drills need."""

    title: ClassVar[str]
    variable: ClassVar[str]
    polite: ClassVar[signal.Signals]
    abrupt: ClassVar[signal.Signals]

    def __init__(self, *, log: Path, account: Account | None = None) -> None:
        """`log` receives all that the server says; `account` is who it runs as."""
        self.log = log
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients find it; the same for as long as this object lives."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The program and its arguments; it must stay in the foreground."""

    @abstractmethod
    def _is_ready(self, pid: int) -> bool:
        """Whether it answers."""

    def _passes(self, why: str) -> bool:
        """Whether a failure to start goes away by itself."""
        return False

    @property
    def pid(self) -> int | None:
        """The main process's id while it runs."""
        if self._process is None or self._process.poll() is not None:
            return None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers. Raises `ServiceError`."""
        deadline = time.monotonic() + START_SECONDS
        while self.pid is None:
            why = self._attempt(deadline)
            if why is None:
                return
            if not self._passes(why) or time.monotonic() > deadline:
                raise self._failure(why)
            time.sleep(10 * POLL_SECONDS)

    def stop(self, *, immediate: bool = False) -> None:
        """Stop it, cleanly or as a crash would; harmless when it is not running."""
        first = self.abrupt if immediate else self.polite
        for number in (first, self.abrupt, signal.SIGKILL):
            if self._end(number):
                return

    def kill(self) -> None:
        """SIGKILL: no goodbye to anybody."""
        self._end(signal.SIGKILL)

    def restart(self, *, immediate: bool = True) -> None:
        """Stop and start on the same URL."""
        self.stop(immediate=immediate)
        self.start()

    def _attempt(self, deadline: float) -> str | None:
        """Launch and wait until ready; the reason when it gave up instead."""
        self.log.touch()
        said_before = self.log.stat().st_size
        process = self._launch()
        while process.poll() is None:
            if self._is_ready(process.pid):
                return None
            if time.monotonic() > deadline:
                self.kill()
                raise self._failure(f"it did not answer in {START_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)
        said = self.log.read_bytes()[said_before:]
        return reason(said.decode(errors="replace"))

    def _launch(self) -> subprocess.Popen[bytes]:
        with open(self.log, "ab") as log:
            try:
                # A session of its own: Ctrl-C in the terminal is the owner's to
                # handle, and must not take the servers from under it.
                self._process = subprocess.Popen(
                    self._command(),
                    cwd="/",
                    env=ENVIRONMENT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    **identity(self._account),
                )
            except OSError as error:
                raise self._failure(str(error)) from error
        return self._process

    def _end(self, number: signal.Signals) -> bool:
        """Signal it and wait; whether it has ended."""
        if self._process is None:
            return True
        self._process.send_signal(number)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        self._process = None
        return True

    def _failure(self, why: str) -> ServiceError:
        return ServiceError(
            f"{self.title} cannot start: {why}; see {self.log} or set {self.variable}."
        )
