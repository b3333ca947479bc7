"""CPU seconds of process trees, from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

TICK_SECONDS: Final = 1 / os.sysconf("SC_CLK_TCK")

# Fields of /proc/<pid>/stat after the name, counted from the state: the parent, then
# user and system time, then those of the children that ended and were waited for.
_PARENT: Final = 1
_TIMES: Final = slice(11, 15)


def cpu_seconds(roots: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """For each name the CPU seconds that its trees of processes have used so far.

    Descendants that have ended are counted with whoever waited for them, so that
    the difference of two readings misses nobody: no autovacuum, no recycled worker.
    """
    parents, ticks = _processes()
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    return {
        name: sum(_tree(pid, children, ticks) for pid in pids) * TICK_SECONDS
        for name, pids in roots.items()
    }


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    parents, _ = _processes()
    return [child for child, parent in parents.items() if parent == pid]


class Others:
    """The cores that all but this process and its descendants use, since now.

    Above a tenth or so, the numbers are not the machine's.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._before = self._seconds()

    def cores(self) -> float:
        """On average."""
        return (self._seconds() - self._before) / (time.monotonic() - self._began)

    @staticmethod
    def _seconds() -> float:
        return busy_seconds() - cpu_seconds({"": [os.getpid()]})[""]


def busy_seconds() -> float:
    """CPU seconds that the machine has spent so far, on anybody, stolen ones too."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _wait, *interrupts = file.readline().split()[1:9]
    return sum(map(int, (user, nice, system, *interrupts))) * TICK_SECONDS


def used(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """What was used between two readings."""
    return {name: after[name] - before[name] for name in before}


def _tree(pid: int, children: Mapping[int, list[int]], ticks: Mapping[int, int]) -> int:
    below = sum(_tree(child, children, ticks) for child in children.get(pid, ()))
    return ticks.get(pid, 0) + below


def _processes() -> tuple[dict[int, int], dict[int, int]]:
    """The parent of every process, and the ticks it has used."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            text = (folder / "stat").read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        # The name may hold blanks and brackets of its own.
        fields = text[text.rindex(")") + 2 :].split()
        parents[int(folder.name)] = int(fields[_PARENT])
        ticks[int(folder.name)] = sum(map(int, fields[_TIMES]))
    return parents, ticks
