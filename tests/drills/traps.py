"""What must never be called: listeners here, and the names that lead to them."""

from __future__ import annotations

import selectors
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from benchmarks.processes import BenchmarkError
from webhooks_project.embedded.redis import free_port

SOURCE: Final = Path(__file__).with_name("resolver.c")
# What a URL means that names no port.
USUAL_PORTS: Final = (80, 443)
GOOD: Final = "127.0.0.9"
_LOOK_SECONDS: Final = 0.05


class Traps:
    """Listeners that count who connects, and never answer."""

    def __init__(self, *where: tuple[str, int]) -> None:
        self._selector = selectors.DefaultSelector()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)
        self.connections = 0
        self.listening = 0
        for address in where:
            self._listen(*address)

    def _listen(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Below 1024 is root's, and others may be there already.
        with suppress(PermissionError, OSError):
            listener.bind((host, port))
            listener.listen(1024)
            listener.setblocking(False)
            self._selector.register(listener, selectors.EVENT_READ)
            self.listening += 1

    def _count(self) -> None:
        while not self._over.is_set():
            for key, _ in self._selector.select(_LOOK_SECONDS):
                with suppress(BlockingIOError):
                    connection, _ = key.fileobj.accept()  # type: ignore[union-attr]
                    connection.close()
                    self.connections += 1

    def start(self) -> None:
        """Begin to count."""
        self._thread.start()

    def stop(self) -> None:
        """Close them."""
        self._over.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]


@contextmanager
def traps() -> Iterator[tuple[int, Traps]]:
    """Traps at one port of both families, and at the usual ports where that can be."""
    port = free_port()
    hosts = ("127.0.0.1", "127.0.0.2", "::1")
    made = Traps(*((host, each) for each in (port, *USUAL_PORTS) for host in hosts))
    with ExitStack() as stack:
        made.start()
        stack.callback(made.stop)
        yield port, made


def resolver(folder: Path) -> str:
    """The library that answers names, compiled; for LD_PRELOAD."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise BenchmarkError("This drill needs a C compiler named cc.")
    library = folder / "resolver.so"
    command = [compiler, "-O2", "-Wall", "-shared", "-fPIC", "-o", str(library)]
    done = subprocess.run(
        [*command, str(SOURCE), "-ldl"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BenchmarkError(f"resolver.c does not compile: {done.stderr[:200]}")
    return str(library)
