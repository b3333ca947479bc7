"""Who a server runs as: PostgreSQL refuses to be root."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webhooks_project.embedded.errors import ServiceError

NAMES = ("pgserver", "postgres", "nobody")
"""The first that exists is taken: no account is added to the machine."""

PROBE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An unprivileged user of the machine."""

    name: str
    uid: int
    gid: int


def unprivileged() -> Account | None:
    """The account to run as when this process is root, else none: run as oneself."""
    if os.geteuid() != 0:
        return None
    for name in NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise ServiceError(
        "PostgreSQL cannot start: it refuses to run as root and there is no user "
        f"{', '.join(NAMES)}; run as a normal user or set DATABASE_URL."
    )


def identity(account: Account | None) -> dict[str, Any]:
    """The arguments of `subprocess` that make a child run as the account."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def give(folder: Path, account: Account | None) -> Path:
    """Create the folder if need be, for the account's eyes only."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    return folder


def works(command: Sequence[str], account: Account | None) -> bool:
    """Whether the command succeeds as the account: permissions decide, not guesses."""
    try:
        done = subprocess.run(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_SECONDS,
            check=False,
            **identity(account),
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def reaches(folder: Path, account: Account | None) -> bool:
    """Whether the account can enter the folder."""
    return works(["/bin/sh", "-c", 'cd "$0"', str(folder)], account)
