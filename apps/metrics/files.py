"""The files in which the processes of one role keep their figures.

A process that takes another's place goes on with its files: counters never go back,
and there are as many files as there are places, however many processes have been.
"""

from __future__ import annotations

import os
from pathlib import Path

_places: dict[int, str] = {}


def take_place(place: str) -> None:
    """Name this process's place among those of its role; no two have one at once."""
    _places.clear()
    _places[os.getpid()] = place


def taken_place() -> str | None:
    """This process's place, if it was given one: a command or a probe has none."""
    return _places.get(os.getpid())


def file_place() -> str:
    """What its files are named after; who was forked without a place has its own."""
    return taken_place() or f"p{os.getpid()}"


def begin_anew(folder: str) -> None:
    """Make the folder and empty it: its first process starts."""
    if not folder:
        return
    home = Path(folder)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in home.glob("*.db"):
        file.unlink(missing_ok=True)


def free_place(taken: set[int]) -> int:
    """The lowest number that nobody has."""
    return next(number for number in range(len(taken) + 1) if number not in taken)
