"""The page of a trial: docs/trial.md."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_HEAD: Final = """# A production-like trial

`{how}` on a machine with Debian's packages: the processes of `deploy/systemd`, by
their own commands and variables, with PostgreSQL, Redis, Prometheus and Alertmanager
beside them on loopback. What differs from production is that loopback and http are
allowed, and `HTTPS_ONLY` is off. Without `FULL=1` the flusher comes every 5 seconds,
and alerts wait for 4 seconds instead of the minutes of `deploy/monitoring/alerts.yml`.
What was in flight of a pump that is killed waits for its lease to run out
(`WEBHOOKS_LEASE`, 20 seconds), and what had not been recorded comes twice.

What it printed, with seconds since its start:

```text
"""


def write(path: Path, lines: list[str], *, full: bool) -> None:
    """Write what was said below what was done."""
    how = "make trial FULL=1" if full else "make trial"
    path.write_text(_HEAD.format(how=how) + "\n".join(lines) + "\n```\n")
