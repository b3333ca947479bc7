"""`/livez` and `/metrics` of a worker, which has no web: served by its first process.

They tell what the worker's own processes know; the web tells what the database does.
"""

from __future__ import annotations

import logging
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from billiard.process import current_process
from celery.signals import worker_init, worker_process_init, worker_ready
from django.conf import settings

from apps.metrics.files import begin_anew, take_place
from apps.webhooks.scrape import CONTENT_TYPE, is_allowed, scrape

logger = logging.getLogger(__name__)

# A caller that does not go on is not waited for.
PATIENCE_SECONDS: Final = 5.0


class Probes(BaseHTTPRequestHandler):
    """Answers one request of a connection."""

    timeout = PATIENCE_SECONDS

    def do_GET(self) -> None:
        """The two paths, and nothing else."""
        if self.path == "/livez":
            self._answer(HTTPStatus.OK, b"alive\n", "text/plain")
        elif self.path != "/metrics" or not settings.WEBHOOKS_METRICS_TOKEN:
            self._answer(HTTPStatus.NOT_FOUND, b"", "text/plain")
        elif is_allowed(self.headers.get("Authorization", "")):
            self._answer(HTTPStatus.OK, scrape(database=False), CONTENT_TYPE)
        else:
            self._answer(HTTPStatus.UNAUTHORIZED, b"", "text/plain")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a probe comes every few seconds."""

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        if status is HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class ProbeServer(ThreadingHTTPServer):
    """Ends with its process."""

    daemon_threads = True
    # Systemd starts the next worker as soon as one is gone.
    allow_reuse_address = True

    def __init__(self, port: int) -> None:
        super().__init__(("", port), Probes)
        threading.Thread(target=self.serve_forever, daemon=True).start()


_servers: Final[list[ProbeServer]] = []


@worker_init.connect
def _begin(**_: object) -> None:
    begin_anew(settings.PROMETHEUS_MULTIPROC_DIR)


@worker_ready.connect
def _serve(**_: object) -> None:
    """Once all processes are forked, for a thread would not follow them."""
    if not settings.WEBHOOKS_METRICS_PORT:
        return
    try:
        _servers.append(ProbeServer(settings.WEBHOOKS_METRICS_PORT))
    except OSError as error:
        logger.error(
            "Port %s of WEBHOOKS_METRICS_PORT cannot be served: %s.",
            settings.WEBHOOKS_METRICS_PORT,
            error.strerror,
        )


@worker_process_init.connect
def _settle_in(**_: object) -> None:
    """A process that takes another's place: its figures, and not the server."""
    for server in _servers:
        server.socket.close()
    _servers.clear()
    process: Any = current_process()
    take_place(f"w{process.index}")
