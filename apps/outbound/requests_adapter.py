"""`requests` by way of the one door out, for protocols that are spoken with it.

The same guard on what is dialled, one deadline for all of a request, and a bound on
what is read, whatever a caller of `requests` says about them.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping
from typing import Any, Final

import requests
from requests.adapters import BaseAdapter

from apps.outbound.handle import MAX_RESPONSE_BYTES
from apps.outbound.outcome import Cause, Outcome
from apps.outbound.transport import OutgoingRequest, Transport, TransportPolicy

# libcurl writes these itself.
_LIBCURLS: Final = frozenset({"content-length", "host", "connection"})


class NoAnswer(requests.ConnectionError):
    """There was no answer; `cause` says why (see outcome.py)."""

    def __init__(self, cause: Cause, request: requests.PreparedRequest) -> None:
        super().__init__(f"No answer: {cause.value}.", request=request)
        self.cause = cause


class GuardedAdapter(BaseAdapter):
    """Sends a session's POST requests through a door of its own.

    `deadline` is seconds for all of a request, `client_certificate` PEM of a
    certificate and its key. An answer has no headers: requests would look at some,
    and a stranger wrote them. One byte more than `MAX_RESPONSE_BYTES` tells that a
    body was longer.
    """

    def __init__(
        self,
        policy: TransportPolicy,
        *,
        deadline: float,
        client_certificate: tuple[bytes, bytes] | None = None,
    ) -> None:
        super().__init__()
        kept = dataclasses.replace(policy, kept_bytes=MAX_RESPONSE_BYTES + 1)
        self._transport = Transport(kept, sockets=1)
        self._deadline = deadline
        self._client_certificate = client_certificate
        # What came of the last request: `requests` has no place for most of it.
        self.outcome = Outcome(Cause.INTERNAL)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send; raise `NoAnswer`. What is passed beside `request` changes nothing."""
        if request.method != "POST" or request.url is None:
            raise ValueError("Only POST goes through the door.")
        body = request.body or b""
        self._transport.submit(
            OutgoingRequest(
                request.url,
                [
                    f"{name}: {value}"
                    for name, value in request.headers.items()
                    if name.lower() not in _LIBCURLS
                ],
                body.encode() if isinstance(body, str) else body,
                self._deadline,
                self._client_certificate,
            ),
            None,
        )
        self.outcome = self._completed()
        return _response(request, self.outcome)

    def close(self) -> None:
        """Close the door."""
        self._transport.close()

    def _completed(self) -> Outcome:
        while True:
            for _, outcome in self._transport.completed(self._deadline):
                return outcome


def guarded_session(
    adapter: GuardedAdapter, headers: dict[str, str]
) -> requests.Session:
    """A session that knows no other way out, nor the environment, nor other headers."""
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    session.headers.update(headers)
    session.adapters.clear()
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return session


def _response(request: requests.PreparedRequest, outcome: Outcome) -> requests.Response:
    if outcome.status is None:
        raise NoAnswer(outcome.cause, request)
    response = requests.Response()
    response.status_code = outcome.status
    response.url = request.url or ""
    response.request = request
    response.raw = io.BytesIO(outcome.excerpt)
    return response
