"""Real workers that are deaf, or frozen: one ends, the other is told of."""

from __future__ import annotations

import os
import select
import signal
import socket
from pathlib import Path

import pytest

from apps.webhooks.heartbeats import Served, served_queues
from apps.webhooks.models import Heartbeat
from apps.webhooks.watchdog import EXIT_STATUS, PREFIX
from tests.acceptance.test_workers import until
from webhooks_project.celery import app

PERIOD = 0.5


@pytest.fixture(autouse=True)
def _often(settings):
    settings.WEBHOOKS_HEARTBEAT_PERIOD = PERIOD


def served() -> Served:
    return served_queues()["control"]


def is_heard() -> bool:
    return served().workers == 1


def test_a_worker_that_is_deaf_ends_and_is_heard_once_it_is_started_anew(start):
    worker = start("control", WEBHOOKS_HEARTBEAT_PERIOD=str(PERIOD))
    assert until(is_heard)
    name = Heartbeat.objects.get().worker
    for queue in ("control", PREFIX + name):
        app.control.cancel_consumer(queue, destination=[name])
    assert worker.popen.wait(30) == EXIT_STATUS
    assert "this worker ends, to be started anew" in worker.log()
    assert until(lambda: served().workers == 0)
    worker.start()
    assert until(is_heard)
    assert worker.terminate() == 0
    assert served() == Served(0, None)


def test_a_worker_that_is_frozen_is_silent_and_goes_on_when_it_is_thawed(
    start, tmp_path: Path
):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        worker = start(
            "control",
            WEBHOOKS_HEARTBEAT_PERIOD=str(PERIOD),
            NOTIFY_SOCKET=str(tmp_path / "notify"),
        )
        assert manager.recv(100) == b"WATCHDOG=1"
        assert until(is_heard)
        os.killpg(worker.popen.pid, signal.SIGSTOP)
        assert until(lambda: served().workers == 0)
        # What it had said before is read; then there is nothing more.
        while select.select([manager], [], [], 4 * PERIOD)[0]:
            manager.recv(100)
        os.killpg(worker.popen.pid, signal.SIGCONT)
        assert until(is_heard)
        assert manager.recv(100) == b"WATCHDOG=1"
    assert worker.popen.poll() is None
