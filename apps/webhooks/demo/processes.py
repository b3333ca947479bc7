"""The service's own processes, started and stopped as one; none is ever left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from django.conf import settings

HOST: Final = "127.0.0.1"
START_SECONDS: Final = 40.0
# What is in flight ends within its deadline; past that, nothing is waited for.
STOP_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.05


class ProcessEnded(Exception):
    """A process ended, or did not start: which, and where its log is."""


@dataclass(slots=True)
class Process:
    """One process with its group and its log. `is_ready` looks at it from outside."""

    title: str
    log: Path
    popen: subprocess.Popen[bytes]
    is_ready: Callable[[], bool]

    def check(self) -> None:
        """Raise `ProcessEnded` if it has."""
        if self.popen.poll() is not None:
            raise ProcessEnded(
                f"The {self.title} ended with status {self.popen.returncode}: "
                f"{last_line(self.log)} (see {self.log})"
            )


@dataclass(slots=True)
class Processes:
    """Those of one `with` block; `folder` receives their logs."""

    folder: Path
    _running: list[Process] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell all to end, wait, and end whatever is left in their groups."""
        self.stop()

    def start_worker(self, queue: str, processes: int, *, beat: bool = False) -> None:
        """A Celery worker of one queue, with beat in it if wished."""
        options = ["-Q", queue, "-c", str(processes), "-n", f"{queue}@bankhooks"]
        options += ["-O", "fair", "--without-gossip", "--without-mingle", "-l", "INFO"]
        if beat:
            schedule = self.folder / "beat"
            for old in self.folder.glob(f"{schedule.name}*"):
                old.unlink()
            options += ["-B", "-s", str(schedule)]
        command = ["-m", "celery", "-A", "webhooks_project", "worker", *options]
        self._start(f"{queue} worker", command, lambda log: " ready." in tail(log))

    def start_web(self, port: int, options: Sequence[str] = (), **changes: str) -> None:
        """The web under gunicorn; `changes` go over the environment."""
        command = ["-m", "gunicorn", "webhooks_project.wsgi", "--bind"]
        command += [f"{HOST}:{port}", "--threads", "4", "--no-control-socket"]
        self._start("web", [*command, *options], lambda _: is_listening(port), changes)

    def wait_until_ready(self) -> None:
        """Wait until all are; raise `ProcessEnded` when one will not be."""
        end = time.monotonic() + START_SECONDS
        waiting = list(self._running)
        while waiting:
            self.check()
            waiting = [each for each in waiting if not each.is_ready()]
            if waiting and time.monotonic() > end:
                first = waiting[0]
                raise ProcessEnded(
                    f"The {first.title} did not start within {START_SECONDS:.0f} s "
                    f"(see {first.log})"
                )
            time.sleep(POLL_SECONDS)

    def check(self) -> None:
        """Raise `ProcessEnded` if one has ended."""
        for process in self._running:
            process.check()

    def stop(self) -> None:
        """End all; harmless the second time."""
        for process in self._running:
            if process.popen.poll() is None:
                process.popen.terminate()
        end = time.monotonic() + STOP_SECONDS
        for process in self._running:
            try:
                process.popen.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.popen.kill()
                process.popen.wait()
            kill_group(process.popen.pid)
        self._running.clear()

    def _start(
        self,
        title: str,
        arguments: Sequence[str],
        is_ready: Callable[[Path], bool],
        changes: Mapping[str, str] | None = None,
    ) -> None:
        log = self.folder / f"{title.replace(' ', '-')}.log"
        leash = [sys.executable, "-m", "apps.webhooks.demo.leash", str(os.getpid())]
        with log.open("wb") as output:
            # A session of its own: Ctrl-C in the terminal is the owner's to handle.
            popen = subprocess.Popen(
                [*leash, sys.executable, *arguments],
                cwd=settings.BASE_DIR,
                env={**os.environ, **(changes or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append(Process(title, log, popen, lambda: is_ready(log)))


def kill_group(group: int) -> None:
    """SIGKILL to what a process left of its own group, if it left anything."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def tail(log: Path, size: int = 16_384) -> str:
    """The end of a log."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - size))
        return file.read().decode(errors="replace")


def last_line(log: Path) -> str:
    """What a process said last."""
    lines = [line.strip() for line in tail(log).splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def is_listening(port: int) -> bool:
    """Whether somebody accepts connections on a loopback port."""
    try:
        socket.create_connection((HOST, port), 1).close()
    except OSError:
        return False
    return True


def free_port(wished: int) -> int:
    """The wished loopback port if nobody has it, else any that is free."""
    for port in (wished, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            bound: int = probe.getsockname()[1]
            return bound
    raise OSError("There is no free port on loopback.")
