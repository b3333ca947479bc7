"""The two ends: a platform that emits over HTTP, and a receiver that keeps count."""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

from apps.webhooks.demo.processes import free_port, is_listening
from tests.deployment import PROJECT
from tests.trial.programs import Programs, until

EVENT = "PAYMENT_STATE_UPDATED"
BATCH = 500


class Platform:
    """Calls the API with a token."""

    def __init__(self, web: str, token: str) -> None:
        self._web = web
        self._token = token

    def call(self, path: str, body: Any = None) -> Any:
        """GET, or POST of JSON; what is answered."""
        request = urllib.request.Request(
            f"{self._web}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def register(self, url: str) -> tuple[int, str]:
        """An auth provider and a webhook: the webhook's id and the secret."""
        provider = {"type": "hmac_signature", "name": "trial"}
        secret = self.call("/webhooks/auth", provider)["config"]["secret_key"]
        webhook = {"event": EVENT, "url": url, "id_auth": "trial"}
        return self.call("/webhooks", webhook)["id"], secret

    def emit(self, count: int) -> None:
        """So many events, in batches."""
        event = {"event": EVENT, "payload": {"id": 7, "state": "done"}}
        for start in range(0, count, BATCH):
            self.call("/events", [event] * min(BATCH, count - start))


class Listener:
    """`manage.py listen` as a process; its log is the count."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._port = free_port(0)
        self.url = f"http://127.0.0.1:{self._port}/payments"

    def start(self, secret: str, *options: str) -> None:
        """Start it, in place of the one before."""
        words = ["listen", "--port", str(self._port), "--json", "--secret", secret]
        self._programs.start(
            "receiver", [sys.executable, "manage.py", *words, *options], cwd=PROJECT
        )
        until(lambda: is_listening(self._port), "the receiver listens")

    def stop(self) -> None:
        """The receiver is broken."""
        self._programs.stop("receiver")

    def deliveries(self) -> list[dict[str, Any]]:
        """All that were received, by all of them."""
        log = self._programs.folder / "receiver.log"
        return [json.loads(line) for line in _lines(log) if line.startswith("{")]

    def accepted(self) -> list[int]:
        """Ids of what was accepted with a valid signature, each as often as it was."""
        return [
            each["id"]
            for each in self.deliveries()
            if each["reason"] == "valid" and each["status"] < 300
        ]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
