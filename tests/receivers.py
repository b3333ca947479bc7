"""The sample receivers of docs/receivers, as processes."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
RECEIVERS = PROJECT / "docs" / "receivers"
# Kept, and locked by cargo itself: the crates take half a minute to build.
CRATES = PROJECT / ".services" / "receivers"
# Of this process; a sample must not see them.
OURS = ("SECRET", "PORT", "BI_NOW", "SEEN", "DJANGO_SETTINGS_MODULE", "SECRET_KEY")


class NotHere(Exception):
    """What a sample needs is not on this machine; says what that is."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One of them.

    `prepare` builds it in a folder, and returns how to start it, where `PORT` stands
    for the port; or it raises `NotHere`.
    """

    name: str
    prepare: Callable[[Path], list[str]]


class Running:
    """A sample that listens."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self._log = log

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> int:
        """The status that it answers with."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def said(self) -> str:
        """What it has printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def running(
    command: list[str], folder: Path, secret: str, now: str | None
) -> Iterator[Running]:
    """Start one, wait until it listens, and take it away."""
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if k not in OURS}
    environment |= {"SECRET": secret, "PORT": str(port), "SEEN": str(folder / "seen")}
    if now is not None:
        environment["BI_NOW"] = now
    log = folder / f"{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [word.replace("PORT", str(port)) for word in command],
            cwd=RECEIVERS,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_it_listens(process, port, log)
        yield Running(port, log)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_it_listens(
    process: subprocess.Popen[bytes], port: int, log: Path
) -> None:
    """For half a minute at most."""
    for _ in range(600):
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"It does not listen. It said:\n{log.read_text()}")


def free_port() -> int:
    """One that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def need(name: str) -> str:
    """The path of a program."""
    found = shutil.which(name)
    if found is None:
        raise NotHere(f"there is no {name} command")
    return found


def build(command: list[str], folder: Path) -> None:
    """Run a compiler to its end."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def succeeds(command: list[str], folder: Path) -> bool:
    """Whether a command does."""
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return done.returncode == 0


def python(folder: Path) -> list[str]:
    return [sys.executable, "receiver.py"]


def django(folder: Path) -> list[str]:
    gunicorn = [sys.executable, "-m", "gunicorn", "-b", "127.0.0.1:PORT"]
    return [*gunicorn, "receiver_django:application"]


def fastapi(folder: Path) -> list[str]:
    for name in ("fastapi", "uvicorn"):
        if find_spec(name) is None:
            raise NotHere(f"{name} is not installed: pip install fastapi uvicorn")
    return [sys.executable, "-m", "uvicorn", "--port", "PORT", "receiver_fastapi:app"]


def node(folder: Path) -> list[str]:
    return [need("node"), "receiver.mjs"]


def express(folder: Path) -> list[str]:
    """Modules are looked for beside the file: NODE_PATH counts for require alone."""
    done = subprocess.run(
        [need("node"), "-p", "require.resolve('express/package.json')"],
        cwd=RECEIVERS,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotHere("express is not installed: npm install it, and set NODE_PATH")
    (folder / "node_modules").symlink_to(Path(done.stdout.strip()).parents[1])
    shutil.copy(RECEIVERS / "receiver_express.mjs", folder)
    return ["node", str(folder / "receiver_express.mjs")]


def go(folder: Path) -> list[str]:
    program = folder / "receiver"
    build([need("go"), "build", "-o", str(program), "receiver.go"], RECEIVERS)
    return [str(program)]


def java(folder: Path) -> list[str]:
    build([need("javac"), "-d", str(folder), "Receiver.java"], RECEIVERS)
    return [need("java"), "-cp", str(folder), "Receiver"]


def php(folder: Path) -> list[str]:
    if not succeeds(
        [need("php"), "-r", "exit((int) !extension_loaded('zlib'));"], folder
    ):
        raise NotHere("this php has no zlib")
    return ["php", "-S", "127.0.0.1:PORT", "receiver.php"]


def ruby(folder: Path) -> list[str]:
    if not succeeds([need("ruby"), "-rwebrick", "-e", "1"], folder):
        raise NotHere("webrick is not installed: gem install webrick")
    return ["ruby", "receiver.rb"]


def rust(folder: Path) -> list[str]:
    """Built in a copy, beside which cargo writes what it likes."""
    cargo = need("cargo")
    copy = folder / "rust"
    shutil.copytree(RECEIVERS / "rust", copy)
    if not succeeds([cargo, "fetch", "--offline"], copy):
        raise NotHere("its crates are not here: cargo fetch in docs/receivers/rust")
    options = ["--release", "--offline", "--target-dir", str(CRATES)]
    build([cargo, "build", *options], copy)
    program = folder / "receiver"
    shutil.copy(CRATES / "release" / "receiver", program)
    return [str(program)]


def csharp(folder: Path) -> list[str]:
    program = folder / "receiver.exe"
    compiler, mono = need("mcs"), need("mono")
    build([compiler, f"-out:{program}", "receiver.cs"], RECEIVERS)
    return [mono, str(program)]


SAMPLES = [
    Sample("Python", python),
    Sample("Django", django),
    Sample("FastAPI", fastapi),
    Sample("Node", node),
    Sample("Express", express),
    Sample("Go", go),
    Sample("Java", java),
    Sample("PHP", php),
    Sample("Ruby", ruby),
    Sample("Rust", rust),
    Sample("C#", csharp),
]
