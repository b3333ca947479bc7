"""A file system of so many megabytes, which a drill can fill: for D-10.

Linux lets anybody make one in a namespace of their own, and whoever runs as the same
user gets there through `/proc`. It is gone when the process is that keeps it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from webhooks_project.embedded.account import identity, unprivileged

MEGABYTES: Final = 64
PLACE: Final = "/mnt"
# Does what it is told in lines: `fill` until there is no room, or `empty`.
_KEEP: Final = f"""
mount -t tmpfs -o size={MEGABYTES}m,mode=0777 tmpfs {PLACE} &&
mkdir -m 0700 {PLACE}/data || exit 1
echo made
while read word; do
    if [ "$word" = fill ]; then cat /dev/zero > {PLACE}/ballast 2>/dev/null
    else rm {PLACE}/ballast; fi
    echo done
done
"""


class NoSmallDisk(Exception):
    """It cannot be made on this machine: why, in a line."""


class SmallDisk:
    """`data` is an empty folder on it, for PostgreSQL's account alone."""

    def __init__(self, keeper: subprocess.Popen[str]) -> None:
        self._keeper = keeper
        self.data = Path(f"/proc/{keeper.pid}/root{PLACE}/data")

    def fill(self) -> None:
        """Leave no room."""
        self._tell("fill")

    def empty(self) -> None:
        """Give the room back."""
        self._tell("empty")

    def _tell(self, word: str) -> None:
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.write(f"{word}\n")
        self._keeper.stdin.flush()
        self._keeper.stdout.readline()


@contextmanager
def small_disk() -> Iterator[SmallDisk]:
    """Make it; raise `NoSmallDisk` where that is not allowed."""
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _KEEP]
    try:
        keeper = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **identity(unprivileged()),
        )
    except OSError as error:
        raise NoSmallDisk(str(error)) from error
    with keeper:
        assert keeper.stdout is not None
        assert keeper.stdin is not None
        said = keeper.stdout.readline().strip()
        if said != "made":
            raise NoSmallDisk(said)
        try:
            yield SmallDisk(keeper)
        finally:
            keeper.stdin.close()
