"""A PostgreSQL server that an owner killed with -9 left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

PID_FILE = "postmaster.pid"

END_SECONDS = 15.0


def status_lines(data: Path) -> list[str]:
    """What the server of the data folder says of itself; empty without a server.

    Line 1 is its pid and line 8 its state.
    """
    try:
        text = (data / PID_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [line.strip() for line in text.splitlines()]


def stop_leftover(data: Path) -> None:
    """Stop the server of the data folder, if one runs, and forget a stale pid.

    A pid is given again after a reboot: it counts only while its process names the
    data folder, else an innocent process would be ended, or the start refused.
    """
    lines = status_lines(data)
    if not lines:
        return
    pid = int(lines[0]) if lines[0].isdigit() else 0
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if _ended(pid, str(data), number):
            break
    (data / PID_FILE).unlink(missing_ok=True)


def _ended(pid: int, marker: str, number: signal.Signals) -> bool:
    deadline = time.monotonic() + END_SECONDS
    signalled = False
    while marker in command_line(pid):
        if not signalled:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            signalled = True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def command_line(pid: int) -> str:
    """The arguments of a running process; empty when there is none."""
    if pid <= 0:
        return ""
    listing = Path("/proc", str(pid), "cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            return listing.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    done = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout
