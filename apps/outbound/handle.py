"""One libcurl handle: its options, the guard on what it dials, the answer it got."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import pycurl

from apps.outbound.addresses import AddressPolicy
from apps.outbound.outcome import Cause, Distrust, Outcome, Timing

# Read past the excerpt so that a small answer leaves its connection usable, but a
# body without end is cut.
MAX_RESPONSE_BYTES: Final = 64 * 1024
EXCERPT_BYTES: Final = 4 * 1024
HEADER_BYTES: Final = 8 * 1024
# libcurl gives up on headers beyond 300 KB, as if the connection had broken.
ENDLESS_HEADER_BYTES: Final = 256 * 1024
# A handle at rest forgets a body larger than this.
LARGE_BYTES: Final = 64 * 1024

# libcurl's codes that pycurl has no names for.
_HTTP2_STREAM: Final = 92
_HTTP3: Final = 95
_QUIC_CONNECT_ERROR: Final = 96
_PROXY: Final = 97
_SSL_CLIENTCERT: Final = 98
_TOO_LARGE: Final = 100

CAUSES: Final[dict[int, Cause]] = {
    pycurl.E_OPERATION_TIMEDOUT: Cause.TIMEOUT,
    pycurl.E_COULDNT_RESOLVE_HOST: Cause.DNS,
    pycurl.E_COULDNT_RESOLVE_PROXY: Cause.DNS,
    pycurl.E_COULDNT_CONNECT: Cause.CONNECT,
    _PROXY: Cause.CONNECT,
    pycurl.E_INTERFACE_FAILED: Cause.CONNECT,
    pycurl.E_SSL_CONNECT_ERROR: Cause.TLS,
    pycurl.E_PEER_FAILED_VERIFICATION: Cause.TLS,
    pycurl.E_SSL_CERTPROBLEM: Cause.TLS,
    pycurl.E_SSL_CIPHER: Cause.TLS,
    pycurl.E_SSL_ISSUER_ERROR: Cause.TLS,
    pycurl.E_SSL_INVALIDCERTSTATUS: Cause.TLS,
    pycurl.E_SSL_PINNEDPUBKEYNOTMATCH: Cause.TLS,
    _SSL_CLIENTCERT: Cause.TLS,
    pycurl.E_SSL_SHUTDOWN_FAILED: Cause.TLS,
    pycurl.E_USE_SSL_FAILED: Cause.TLS,
    pycurl.E_GOT_NOTHING: Cause.DISCONNECTED,
    pycurl.E_SEND_ERROR: Cause.DISCONNECTED,
    pycurl.E_RECV_ERROR: Cause.DISCONNECTED,
    pycurl.E_PARTIAL_FILE: Cause.DISCONNECTED,
    pycurl.E_SEND_FAIL_REWIND: Cause.DISCONNECTED,
    pycurl.E_UNSUPPORTED_PROTOCOL: Cause.PROTOCOL,
    pycurl.E_FTP_WEIRD_SERVER_REPLY: Cause.PROTOCOL,
    _TOO_LARGE: Cause.PROTOCOL,
    pycurl.E_BAD_CONTENT_ENCODING: Cause.PROTOCOL,
    pycurl.E_HTTP2: Cause.PROTOCOL,
    _HTTP2_STREAM: Cause.PROTOCOL,
    _HTTP3: Cause.PROTOCOL,
    _QUIC_CONNECT_ERROR: Cause.CONNECT,
    pycurl.E_WRITE_ERROR: Cause.PROTOCOL,
}

# OpenSSL's results of a verification; where there is none of these, the chain was good
# and libcurl did not find the host's name.
_DISTRUSTS: Final[dict[int, Distrust]] = {
    9: Distrust.NOT_YET_VALID,
    10: Distrust.EXPIRED,
    18: Distrust.SELF_SIGNED,
    19: Distrust.UNKNOWN_ISSUER,
    20: Distrust.UNKNOWN_ISSUER,
    21: Distrust.UNKNOWN_ISSUER,
}
_UNSPECIFIED: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportPolicy:
    """Where requests may go, and what they trust. Durations in seconds.

    `kept_bytes` of a response's body come with its outcome. `send_rate` in bytes a
    second slows what is sent, 0 does not; `only_ipv6` dials no other address.
    """

    addresses: AddressPolicy
    ca_file: str
    connect_timeout: float = 3.0
    proxy: str = ""
    kept_bytes: int = EXCERPT_BYTES
    send_rate: int = 0
    only_ipv6: bool = False


class OutgoingRequest(NamedTuple):
    """One POST, ready for the wire. `deadline` is seconds for all of it."""

    url: str
    headers: list[str]
    body: bytes
    deadline: float
    client_certificate: tuple[bytes, bytes] | None = None


class Handle:
    """Its options are set once; `load`, `outcome` and `unload` for each request."""

    __slots__ = (
        "body",
        "deadline",
        "easy",
        "large",
        "lines",
        "policy",
        "received",
        "refusal",
        "reusable",
        "tag",
    )

    def __init__(self, policy: TransportPolicy) -> None:
        self.policy = policy
        self.easy = pycurl.Curl()
        self.lines: list[bytes] = []
        self.body = bytearray()
        self.received = 0
        self.deadline = 0.0
        self.large = False
        self.refusal: str | None = None
        self.reusable = True
        self.tag: Any = None
        for option, value in self._options().items():
            self.easy.setopt(option, value)

    def _options(self) -> dict[int, Any]:
        only_ipv6 = self.policy.only_ipv6
        return {
            pycurl.NOSIGNAL: 1,
            pycurl.POST: 1,
            pycurl.FOLLOWLOCATION: 0,
            pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
            pycurl.PATH_AS_IS: 1,
            # Never the environment's: only a proxy that the operator named here.
            pycurl.PROXY: self.policy.proxy,
            pycurl.NOPROXY: "",
            pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
            pycurl.SSLVERSION: pycurl.SSLVERSION_TLSv1_2,
            pycurl.SSL_VERIFYPEER: 1,
            pycurl.SSL_VERIFYHOST: 2,
            pycurl.CAINFO: self.policy.ca_file,
            pycurl.OPT_CERTINFO: 1,
            pycurl.IPRESOLVE: pycurl.IPRESOLVE_V6
            if only_ipv6
            else pycurl.IPRESOLVE_WHATEVER,
            pycurl.MAX_SEND_SPEED_LARGE: self.policy.send_rate,
            pycurl.CONNECTTIMEOUT_MS: int(self.policy.connect_timeout * 1000),
            pycurl.OPENSOCKETFUNCTION: self._open_socket,
            pycurl.HEADERFUNCTION: self.lines.append,
            pycurl.WRITEFUNCTION: self._receive,
        }

    def load(self, request: OutgoingRequest, tag: Any) -> None:
        """Take a request."""
        self.tag = tag
        easy = self.easy
        easy.setopt(pycurl.URL, request.url)
        easy.setopt(pycurl.POSTFIELDS, request.body)
        self.large = len(request.body) > LARGE_BYTES
        # libcurl would ask large bodies' receivers for leave, and wait a second.
        headers = [*request.headers, "Expect:"] if self.large else request.headers
        easy.setopt(pycurl.HTTPHEADER, headers)
        if request.deadline != self.deadline:
            easy.setopt(pycurl.TIMEOUT_MS, int(request.deadline * 1000))
            self.deadline = request.deadline
        if request.client_certificate is not None:
            # Keys go in as bytes, never by way of the disk, and the handle that
            # held them is not used again.
            certificate, key = request.client_certificate
            easy.setopt(pycurl.SSLCERT_BLOB, certificate)
            easy.setopt(pycurl.SSLKEY_BLOB, key)
            self.reusable = False

    def unload(self) -> None:
        """Be ready for the next request; hold on to nothing of this one."""
        if self.large:
            self.easy.setopt(pycurl.POSTFIELDS, b"")
        self.lines.clear()
        if self.received:
            self.body.clear()
        self.received = 0
        self.refusal = None
        self.tag = None

    def outcome(self, code: int) -> Outcome:
        """Judge what was received; `code` is libcurl's."""
        status: int = self.easy.getinfo(pycurl.RESPONSE_CODE)
        cut = code == pycurl.E_WRITE_ERROR and self.received > MAX_RESPONSE_BYTES
        cause = self._cause(code, status, cut=cut)
        answered = cause in (Cause.ACCEPTED, Cause.STATUS)
        refused = cause is Cause.STATUS
        timing = self._timing()
        # By position: names would cost as much again, for every request.
        return Outcome(
            cause,
            status if answered else None,
            timing,
            self.easy.getinfo(pycurl.PRIMARY_IP) or None,
            b"".join(self.lines)[:HEADER_BYTES],
            bytes(self.body),
            self.easy.getinfo(pycurl.RETRY_AFTER) if refused else None,
            self._certificate_ends() if timing.tls_us else None,
            self._distrust(code) if cause is Cause.TLS else None,
        )

    def _cause(self, code: int, status: int, *, cut: bool) -> Cause:
        if code == pycurl.E_OK or cut:
            return Cause.ACCEPTED if 200 <= status <= 299 else Cause.STATUS
        if self.refusal is not None:
            return Cause.BLOCKED
        if code == pycurl.E_RECV_ERROR and sum(map(len, self.lines)) > (
            ENDLESS_HEADER_BYTES
        ):
            return Cause.PROTOCOL
        return CAUSES.get(code, Cause.INTERNAL)

    def _timing(self) -> Timing:
        easy = self.easy
        total: int = easy.getinfo(pycurl.TOTAL_TIME_T)
        first: int | None = easy.getinfo(pycurl.STARTTRANSFER_TIME_T) or None
        if not easy.getinfo(pycurl.NUM_CONNECTS):
            return Timing(None, None, None, first, total)
        dns: int = easy.getinfo(pycurl.NAMELOOKUP_TIME_T)
        connect: int = easy.getinfo(pycurl.CONNECT_TIME_T)
        tls: int = easy.getinfo(pycurl.APPCONNECT_TIME_T)
        return Timing(
            dns_us=dns,
            connect_us=max(0, connect - dns) if connect else None,
            tls_us=max(0, tls - connect) if tls else None,
            first_byte_us=first,
            total_us=total,
        )

    def _certificate_ends(self) -> int | None:
        """Of a new connection's first certificate: the receiver's own."""
        chain = self.easy.getinfo(pycurl.INFO_CERTINFO)
        ends = dict(chain[0]).get("Expire date") if chain else None
        return int(ssl.cert_time_to_seconds(ends)) if ends else None

    def _distrust(self, code: int) -> Distrust | None:
        if code != pycurl.E_PEER_FAILED_VERIFICATION:
            return None
        result: int = self.easy.getinfo(pycurl.SSL_VERIFYRESULT)
        if result == _UNSPECIFIED:
            return Distrust.OTHER_NAME
        return _DISTRUSTS.get(result)

    def _open_socket(self, _purpose: int, address: Any) -> int:
        """The guard: called by libcurl with the address it is about to dial."""
        family, kind, protocol, where = address
        host = where[0] if isinstance(where, tuple) else str(where)
        if not self.policy.proxy:
            # The first refusal stands: a name with one forbidden address among its
            # answers is not called at another of them either.
            self.refusal = self.refusal or self.policy.addresses.refusal(host)
        if self.refusal is not None:
            return pycurl.SOCKET_BAD
        # As a bare descriptor, which libcurl then owns and closes.
        return socket.socket(family, kind, protocol).detach()

    def _receive(self, chunk: bytes) -> int | None:
        self.received += len(chunk)
        room = self.policy.kept_bytes - len(self.body)
        if room > 0:
            self.body += chunk[:room]
        # Any other count than the chunk's tells libcurl to stop.
        return None if self.received <= MAX_RESPONSE_BYTES else 0
