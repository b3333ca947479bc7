"""A proxy between the service and a server, whose links can be broken in three ways.

`swallow`: what travels on the links there are is lost, and nobody is told (half-open);
new links work. `hold`: nothing travels until `release`, as while packets are lost and
sent again. `cut`: all links are closed, and no new one is made until `release`.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote, unquote

from webhooks_project.embedded.postgres import SOCKET

PIECE: Final = 65_536
Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True, eq=False)
class _Link:
    """A client's connection and the one to the server."""

    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    swallows: bool = False


class Proxy:
    """Runs in a thread of its own; its methods are called from others."""

    def __init__(
        self,
        listen: Callable[[Accept], Awaitable[asyncio.Server]],
        connect: Callable[[], Awaitable[Streams]],
    ) -> None:
        self.port = 0
        self._listen = listen
        self._connect = connect
        self._links: set[_Link] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._closing = asyncio.Event()
        self._is_cut = False

    def __enter__(self) -> Self:
        started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(started.set)), daemon=True
        )
        self._thread.start()
        started.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._call(self._closing.set)
        self._thread.join(10)

    def swallow(self) -> None:
        """Lose what travels on the links there are."""
        self._call(self._swallow)

    def hold(self) -> None:
        """Keep back what travels."""
        self._call(self._flows.clear)

    def cut(self) -> None:
        """Close all links, and make no new one."""
        self._call(self._cut)

    def release(self) -> None:
        """Be an ordinary proxy again."""
        self._call(self._release)

    def _call(self, function: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            function()
            done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait()

    def _swallow(self) -> None:
        for link in self._links:
            link.swallows = True

    def _cut(self) -> None:
        self._is_cut = True
        for link in self._links:
            for writer in link.writers:
                writer.transport.abort()

    def _release(self) -> None:
        self._is_cut = False
        self._flows.set()

    async def _serve(self, started: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        clients: set[asyncio.Task[None]] = set()

        async def accept(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            task = asyncio.current_task()
            assert task is not None
            clients.add(task)
            task.add_done_callback(clients.discard)
            await self._link(reader, writer)

        server = await self._listen(accept)
        address = server.sockets[0].getsockname()
        self.port = address[1] if isinstance(address, tuple) else 0
        started()
        await self._closing.wait()
        server.close()
        for task in clients:
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        await asyncio.sleep(0)

    async def _link(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve a client until one side has ended."""
        try:
            if self._is_cut:
                raise ConnectionRefusedError
            there, back = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        link = _Link((writer, back))
        self._links.add(link)
        try:
            await asyncio.gather(
                self._carry(link, reader, back), self._carry(link, there, writer)
            )
        except asyncio.CancelledError:
            # Only `_serve` cancels, at its end; asyncio would call that an error.
            writer.transport.abort()
            back.transport.abort()
        finally:
            self._links.discard(link)

    async def _carry(
        self, link: _Link, source: asyncio.StreamReader, target: asyncio.StreamWriter
    ) -> None:
        try:
            while piece := await source.read(PIECE):
                await self._flows.wait()
                if not link.swallows:
                    target.write(piece)
                    await target.drain()
        except OSError:
            pass
        finally:
            if not link.swallows:
                target.close()


def to_port(port: int) -> Proxy:
    """A proxy on a loopback port of its own, to another."""
    return Proxy(
        lambda accept: asyncio.start_server(accept, "127.0.0.1", 0),
        lambda: asyncio.open_connection("127.0.0.1", port),
    )


def to_socket(path: Path, server: Path) -> Proxy:
    """A proxy on a Unix socket, to another."""
    return Proxy(
        lambda accept: asyncio.start_unix_server(accept, path),
        lambda: asyncio.open_unix_connection(server),
    )


@contextmanager
def to_database(url: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy before PostgreSQL, and the URL that leads through it.

    Whoever uses it must be gone before it is.
    """
    place, _, host = url.partition("?host=")
    # A path for a socket must be short.
    folder = Path(tempfile.mkdtemp(prefix="drill-"))
    try:
        with to_socket(folder / SOCKET, Path(unquote(host)) / SOCKET) as link:
            yield link, f"{place}?host={quote(str(folder))}"
    finally:
        shutil.rmtree(folder)
