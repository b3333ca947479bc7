"""The service's processes, by the commands and variables of deploy/systemd."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Final

from apps.webhooks.demo.processes import free_port
from tests.deployment import BIN, DEPLOY, PROJECT, Unit
from tests.trial.programs import Programs, run

ROLES: Final = ("web", "pump", "control", "beat")
WEB: Final = "127.0.0.1:8000"
SECRETS: Final = (
    "secret_key",
    "encryption_keys",
    "database_password",
    "metrics_token",
)


class Units:
    """One installation. Differences from a real one are in `changes`, and no others."""

    def __init__(self, programs: Programs, changes: dict[str, str]) -> None:
        self._programs = programs
        self._changes = changes
        self.ports = {role: free_port(0) for role in ROLES}
        self.secrets = programs.folder / "secrets"

    @property
    def web(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.ports['web']}"

    def environment(self, role: str) -> dict[str, str]:
        """What a unit's process is given: nothing of this shell's but its path."""
        given = {"PATH": os.environ["PATH"], **environment_file(), **self._changes}
        unit = Unit(DEPLOY / "systemd" / f"bankhooks-{role}.service")
        for name, value in unit.environment().items():
            given[name] = self._place(role, value)
        if "WEBHOOKS_METRICS_PORT" in given:
            given["WEBHOOKS_METRICS_PORT"] = str(self.ports[role])
        return given

    def migrate(self) -> None:
        """As bankhooks-migrate does."""
        self._run_all("migrate", "ExecStart")

    def start(self, role: str) -> None:
        """What must be so before it starts, and then it."""
        self._run_all(role, "ExecStartPre")
        (command,) = self._commands(role, "ExecStart")
        self._programs.start(
            role,
            command,
            cwd=PROJECT,
            environment=self.environment(role),
            restarts=True,
        )

    def manage(self, *arguments: str) -> str:
        """A command, as an operator gives it."""
        command = [sys.executable, "manage.py", *arguments]
        return run(command, cwd=PROJECT, environment=self.environment("beat"))

    def _run_all(self, role: str, key: str) -> None:
        for command in self._commands(role, key):
            run(command, cwd=PROJECT, environment=self.environment(role))

    def _commands(self, role: str, key: str) -> list[list[str]]:
        unit = Unit(DEPLOY / "systemd" / f"bankhooks-{role}.service")
        return [self._command(role, line) for line in unit.every(key)]

    def _command(self, role: str, line: str) -> list[str]:
        line = line.replace("%%", "%").replace(WEB, self.web.removeprefix("http://"))
        program, *words = shlex.split(line)
        name = program.removeprefix(BIN)
        start = [sys.executable] if name == "python" else [sys.executable, "-m", name]
        return [*start, *(self._place(role, word) for word in words)]

    def _place(self, role: str, value: str) -> str:
        """systemd's folders, within the trial's."""
        folder = self._programs.folder
        for letter, place in (("d", self.secrets), ("t", folder), ("S", folder)):
            value = re.sub(f"^%{letter}/", f"{place}/", value)
        target = Path(value)
        if value.startswith(f"{folder}/") and self.secrets not in target.parents:
            target.parent.mkdir(exist_ok=True)
        return value


def environment_file() -> dict[str, str]:
    """deploy/systemd/bankhooks.env."""
    lines = (DEPLOY / "systemd" / "bankhooks.env").read_text().splitlines()
    given = (line.partition("=") for line in lines if line and line[0] != "#")
    return {name: value for name, _, value in given}


def resident_megabytes(pid: int) -> float:
    """Of a process and those it has started."""
    total, waiting = 0.0, [pid]
    while waiting:
        each = waiting.pop()
        status = Path(f"/proc/{each}/smaps_rollup").read_text()
        total += int(re.findall(r"^Pss:\s+(\d+)", status, re.M)[0]) / 1024
        children = Path(f"/proc/{each}/task/{each}/children").read_text()
        waiting += map(int, children.split())
    return total
