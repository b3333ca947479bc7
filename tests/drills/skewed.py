"""`python -m tests.drills.skewed MODULE ...`: a drill's process whose clock is wrong.

By as many seconds as a variable says. Only what tells the time of day is: as on a
machine whose clock was set wrong, seconds are as long as anywhere. It imports nothing
of the service, for what has been imported has the right clock already. Not for beat,
which pickles instants.
"""

from __future__ import annotations

import datetime
import os
import runpy
import time
from datetime import datetime as _Real
from typing import Any, Final

VARIABLE: Final = "DRILL_CLOCK"
_time, _time_ns = time.time, time.time_ns


class _Kind(type):
    """Instants that others have made are instants, too."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _Real)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, _Real)


def skew(seconds: float) -> None:
    """Set this process's clock, before anything else is imported."""
    ahead = datetime.timedelta(seconds=seconds)

    class Skewed(_Real, metaclass=_Kind):
        """An instant; `now` is wrong."""

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return _Real.now(tz) + ahead

        @classmethod
        def utcnow(cls) -> Any:
            return _Real.now(datetime.UTC).replace(tzinfo=None) + ahead

    time.time = lambda: _time() + seconds
    time.time_ns = lambda: _time_ns() + int(seconds * 1_000_000_000)
    datetime.datetime = Skewed  # type: ignore[misc]


if __name__ == "__main__":
    skew(float(os.environ[VARIABLE]))
    runpy.run_module("tests.drills.child", run_name="__main__", alter_sys=True)
