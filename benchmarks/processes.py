"""Child processes that are all gone when the benchmark is."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from apps.webhooks.demo.processes import kill_group, last_line, tail

ROOT: Final = Path(__file__).resolve().parent.parent
# Emitting 100,000 rows on a busy machine takes half of it.
PATIENCE_SECONDS: Final = 120.0
STOP_SECONDS: Final = 15.0
POLL_SECONDS: Final = 0.02


class BenchmarkError(Exception):
    """The measurement cannot be made: why, in one line."""


@dataclass(slots=True)
class Child:
    """One process with its group and its log; talks in lines of JSON, if at all."""

    title: str
    log: Path
    popen: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """The root of its tree of processes."""
        return self.popen.pid

    def check(self) -> None:
        """Raise `BenchmarkError` if it has ended badly."""
        if self.popen.poll():
            raise BenchmarkError(
                f"The {self.title} ended with status {self.popen.returncode}: "
                f"{last_line(self.log)} (see {self.log.relative_to(ROOT)})"
            )

    def hear(self, seconds: float = 0.0) -> Any:
        """The next thing it says; raise `BenchmarkError` if it says nothing more.

        `seconds`: what it does first takes so long.
        """
        assert self.popen.stdout is not None
        patience = PATIENCE_SECONDS + seconds
        ready, _, _ = select.select([self.popen.stdout], [], [], patience)
        line = self.popen.stdout.readline() if ready else b""
        if line:
            return json.loads(line)
        if ready:
            self.popen.wait(STOP_SECONDS)
        self.check()
        raise BenchmarkError(f"The {self.title} says nothing.")

    def tell(self, word: object) -> None:
        """Say something to it."""
        assert self.popen.stdin is not None
        try:
            self.popen.stdin.write(json.dumps(word).encode() + b"\n")
        except BrokenPipeError as error:
            self.popen.wait(STOP_SECONDS)
            self.check()
            raise BenchmarkError(f"The {self.title} is gone.") from error

    def wait_for(self, words: str) -> None:
        """Wait until its log has some words."""
        end = time.monotonic() + PATIENCE_SECONDS
        while words not in tail(self.log):
            self.check()
            if time.monotonic() > end:
                raise BenchmarkError(f"The {self.title} did not start.")
            time.sleep(POLL_SECONDS)

    def terminate(self) -> None:
        """Tell it to end."""
        if self.popen.poll() is None:
            self.popen.terminate()

    def stop(self) -> None:
        """End it as an orchestrator does, and whatever is left of its group."""
        self.terminate()
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe is not None:
                # What was said to one that is gone cannot be flushed.
                with suppress(BrokenPipeError):
                    pipe.close()
        try:
            self.popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        kill_group(self.pid)


@dataclass(slots=True)
class Children:
    """Those of one `with` block; `folder` receives their logs."""

    folder: Path
    environment: Mapping[str, str]
    _told: dict[str, str] = field(default_factory=dict)
    _running: list[Child] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all that still run."""
        self.stop(*self._running)

    @contextmanager
    def told(self, settings: Mapping[str, object]) -> Iterator[None]:
        """What is started in this block has other settings too."""
        self._told = {name: str(value) for name, value in settings.items()}
        yield
        self._told = {}

    def start(self, title: str, command: Sequence[str], *, talks: bool = True) -> Child:
        """A program that need not be Python; what does not talk is logged."""
        log = self.folder / f"{title.replace(' ', '-')}.log"
        with log.open("wb") as output:
            # A session of its own: Ctrl-C in the terminal is the owner's to handle.
            popen = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**self.environment, **self._told},
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else output,
                stderr=output,
                bufsize=0,
                start_new_session=True,
            )
        self._running.append(Child(title, log, popen))
        return self._running[-1]

    def python(
        self, title: str, module: str, *arguments: object, talks: bool = True
    ) -> Child:
        """A Python module, which the kernel ends if this process dies."""
        leash = [sys.executable, "-m", "apps.webhooks.demo.leash", str(os.getpid())]
        command = [*leash, sys.executable, "-m", module, *map(str, arguments)]
        return self.start(title, command, talks=talks)

    def ours(self, title: str, module: str, *arguments: object) -> Child:
        """A module of this package that needs Django."""
        return self.python(title, "benchmarks.child", module, *arguments)

    def ready(self, title: str, module: str, *arguments: object) -> Child:
        """The same, once it has said its first word."""
        child = self.ours(title, module, *arguments)
        child.hear()
        return child

    def worker(self, title: str, app: str, queue: str, *options: object) -> Child:
        """A Celery worker of one queue."""
        own = ["-Q", queue, "-n", f"{queue}@benchmark", "-l", "INFO", *options]
        return self.python(title, "celery", "-A", app, "worker", *own, talks=False)

    def stop(self, *children: Child) -> None:
        """End some of them now."""
        for child in children:
            child.terminate()
        for child in children:
            child.stop()
            self._running.remove(child)
