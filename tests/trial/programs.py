"""Processes of the trial: each with a log, restarted as by systemd, none left over."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from apps.webhooks.demo.processes import kill_group

SECONDS: Final = 60.0
# As RestartSec of the units, but shorter: a trial is watched.
RESTART_SECONDS: Final = 1.0
STOP_SECONDS: Final = 30.0
PACKAGES: Final = "postgresql redis-server prometheus prometheus-alertmanager"


class TrialFailed(Exception):
    """Something is not as it should be: what."""


def program(name: str) -> str:
    """Where a program of Debian's packages is."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", *map(str, places)])
    found = shutil.which(name, path=path)
    if found is None:
        raise TrialFailed(f"{name} is missing: apt-get install {PACKAGES}")
    return found


def server_user() -> str | None:
    """Who runs PostgreSQL, which refuses to be root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError as error:
        raise TrialFailed(f"There is no user postgres: {PACKAGES}") from error


def until(condition: Callable[[], bool], what: str, seconds: float = SECONDS) -> float:
    """Wait for it; how long it took. Raises `TrialFailed`."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise TrialFailed(f"Not within {seconds:.0f} s: {what}.")
        time.sleep(0.1)
    return time.monotonic() - began


class Programs:
    """Those of one `with` block; `folder` has their logs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.restarts: dict[str, int] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ending = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """In the order opposite to that of their start."""
        self._ending.set()
        for name in reversed(self._running):
            self.stop(name)

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        restarts: bool = False,
    ) -> None:
        """Start it; with `restarts`, again whenever it ends by itself."""

        def run() -> subprocess.Popen[bytes]:
            with (self.folder / f"{name}.log").open("ab") as log:
                return subprocess.Popen(
                    command,
                    cwd=cwd or self.folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    user=user,
                )

        self._running[name] = run()
        if restarts:
            self.restarts[name] = 0
            keep = threading.Thread(target=self._keep, args=(name, run), daemon=True)
            keep.start()

    def _keep(self, name: str, run: Callable[[], subprocess.Popen[bytes]]) -> None:
        while True:
            self._running[name].wait()
            if self._ending.wait(RESTART_SECONDS):
                return
            kill_group(self._running[name].pid)
            self.restarts[name] += 1
            self._running[name] = run()

    def pid(self, name: str) -> int:
        """The first process's number."""
        return self._running[name].pid

    def stop(self, name: str) -> None:
        """End it, as politely as it lets itself be ended."""
        process = self._running[name]
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        kill_group(process.pid)

    def check(self) -> None:
        """Raise `TrialFailed` if one that is not restarted has ended."""
        for name, process in self._running.items():
            if name not in self.restarts and process.poll() is not None:
                raise TrialFailed(f"{name} ended: {self.last_words(name)}")

    def last_words(self, name: str) -> str:
        """The end of its log."""
        text = (self.folder / f"{name}.log").read_text(errors="replace")
        return " / ".join(text.splitlines()[-5:])


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
) -> str:
    """A command to its end; what it said. Raises `TrialFailed`."""
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, user=user
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-8:]
        raise TrialFailed(f"{' '.join(command)}: {' / '.join(said)}")
    return done.stdout
