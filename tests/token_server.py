"""A token server for tests: real HTTP, told what to answer, remembers what it got."""

from __future__ import annotations

import itertools
import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

from apps.auth_providers.models import AuthProvider
from tests.tls import make_certificate, tls_context

Answer = tuple[int, bytes, dict[str, str]]
_numbers = itertools.count(1)


def token(text: str, **fields: Any) -> Answer:
    """What a well-behaved server says."""
    answer = {"access_token": text, "token_type": "Bearer", **fields}
    return 200, json.dumps(answer).encode(), {"Content-Type": "application/json"}


def failure(status: int = 500, **fields: Any) -> Answer:
    """A refusal."""
    return status, json.dumps(fields).encode(), {}


class TokenServer:
    """Runs in threads of its own; `with TokenServer() as server: ...`.

    `answer` takes the fields of the form and the number of the request, from 1.
    `forms` and `headers` are what was received. With `hang` set nothing is answered
    until the end.
    """

    def __init__(
        self,
        answer: Callable[[dict[str, str], int], Answer] | None = None,
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answer = answer or (lambda form, number: token(f"token-{number}"))
        self.forms: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.hang = False
        self.arrived = threading.Event()
        self._over = threading.Event()
        self._tls = tls
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.01])

    @property
    def total(self) -> int:
        """How many requests there were."""
        return len(self.forms)

    @property
    def url(self) -> str:
        """Where it is."""
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_address[1]}/oauth/token"

    @property
    def config(self) -> dict[str, str]:
        """An `oauth` provider's configuration for it."""
        return {
            "url": self.url,
            "client_id": "the client",
            "client_secret": "s3cret & more",
            "grant_type": "client_credentials",
        }

    def provider(self, **config: str) -> AuthProvider:
        """A provider whose tokens come from here."""
        return AuthProvider.objects.create(
            type="oauth",
            name=f"oauth {next(_numbers)}",
            config=json.dumps(self.config | config),
        )

    def __enter__(self) -> TokenServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                form = dict(parse_qsl(self.rfile.read(length).decode()))
                server.forms.append(form)
                server.headers.append({k.lower(): v for k, v in self.headers.items()})
                number = len(server.forms)
                server.arrived.set()
                if server.hang:
                    server._over.wait(60)
                    return
                status, body, headers = server.answer(form, number)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: pytest shows what tests say."""

        return Handler


def mutual_tls(tmp_path: Path) -> tuple[ssl.SSLContext, dict[str, str]]:
    """A server's side that asks for a certificate, and a pair that it accepts.

    The authority of the server's own certificate is left in `ca.pem`.
    """
    context = tls_context(tmp_path, "127.0.0.1")
    certificate, key, authority = make_certificate("127.0.0.9")
    (tmp_path / "clients.pem").write_bytes(authority)
    context.load_verify_locations(tmp_path / "clients.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context, {"public_cert": certificate.decode(), "private_cert": key.decode()}
