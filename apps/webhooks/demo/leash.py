"""`python -m apps.webhooks.demo.leash PID PROGRAM ...`: run a program on a leash.

The program is told to end when its parent, process PID, dies, even by kill -9: the
kernel sends it SIGTERM. Where the kernel cannot, the program simply runs.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> None:
    """Become the program."""
    parent, *command = argv
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        # It may have died before the kernel was asked.
        if os.getppid() != int(parent):
            sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
