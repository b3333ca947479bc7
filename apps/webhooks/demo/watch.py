"""Staying: what arrives is shown, and keys are heard, until somebody ends it."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from apps.receiver.server import Receiver
from apps.webhooks.demo.processes import Processes
from apps.webhooks.demo.screen import Screen

LOOK_SECONDS: Final = 0.2
# More than this at one look is told as a number.
SHOWN: Final = 40


def watch(
    screen: Screen,
    receiver: Receiver,
    processes: Processes,
    *,
    keys: Mapping[str, Callable[[], None]],
    also: Callable[[], None] = lambda: None,
) -> None:
    """Until `q` or Ctrl-C; `also` is called at each look. Raises `ProcessEnded`."""
    seen = receiver.record.total
    with pressed_keys() as pressed:
        while (key := pressed(LOOK_SECONDS)) != "q":
            if key in keys:
                keys[key]()
            processes.check()
            new = receiver.record.deliveries(after=seen)
            for delivery in new[:SHOWN]:
                screen.arrival(delivery)
            if len(new) > SHOWN:
                screen.note(f"and {len(new) - SHOWN} more")
            seen = new[-1].number if new else seen
            also()


@contextmanager
def pressed_keys() -> Iterator[Callable[[float], str]]:
    """A function that waits some seconds for a key and returns it, or nothing.

    Without a terminal to type at there are never any.
    """
    if not sys.stdin.isatty():
        yield _sleep
        return
    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)
    tty.setcbreak(file)

    def pressed(seconds: float) -> str:
        ready, _, _ = select.select([file], [], [], seconds)
        return os.read(file, 1).decode(errors="replace").lower() if ready else ""

    try:
        yield pressed
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)


def _sleep(seconds: float) -> str:
    time.sleep(seconds)
    return ""
