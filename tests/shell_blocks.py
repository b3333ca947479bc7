"""The shell blocks of a document, run as a reader would, in one shell after another."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from apps.webhooks.demo.processes import is_listening, kill_group

PROJECT: Final = Path(__file__).resolve().parents[1]
SECONDS: Final = 60


def blocks(document: Path) -> list[tuple[str, str]]:
    """Language and text of each fenced block, in order."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", document.read_text(), re.S | re.M)


def commands(document: Path) -> list[str]:
    """What a reader types: each line that begins with `$`, with its continuations."""
    typed = []
    for language, text in blocks(document):
        if language == "console":
            lines = re.sub(r"\\\n\s*", "", text).splitlines()
            typed += [line[2:] for line in lines if line.startswith("$ ")]
    return typed


class Shell:
    """A shell that stays, so that its variables do; and one receiver in the background.

    `replaced`: what is different here, such as ports.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], replaced: Mapping[str, str]
    ) -> None:
        self._log = folder / "listen.log"
        self._environment = dict(environment)
        self.replaced = dict(replaced)
        self._listening: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._bash = subprocess.Popen(
            ["bash"],
            cwd=PROJECT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bash.kill()
        self._bash.communicate()
        self.stop_listening()

    def run(self, command: str) -> tuple[int, str]:
        """The exit status and what was said."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        typed = f"{self._here(command)}\nstatus=$?; echo; echo @@ $status\n"
        self._bash.stdin.write(typed)
        self._bash.stdin.flush()
        said: list[str] = []
        for line in self._bash.stdout:
            if line.startswith("@@ "):
                return int(line[3:]), "".join(said).strip()
            said.append(line)
        raise AssertionError(f"The shell ended: {''.join(said)}")

    def listen(self, command: str, port: int) -> None:
        """Run a receiver in place of the one before, until it listens."""
        self.stop_listening()
        with self._log.open("ab") as output:
            self._listening = subprocess.Popen(
                ["bash", "-c", f"exec {self._here(command)}"],
                cwd=PROJECT,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + SECONDS
        while not is_listening(port):
            assert self._listening.poll() is None, self.heard()
            assert time.monotonic() < end, self.heard()
            time.sleep(0.05)

    def heard(self) -> str:
        """What the receivers have said."""
        return self._log.read_text() if self._log.exists() else ""

    def stop_listening(self) -> None:
        """As Ctrl-C does."""
        if self._listening is not None:
            kill_group(self._listening.pid)
            self._listening.wait()

    def _here(self, command: str) -> str:
        for old, new in self.replaced.items():
            command = command.replace(old, new)
        return command
