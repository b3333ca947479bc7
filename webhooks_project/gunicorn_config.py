"""How gunicorn serves the web: `gunicorn -c python:webhooks_project.gunicorn_config`.

Where it listens is for the command line; `WEB_CONCURRENCY` is the number of
processes, one for each core at most.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from apps.metrics.files import begin_anew, free_place, take_place
from webhooks_project.environment import Environment
from webhooks_project.logs import logging_config


class _Logger(Logger):  # type: ignore[misc]
    """No line for each request: that is for the proxy in front."""

    def access(self, *_: Any) -> None:
        """Nothing."""


_env = Environment()

wsgi_app = "webhooks_project.wsgi"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
# A test delivery keeps its thread until it is answered; the others must not wait. More
# than may wait for a slow database to take their events (apps/webhooks/intake.py).
threads = 6
# Longer than the longest request: a test delivery with a deadline of 30 s.
graceful_timeout = 40
timeout = 60
# The file system may be read-only, and a disk would make the heartbeat wait.
_memory = Path("/dev/shm")  # nosec B108
worker_tmp_dir = str(_memory) if _memory.is_dir() else None
control_socket_disable = True
logger_class = _Logger
# As the settings have it, which are for the processes that serve.
logconfig_dict = logging_config(
    level=_env.str("LOG_LEVEL", default="INFO"),
    style=_env.str(
        "LOG_FORMAT",
        default="human" if _env.bool("DEBUG", default=False) else "json",
    ),
)


def on_starting(server: Any) -> None:
    """Figures of a web that is no more are nobody's."""
    begin_anew(os.environ.get("PROMETHEUS_MULTIPROC_DIR", ""))


def pre_fork(server: Any, worker: Any) -> None:
    """Each process has a place that no other has now."""
    worker.place = free_place({each.place for each in server.WORKERS.values()})


def post_fork(server: Any, worker: Any) -> None:
    """Its figures go where those of whoever had the place before are."""
    take_place(f"web{worker.place}")


def post_worker_init(worker: Any) -> None:
    """What is loaded stays: to look for cycles among it, over and over, costs requests
    a tenth of their time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
