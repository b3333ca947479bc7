"""Every role as the compose file starts it: real processes, one delivery's way."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.api_tokens.models import Scope, issue
from apps.receiver.server import STATS
from apps.webhooks import tasks
from apps.webhooks.models import WebhookData
from tests.deployment import OURS, PROJECT, Command
from tests.make import SECRET, make_webhook
from tests.processes import environment

METRICS_TOKEN = "of-prometheus"
CANARY = "FR7630006000011234567890189"
WORKERS = ("worker-pump", "worker-control")
SECONDS = 25


class Deployment:
    """The services of the compose file on this machine, each in a folder's place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in ("web", "receiver", *WORKERS)}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, service: str) -> subprocess.Popen[bytes]:
        """Start a service as its command says; ports and files are this test's."""
        log = (self.folder / f"{service}.log").open("wb")
        self.processes[service] = subprocess.Popen(
            self._command(service),
            cwd=PROJECT,
            env=self._environment(service),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()
        return self.processes[service]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`docker compose exec web python manage.py ...`"""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self._environment("web"),
            capture_output=True,
            text=True,
        )

    def log(self, service: str) -> str:
        """What a service said."""
        return (self.folder / f"{service}.log").read_text()

    def stop(self) -> dict[str, int]:
        """SIGTERM to each first process, as Docker sends it; exit statuses."""
        for process in self.processes.values():
            process.terminate()
        return {name: each.wait(SECONDS) for name, each in self.processes.items()}

    def kill(self) -> None:
        """Nothing is left."""
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _command(self, service: str) -> list[str]:
        changes = {
            "0.0.0.0:8000": f"127.0.0.1:{self.ports['web']}",
            "8899": str(self.ports["receiver"]),
            "${RECEIVER_SECRET:-}": SECRET,
            "/tmp/beat": str(self.folder / "beat"),
        }
        program, *options = Command(service, tuple(OURS[service]["command"])).line
        start = [sys.executable] + (["-m", program] if program != "python" else [])
        return start + [changes.get(option, option) for option in options]

    def _environment(self, service: str) -> dict[str, str]:
        given = {
            **os.environ,
            **environment(),
            "LOG_FORMAT": "json",
            "WEBHOOKS_METRICS_TOKEN": METRICS_TOKEN,
            "PROMETHEUS_MULTIPROC_DIR": str(self.folder / service / "metrics"),
        }
        if service in WORKERS:
            given["WEBHOOKS_METRICS_PORT"] = str(self.ports[service])
        return given


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(port: int, path: str, **headers: str) -> tuple[int, str]:
    """A GET; status 0 while nobody answers."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", path, headers=headers)
        answer = line.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        line.close()


def scraped(port: int) -> dict[str, float]:
    """The samples of a process's /metrics."""
    assert ask(port, "/metrics")[0] == 401
    status, text = ask(port, "/metrics", Authorization=f"Bearer {METRICS_TOKEN}")
    assert status == 200
    lines = [line.rpartition(" ") for line in text.splitlines() if line[0] != "#"]
    return {name: float(value) for name, _, value in lines}


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture
def deployment(transactional_db: None, tmp_path: Path) -> Iterator[Deployment]:
    """All services, migrated and ready."""
    tasks.mailbox().redis.flushall()
    deployed = Deployment(tmp_path)
    try:
        assert deployed.start("migrate").wait(SECONDS) == 0, deployed.log("migrate")
        del deployed.processes["migrate"]
        for service in OURS.keys() - {"migrate"}:
            deployed.start(service)
        for name, port in deployed.ports.items():
            path = {"web": "/readyz", "receiver": STATS}.get(name, "/livez")
            ready = until(lambda: ask(port, path)[0] == 200)  # noqa: B023
            assert ready, deployed.log(name)
        yield deployed
    finally:
        deployed.kill()
        tasks.mailbox().redis.flushall()


def emit(deployment: Deployment, count: int, first: int = 0) -> None:
    """Over HTTP, as behind a proxy with TLS."""
    _, token = issue("shop", scopes=[Scope.EMIT])
    line = http.client.HTTPConnection("127.0.0.1", deployment.ports["web"], timeout=10)
    headers = {
        "Host": "localhost",
        "X-Forwarded-Proto": "https",
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
    }
    for number in range(first, first + count):
        payload = {"id": number, "iban": CANARY}
        body = {"event": "CONNECTION_SYNCED", "payload": payload}
        line.request("POST", "/events", json.dumps(body), headers)
        answer = line.getresponse()
        assert answer.status in (200, 201, 202), answer.read()
        answer.read()
    line.close()


def all_delivered(count: int) -> bool:
    return (
        WebhookData.objects.filter(state=WebhookData.State.DELIVERED).count() == count
    )


@pytest.mark.slow
def test_the_compose_files_services_deliver_and_tell(deployment):
    ports = deployment.ports
    make_webhook(f"http://127.0.0.1:{ports['receiver']}/hook")
    emit(deployment, 20)
    assert until(lambda: all_delivered(20)), deployment.log("worker-pump")
    assert deployment.log("receiver").count(" valid -> 204") == 20

    pump = ports["worker-pump"]
    assert until(lambda: attempts(pump) == 20)
    # Whoever takes a dead process's place goes on with its figures.
    os.kill(child_of(deployment.processes["worker-pump"].pid), signal.SIGKILL)
    emit(deployment, 10, first=20)
    assert until(lambda: all_delivered(30)), deployment.log("worker-pump")
    assert until(lambda: attempts(pump) == 30)
    told = scraped(pump)
    assert told["bankhooks_settle_batch_size_sum"] == 30
    assert told["bankhooks_attempt_duration_seconds_count"] == 30
    assert told["bankhooks_pump_runs_total"] >= 1
    web = scraped(ports["web"])
    # Of both of its processes.
    assert web["bankhooks_emitted_events_total"] == 30
    assert web["bankhooks_emit_duration_seconds_count"] == 30
    assert (web["bankhooks_database_up"], web["bankhooks_backlog"]) == (1, 0)

    assert until(lambda: deployment.run("doctor").returncode == 0), deployment.run(
        "doctor"
    ).stdout
    statuses = deployment.stop()
    assert set(statuses.values()) == {0}
    for service in statuses.keys() - {"receiver"}:
        lines = deployment.log(service).splitlines()
        objects = [json.loads(line) for line in lines if line.startswith("{")]
        assert all({"timestamp", "level", "message"} <= each.keys() for each in objects)
        errors = [each["message"] for each in objects if each["level"] == "error"]
        # Of the process that was killed, if it had a task in hand.
        unexpected = [line for line in errors if "SIGKILL" not in line]
        assert not unexpected
        assert not errors or service == "worker-pump"
        assert not [line for line in lines if re.match(r"\[\d{4}-", line)]
        assert CANARY not in deployment.log(service)
        assert METRICS_TOKEN not in deployment.log(service)


def attempts(port: int) -> float:
    return scraped(port).get('bankhooks_attempts_total{outcome="accepted"}', 0.0)


def child_of(parent: int) -> int:
    """One of the processes that a process has forked."""
    found: list[Any] = (
        Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    )
    return int(found[0])
