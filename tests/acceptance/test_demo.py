"""The demo as anybody starts it: its own servers, processes, receiver, and end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from webhooks_project.embedded import discard

PROJECT = Path(__file__).resolve().parents[2]

# What the demo must not find: it brings its own.
OWN = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "WEBHOOKS_ENCRYPTION_KEYS",
    "PYTHONDEVMODE",
)
STARTED = "import sys; from pathlib import Path; " + (
    "from webhooks_project.embedded import launcher; "
    "launcher.ROOT = Path(sys.argv.pop(1)); sys.exit(launcher.main(sys.argv))"
)
SECONDS = 90


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of services that nobody has used before."""
    yield tmp_path
    if (tmp_path / "demo").exists():
        discard(tmp_path / "demo")


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command as `manage.py` starts it, its services in the folder; it is over
    at the end of the block, so that a test that fails leaves nothing to others."""
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    with subprocess.Popen(
        [sys.executable, "-c", STARTED, str(folder), *arguments],
        cwd=PROJECT,
        env={**environment, "DEMO_OF": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def running(folder: Path) -> dict[int, str]:
    """The processes that descend from a start, by id: they inherit its environment,
    or are servers whose files are in the folder."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in environment + command:
            found[int(process.name)] = command.replace(b"\0", b" ").decode()
    return found


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 30
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def line_with(process: subprocess.Popen[str], text: str) -> str:
    """Read what a process says up to a line with a text."""
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return line
    raise AssertionError(f"{text!r} was never said")


@pytest.mark.slow
def test_the_demo_verifies_every_delivery_and_leaves_nothing(folder):
    with started(folder, "demo", "--once") as process:
        said, complained = process.communicate(timeout=SECONDS)
    assert (process.returncode, complained) == (0, "")
    assert "\x1b" not in said
    assert re.search(r"USER_CREATED emitted +held: user \d+ is temporary", said)
    assert re.search(r"body +3\.\d\d MB, gzip: \d+ kB", said)
    assert re.search(r"BI-Signature +[A-Za-z0-9+/]{43}=\n", said)
    assert said.count("VALID, checked by the receiver") == 3
    assert re.search(r"cut off: 10/10 failures +15 left untried until", said)
    assert re.search(r"25 of 25 delivered and verified, 0 twice", said)
    assert "every delivery was verified" in said
    assert "may be dialled: 127.0.0.0/8" in said
    assert re.search(r"console +http://127\.0\.0\.1:\d+/admin/ +demo / \S{16}", said)
    assert running(folder) == {}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_leaves_nothing(folder, number):
    with started(folder, "demo") as process:
        line_with(process, "A customer arrives")
        assert len(running(folder)) > 5
        process.send_signal(number)
        _, complained = process.communicate(timeout=SECONDS)
    assert (process.returncode, complained) == (128 + number, "")
    assert running(folder) == {}


@pytest.mark.slow
def test_the_service_ends_with_a_demo_that_was_killed(folder):
    with started(folder, "demo") as process:
        line_with(process, "A customer arrives")
        process.kill()
        process.communicate(timeout=SECONDS)

    def of_the_service() -> list[str]:
        return [command for command in running(folder).values() if " -m " in command]

    assert until(lambda: not of_the_service())
    # The servers outlive such an end, so that no commit is torn; the next start,
    # like this one, stops them.
    discard(folder / "demo")
    assert until(lambda: running(folder) == {})


@pytest.mark.slow
def test_a_process_that_dies_is_one_clear_line(folder):
    with started(folder, "demo") as process:
        line_with(process, "A customer arrives")
        commands = running(folder)
        workers = [pid for pid, command in commands.items() if " -Q pump " in command]
        os.kill(min(workers), signal.SIGKILL)
        _, complained = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert complained.count("\n") == 1
    assert "The pump worker ended with status -9" in complained
    assert running(folder) == {}
