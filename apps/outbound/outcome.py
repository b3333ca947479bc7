"""What can come of a request: the one vocabulary of failure of this service.

    accepted        answered 200 to 299
    status          answered anything else; redirects are never followed
    timeout         the connect limit or the total deadline passed
    dns             the host's name does not resolve
    blocked         the address may not be dialled (see addresses.py)
    connect         no connection to the address
    tls             no trusted TLS session
    disconnected    the connection ended before an answer
    protocol        the answer is not HTTP, or its headers are endless
    internal        the fault is on our side

The transport returns these and never raises; nobody else sees libcurl's codes.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Cause(StrEnum):
    """Why a request counts as it does."""

    ACCEPTED = "accepted"
    STATUS = "status"
    TIMEOUT = "timeout"
    DNS = "dns"
    BLOCKED = "blocked"
    CONNECT = "connect"
    TLS = "tls"
    DISCONNECTED = "disconnected"
    PROTOCOL = "protocol"
    INTERNAL = "internal"


class Distrust(StrEnum):
    """Why a receiver's certificate is not trusted."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    SELF_SIGNED = "self_signed"
    UNKNOWN_ISSUER = "unknown_issuer"
    OTHER_NAME = "other_name"


class Timing(NamedTuple):
    """Microseconds; None for a phase that a kept-alive connection skipped."""

    dns_us: int | None = None
    connect_us: int | None = None
    tls_us: int | None = None
    first_byte_us: int | None = None
    total_us: int = 0


class Outcome(NamedTuple):
    """What came of one request. A tuple: there is one for every request.

    `headers` are the response's header lines as received, `excerpt` at most the
    first 4 KB of its body, `retry_after` seconds asked for by the receiver,
    `certificate_ends` when the receiver's certificate does, in seconds since the epoch;
    None without TLS, and on a connection that was kept alive. `distrust` says more of
    the cause `tls`, where the certificate is to blame.
    """

    cause: Cause
    status: int | None = None
    timing: Timing = Timing()
    peer: str | None = None
    headers: bytes = b""
    excerpt: bytes = b""
    retry_after: int | None = None
    certificate_ends: int | None = None
    distrust: Distrust | None = None

    @property
    def accepted(self) -> bool:
        """True for 200 to 299: the receiver has it."""
        return self.cause is Cause.ACCEPTED

    @property
    def timed_out(self) -> bool:
        """True when it counts towards the cutoff's timeouts as well."""
        return self.cause is Cause.TIMEOUT
