"""What is told of a test delivery: everything but secrets.

outcome
    accepted, status, timeout ...   as in apps/outbound/outcome.py
    no_token                        nothing was sent: there is no access token
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from apps.outbound.outcome import Cause, Outcome, Timing
from apps.outbound.transport import OutgoingRequest
from apps.webhooks.engine.request import METHOD

NO_TOKEN: Final = "no_token"
# Of a body; the transport reads no more of an answer.
SHOWN_BYTES: Final = 64 * 1024
HIDDEN: Final = "…"

_SIGNATURE: Final = "bi-signature"
_AUTHORIZATION: Final = "authorization"
# What a terminal or a page would obey: control characters but tab and line ends, and
# those that turn the direction of writing.
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)
_SENTENCES: Final = {
    Cause.STATUS: "The receiver answered {status}; 200 to 299 are a receipt.",
    Cause.TIMEOUT: "There was no answer in time: the deadline is {deadline:g} s.",
    Cause.DNS: "The name of the host does not resolve.",
    Cause.BLOCKED: "The address of the host is not one that may be called.",
    Cause.CONNECT: "The host does not take connections.",
    Cause.TLS: "There is no trusted TLS session with the host.",
    Cause.DISCONNECTED: "The connection ended before there was an answer.",
    Cause.PROTOCOL: "The answer is not HTTP, or its headers have no end.",
    Cause.INTERNAL: "The service could not send the request.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """The request; `body` is the beginning of the text, before compression."""

    method: str
    url: str
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedResponse:
    """The answer; `body` is the beginning of it."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A test delivery and what came of it. `duration` in seconds.

    `error` is a sentence, None if the receiver accepted. `peer` is the address that was
    called, None if it did not come to that; without TLS no certificate ends.
    """

    id_webhook_data: int
    request: SentRequest
    response: ReceivedResponse | None
    outcome: str
    duration: float
    error: str | None
    timing: Timing
    peer: str | None
    certificate_ends_at: datetime | None


class Unsendable(Exception):
    """Nothing can be sent: `outcome` as above, and a sentence that says why."""

    def __init__(self, outcome: str, sentence: str) -> None:
        super().__init__(sentence)
        self.outcome = outcome
        self.sentence = sentence


def of_outcome(
    id_webhook_data: int, request: OutgoingRequest, body: bytes, outcome: Outcome
) -> Trial:
    """The trial of a request that was sent; `body` is not compressed."""
    response = None
    if outcome.status is not None:
        secrets = _secrets(request)
        response = ReceivedResponse(
            status=outcome.status,
            headers={
                name: _without(secrets, text)
                for name, text in _received(outcome.headers).items()
            },
            body=_without(secrets, _shown(outcome.excerpt)),
        )
    error = _SENTENCES.get(outcome.cause)
    return Trial(
        id_webhook_data=id_webhook_data,
        request=_sent(request, body),
        response=response,
        outcome=outcome.cause.value,
        duration=outcome.timing.total_us / 1e6,
        error=error and error.format(status=outcome.status, deadline=request.deadline),
        timing=outcome.timing,
        peer=outcome.peer,
        certificate_ends_at=_ends_at(outcome.certificate_ends),
    )


def of_nothing(
    id_webhook_data: int, request: OutgoingRequest, body: bytes, why: Unsendable
) -> Trial:
    """The trial of a request that could not be sent."""
    return Trial(
        id_webhook_data=id_webhook_data,
        request=_sent(request, body),
        response=None,
        outcome=why.outcome,
        duration=0.0,
        error=why.sentence,
        timing=Timing(),
        peer=None,
        certificate_ends_at=None,
    )


def masked_headers(request: OutgoingRequest) -> dict[str, str]:
    """The request's headers, without what authenticates it."""
    return {name: _masked(name, text) for name, text in _pairs(request.headers)}


def _ends_at(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _sent(request: OutgoingRequest, body: bytes) -> SentRequest:
    return SentRequest(
        method=METHOD,
        url=request.url,
        headers=masked_headers(request),
        body=_shown(body),
    )


def _masked(name: str, text: str) -> str:
    if name.lower() == _AUTHORIZATION:
        return f"{text.partition(' ')[0]} {HIDDEN}"
    return f"HMAC-SHA256 {HIDDEN}" if name.lower() == _SIGNATURE else text


def _secrets(request: OutgoingRequest) -> list[str]:
    """What a receiver may send back that is not to be shown: some echo requests."""
    return [
        secret
        for name, text in _pairs(request.headers)
        if name.lower() in (_AUTHORIZATION, _SIGNATURE)
        if (secret := text.rpartition(" ")[2])
    ]


def _without(secrets: list[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def _received(headers: bytes) -> dict[str, str]:
    """The last answer's: interim ones come before it. What is repeated is joined."""
    blocks = headers.decode("latin-1").strip().split("\r\n\r\n")
    found: dict[str, str] = {}
    for name, text in _pairs(blocks[-1].split("\r\n")[1:]):
        safe = _safe(text)
        found[name] = f"{found[name]}, {safe}" if name in found else safe
    return found


def _pairs(lines: Iterable[str]) -> list[tuple[str, str]]:
    parts = (line.partition(":") for line in lines)
    return [(_safe(name), text.strip()) for name, colon, text in parts if colon]


def _shown(body: bytes) -> str:
    return _safe(body[:SHOWN_BYTES].decode("utf-8", "replace"))


def _safe(text: str) -> str:
    return _UNSAFE.sub("\ufffd", text)
