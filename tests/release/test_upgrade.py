"""The previous release's workers go on while the schema becomes this one's.

Which release that is says deploy/previous_release, as git names it. Nothing is released
yet: it is the first version that could be deployed, and later the newest tag.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.webhooks.demo.processes import kill_group
from tests.databases import REGISTER, Surroundings, surroundings
from tests.deployment import DEPLOY, PROJECT
from tests.make import SECRET
from tests.processes import CELERY, ROLES

PREVIOUS = (DEPLOY / "previous_release").read_text().strip()
EMIT = ("manage.py", "emit", "CONNECTION_SYNCED")


class World:
    """Both releases on one database, each in its folder."""

    def __init__(self, old: Path, logs: Path, given: Surroundings) -> None:
        self.old = old
        self._logs = logs
        self._given = given
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, folder: Path, *arguments: str) -> None:
        """A command of a release."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=self._given,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, (folder, arguments, done.stderr)

    def start(self, folder: Path, role: str) -> None:
        """A process of a release."""
        kind, *options = ROLES[role]
        if kind == "worker":
            options += ["-n", f"{role}-{folder.name}@test"]
        else:
            options += ["-s", str(self._logs / "schedule"), "--pidfile", ""]
        name = f"{role}-{folder.name}"
        with (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, *CELERY, kind, *options, "-l", "INFO"],
                cwd=folder,
                env=self._given,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self, folder: Path, role: str) -> int:
        """End one as an orchestrator does; its exit status."""
        process = self._running.pop(f"{role}-{folder.name}")
        process.terminate()
        return process.wait(30)

    def kill(self) -> None:
        """Nothing is left."""
        for process in self._running.values():
            kill_group(process.pid)
            process.wait()

    def logs(self) -> str:
        """What all have said."""
        return "".join(path.read_text() for path in self._logs.glob("*.log"))


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The previous release's folder."""
    done = subprocess.run(
        ["git", "archive", PREVIOUS], cwd=PROJECT, capture_output=True
    )
    if done.returncode:
        pytest.skip(
            f"THE UPGRADE IS NOT TESTED: {PREVIOUS} is not in this copy of the "
            "project. Fetch its whole history: git fetch --unshallow"
        )
    folder = tmp_path_factory.mktemp("previous")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture
def world(previous: Path, tmp_path: Path, services: object) -> Iterator[World]:
    """An empty database; whatever was started is gone in the end."""
    with surroundings("upgraded") as given:
        world = World(previous, tmp_path, given)
        try:
            yield world
        finally:
            world.kill()


def test_the_previous_releases_workers_run_on_the_new_schema(world, receiver):
    old, new = world.old, PROJECT
    world.run(old, "manage.py", "migrate", "--verbosity", "0")
    for role in ("pump", "control", "beat"):
        world.start(old, role)
    program = REGISTER % ("CONNECTION_SYNCED", receiver.url("/"), SECRET)
    world.run(old, "manage.py", "shell", "-c", program)
    world.run(old, *EMIT)
    assert receiver.record.wait_for(1, 30), world.logs()

    # The schema goes first, and nobody stops.
    world.run(new, "manage.py", "migrate", "--verbosity", "0")
    world.run(old, *EMIT)
    world.run(new, *EMIT)
    assert receiver.record.wait_for(3, 30), world.logs()

    # One that restarts meanwhile finds nothing to complain of, and retries go on.
    world.run(old, "manage.py", "migrate", "--check")
    assert world.stop(old, "pump") == 0
    receiver.behave(status=503)
    world.start(old, "pump")
    world.run(new, *EMIT)
    assert receiver.record.wait_for(4, 30), world.logs()
    receiver.behave(status=204)
    assert receiver.record.wait_for(5, 30), world.logs()

    # Both releases side by side, then the new one alone.
    world.start(new, "pump")
    world.run(old, *EMIT)
    assert world.stop(old, "pump") == 0
    world.run(new, *EMIT)
    assert receiver.record.wait_for(7, 30), world.logs()

    assert all(delivery.genuine for delivery in receiver.record.deliveries())
    assert sorted(receiver.record.per_id().values()) == [1, 1, 1, 1, 1, 2]
    assert "Traceback" not in world.logs()
