"""A small real receiver: verifies, gunzips, and misbehaves as it is told.

Standard library only. The tests, the demo and `manage.py listen` use this one.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, NamedTuple

from apps.receiver.behaviour import Behaviour
from apps.receiver.record import KEPT_BODY, Delivery, Record, id_in
from apps.receiver.verdict import Verdict, verify, verify_token

BEHAVE, STATS, DELIVERIES = "/__behave__", "/__stats__", "/__deliveries__"


class Request(NamedTuple):
    """One HTTP request."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Runs in a thread of its own; `with Receiver() as receiver: ...`.

    `secrets` and `tokens` are one value for all paths or a mapping by path; a path
    with neither accepts anything as genuine that is not signed.
    """

    def __init__(
        self,
        *,
        secrets: str | Mapping[str, str] = "",
        tokens: str | Mapping[str, str] = "",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        on_delivery: Callable[[Delivery], None] | None = None,
    ) -> None:
        self.record = Record()
        self.port = port
        self._secrets = secrets
        self._tokens = tokens
        self._tls = tls
        self._on_delivery = on_delivery
        self._behaviours: dict[str, Behaviour] = {"": Behaviour()}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closing: asyncio.Event | None = None

    def url(self, path: str = "/") -> str:
        """The URL of a path here."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}{path}"

    def behave(self, path: str = "", **wishes: Any) -> None:
        """Behave so from now on, everywhere or at paths that begin so."""
        self._behaviours[path] = Behaviour.parse(wishes)

    def trust(self, path: str, secret: str) -> None:
        """Verify signatures at a path with this secret."""
        known = self._secrets if isinstance(self._secrets, Mapping) else {}
        self._secrets = {**known, path: secret}

    def __enter__(self) -> Receiver:
        started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self.serve(started.set)), daemon=True
        )
        self._thread.start()
        if not started.wait(10):
            raise OSError(f"The receiver cannot listen on port {self.port}.")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._loop is not None and self._closing is not None:
            self._loop.call_soon_threadsafe(self._closing.set)
        if self._thread is not None:
            self._thread.join(10)

    async def serve(self, started: Callable[[], object] = lambda: None) -> None:
        """Serve until `stop`; `started` is called once the port is open."""
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        clients: set[asyncio.Task[None]] = set()

        async def serve_client(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            task = asyncio.current_task()
            assert task is not None
            clients.add(task)
            task.add_done_callback(clients.discard)
            await self._serve_client(reader, writer)

        server = await asyncio.start_server(
            serve_client, "127.0.0.1", self.port, ssl=self._tls, backlog=1024
        )
        self.port = server.sockets[0].getsockname()[1]
        started()
        await self._closing.wait()
        server.close()
        for task in clients:
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        # What was aborted is closed in the loop's next round.
        await asyncio.sleep(0)

    def stop(self) -> None:
        """End `serve`; to be called in its loop."""
        if self._closing is not None:
            self._closing.set()

    async def _serve_client(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while (request := await _next(reader, writer)) is not None:
                if not await self._answer(request, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        except asyncio.CancelledError:
            # Only `serve` cancels, at its end; asyncio would call that an error.
            writer.transport.abort()
        finally:
            writer.close()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False closes the connection."""
        path = request.target.partition("?")[0]
        if path.startswith("/__"):
            await _send(writer, *self._control(request, path))
            return True
        place = self._place(path)
        behaviour = self._behaviours[place]
        verdict = self._verdict(request, path)
        status = behaviour.choose_status(genuine=verdict.valid)
        silent = behaviour.hang or behaviour.reset
        self._remember(request, verdict, None if silent else status)
        self._behaviours[place] = behaviour.after_answer()
        if behaviour.hang:
            await asyncio.sleep(3600)
        if behaviour.reset:
            writer.transport.abort()
            return False
        await asyncio.sleep(behaviour.delay)
        await _send(
            writer, status, behaviour.body, behaviour.headers, drip=behaviour.drip
        )
        return True

    def _place(self, path: str) -> str:
        """The longest prefix of a path that a behaviour was set for."""
        return max((p for p in self._behaviours if path.startswith(p)), key=len)

    def _verdict(self, request: Request, path: str) -> Verdict:
        token = _of(self._tokens, path)
        if token and "bi-signature" not in request.headers:
            return verify_token(token, request.headers, request.body)
        return verify(
            _of(self._secrets, path),
            method=request.method,
            target=request.target,
            headers=request.headers,
            body=request.body,
            now=datetime.now(UTC),
        )

    def _remember(self, request: Request, verdict: Verdict, status: int | None) -> None:
        header = request.headers.get("x-webhook-data-id", "")
        delivery = Delivery(
            number=self.record.total + 1,
            target=request.target,
            headers=request.headers,
            size=len(request.body),
            body=verdict.body if len(verdict.body) <= KEPT_BODY else b"",
            body_size=len(verdict.body),
            id=int(header) if header.isdigit() else None,
            id_in_body=id_in(verdict.body),
            reason=verdict.reason,
            received_at=datetime.now(UTC),
            monotonic=time.monotonic(),
            status=status,
        )
        self.record.add(delivery)
        if self._on_delivery is not None:
            self._on_delivery(delivery)

    def _control(
        self, request: Request, path: str
    ) -> tuple[int, bytes, dict[str, str]]:
        """The endpoints by which another process tells and asks this one."""
        as_json = {"Content-Type": "application/json"}
        if path == STATS:
            return 200, json.dumps(self.record.stats()).encode(), as_json
        if path == DELIVERIES and request.method == "DELETE":
            self.record.clear()
            return 204, b"", {}
        if path == DELIVERIES:
            after = int(request.target.partition("after=")[2] or 0)
            found = [each.as_json() for each in self.record.deliveries(after)]
            return 200, json.dumps(found).encode(), as_json
        if path == BEHAVE and request.method == "PUT":
            try:
                wishes = json.loads(request.body)
                self.behave(wishes.pop("path", ""), **wishes)
            except (ValueError, TypeError, AttributeError):
                return 400, b"", {}
            return 204, b"", {}
        return 404, b"", {}


def _of(values: str | Mapping[str, str], path: str) -> str:
    return values if isinstance(values, str) else values.get(path, "")


async def _next(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Request | None:
    """As `_read`; what is not HTTP ends the connection as well, after a word."""
    try:
        return await _read(reader)
    except ValueError:
        await _send(writer, 400, b"", {"Connection": "close"})
        return None


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection, None at its end."""
    line = await reader.readline()
    if not line:
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    while (line := await reader.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _read_chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, target, headers, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return bytes(body)


async def _send(
    writer: asyncio.StreamWriter,
    status: int,
    body: bytes,
    headers: dict[str, str],
    *,
    drip: float = 0.0,
) -> None:
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Status"
    lines = [f"HTTP/1.1 {status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if status >= 200 and status not in (204, 304):
        lines.append(f"Content-Length: {len(body)}")
    answer = "\r\n".join([*lines, "", ""]).encode() + body
    if not drip:
        writer.write(answer)
        await writer.drain()
        return
    for byte in answer:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(drip)
