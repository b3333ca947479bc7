"""The one failure of the embedded services."""

from __future__ import annotations

import re

LEVEL = re.compile(r"\b(?:FATAL|PANIC|error):\s+", re.IGNORECASE)


class ServiceError(Exception):
    """One line: what cannot be had, why, and what to do about it."""


def reason(output: str) -> str:
    """The line of a server's output that says why it gave up."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if LEVEL.search(line)]
    if telling:
        return LEVEL.split(telling[-1])[-1]
    return lines[-1] if lines else "it said nothing"
