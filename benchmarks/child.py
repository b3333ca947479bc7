"""`python -m benchmarks.child MODULE ...`: run a module with Django ready.

The modules import models at their top, which needs Django to be set up before.
"""

from __future__ import annotations

import runpy
import sys

import django


def main() -> None:
    """Become the module."""
    del sys.argv[0]
    django.setup()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
