"""Which URLs may be registered: a grammar so strict that no two parsers disagree.

A courtesy to who registers a URL, at once and in a sentence. The guard is the check
of each address when it is dialled (see addresses.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from apps.outbound.addresses import AddressPolicy

LONGEST_URL: Final = 2048
LONGEST_HOST: Final = 253
# Services that do not speak HTTP or obey whoever reaches them: nothing there is a
# receiver, and a POST can be a command.
DENIED_PORTS: Final = frozenset(
    {
        *(1433, 1521, 2049, 2181, 2375, 2376, 2377, 2379, 2380, 3306, 3389),
        *(5060, 5061, 5432, 5433, 5672, 5900, 5984, 5985, 5986, 6000, 6379, 6380),
        *(6443, 6665, 6666, 6667, 6668, 6669, 6697, 9042, 9092, 9200, 9300, 10250),
        *(10255, 11211, 15672, 26379, 27017, 27018, 27019),
    }
)
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
# Never public: RFC 6761, RFC 6762 appendix G, RFC 8375 and the habits of clusters.
_LOCAL_NAME: Final = re.compile(
    r"[^.]+|.*\.(?:corp|home|home\.arpa|internal|intranet|lan|local|private|svc)"
)
_LOOPBACK_NAME: Final = re.compile(r"(?:.*\.)?(?:localhost|localdomain)")

_CHARACTERS: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")
_PARTS: Final = re.compile(r"(https?)://([^/?]*)([^?]*)(?:\?(.*))?", re.IGNORECASE)
_AUTHORITY: Final = re.compile(r"(\[[^\[\]]*\]|[^\[\]:]*)(?::(.*))?")
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# What some resolvers read as an IPv4 address: 127.1, 0x7f.1, 2130706433.
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DOT_SEGMENT: Final = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)

# One sentence for every kind of address, or registering would be a way to explore
# the network around the service.
_NOT_THERE: Final = "The address of this URL may not be called."
_SENTENCES: Final = {
    "too_long": f"The URL is longer than {LONGEST_URL} characters.",
    "not_ascii": "The URL must be ASCII: write an international host in its xn-- form.",
    "character": "The URL has a character that must be percent-encoded.",
    "escape": "The URL has a % that two hexadecimal digits do not follow.",
    "fragment": "The URL must not have a fragment (#).",
    "not_https": "The URL must begin with https://.",
    "not_http": "The URL must begin with https:// or http://.",
    "userinfo": "The URL must not have a user name or password.",
    "host": "The host of the URL is not a complete name or IP address.",
    "port": "The port of the URL is not a number from 1 to 65535.",
    "denied_port": "The port of this URL may not be called.",
    "dot_segment": "The path of the URL must not have . or .. segments.",
}


class ForbiddenUrl(ValueError):
    """A URL that may not be registered.

    `sentence` is for who registers it; `code` is for the operator only, since it
    tells kinds of addresses apart (see `AddressPolicy.refusal`).
    """

    def __init__(self, code: str) -> None:
        self.code = code
        self.sentence = _SENTENCES.get(code, _NOT_THERE)
        super().__init__(self.sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlPolicy:
    """Ports are 80, 443 and 1024 or more, without `denied_ports`.

    An address that the operator allowed may have any port. `denied_hosts` are lower
    case: the service's own names, so that it never calls itself.
    """

    addresses: AddressPolicy
    allow_http: bool = False
    denied_ports: frozenset[int] = DENIED_PORTS
    denied_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL that may be called. `url` is what to keep, to send to and to sign for.

    In it scheme and host are lower case, a default port is left out, and the path's
    escapes are upper case, or libcurl would make them so after the path was signed.
    Nothing else is changed: `path` (at least "/") and `query` are, byte for byte,
    what the receiver sees. `host` is a name, or an address without brackets.
    """

    url: str
    scheme: str
    host: str
    port: int
    path: str
    query: str


def check_url(text: str, policy: UrlPolicy) -> Target:
    """Read a URL that is to be registered, or raise `ForbiddenUrl`."""
    _check_text(text)
    parts = _PARTS.fullmatch(text)
    if parts is None or (parts[1].lower() == "http" and not policy.allow_http):
        raise ForbiddenUrl("not_http" if policy.allow_http else "not_https")
    scheme, path, query = parts[1].lower(), parts[3] or "/", parts[4] or ""
    host, port = _read_authority(parts[2], _DEFAULT_PORTS[scheme])
    _check_rest(path, query)
    path = _ESCAPE.sub(lambda escape: escape[0].upper(), path)
    _check_host(host, policy)
    _check_port(host, port, policy)
    url = _join(scheme, host, port, path, query)
    if len(url) > LONGEST_URL:
        raise ForbiddenUrl("too_long")
    return Target(url=url, scheme=scheme, host=host, port=port, path=path, query=query)


def _check_text(text: str) -> None:
    if len(text) > LONGEST_URL:
        raise ForbiddenUrl("too_long")
    if not text.isascii():
        raise ForbiddenUrl("not_ascii")
    if not _CHARACTERS.fullmatch(text):
        raise ForbiddenUrl("character")
    if "#" in text:
        raise ForbiddenUrl("fragment")


def _read_authority(authority: str, default_port: int) -> tuple[str, int]:
    if "@" in authority:
        raise ForbiddenUrl("userinfo")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise ForbiddenUrl("host")
    host = _read_host(parts[1])
    return host, default_port if parts[2] is None else _read_port(parts[2])


def _read_host(text: str) -> str:
    """A host in lower case, an address in its usual form, without brackets."""
    try:
        if text.startswith("[") and "%" not in text:
            return str(IPv6Address(text[1:-1]))
        host = text.lower()
        labels = host.split(".")
        if _NUMBER.fullmatch(labels[-1]):
            return str(IPv4Address(host))
    except ValueError as error:
        raise ForbiddenUrl("host") from error
    if len(host) > LONGEST_HOST or not all(map(_LABEL.fullmatch, labels)):
        raise ForbiddenUrl("host")
    return host


def _read_port(text: str) -> int:
    if not _PORT.fullmatch(text) or int(text) > 65535:
        raise ForbiddenUrl("port")
    return int(text)


def _check_rest(path: str, query: str) -> None:
    rest = path + query
    if "[" in rest or "]" in rest:
        raise ForbiddenUrl("character")
    if _BAD_ESCAPE.search(path) or _BAD_ESCAPE.search(query):
        raise ForbiddenUrl("escape")
    # Some clients and proxies would resolve them, and then another path is signed
    # than is asked for.
    if _DOT_SEGMENT.search(path):
        raise ForbiddenUrl("dot_segment")


def _check_host(host: str, policy: UrlPolicy) -> None:
    if host in policy.denied_hosts:
        raise ForbiddenUrl("own_host")
    refusal = _host_refusal(host, policy.addresses)
    if refusal is not None:
        raise ForbiddenUrl(refusal)


def _host_refusal(host: str, addresses: AddressPolicy) -> str | None:
    if _is_address(host):
        return addresses.refusal(host)
    if _LOOPBACK_NAME.fullmatch(host):
        reachable = addresses.allows("127.0.0.1") or addresses.allows("::1")
        return None if reachable else "local_name"
    if _LOCAL_NAME.fullmatch(host) and not addresses.allowed:
        return "local_name"
    return None


def _check_port(host: str, port: int, policy: UrlPolicy) -> None:
    if policy.addresses.allows(host):
        return
    if port in policy.denied_ports or (port < 1024 and port not in (80, 443)):
        raise ForbiddenUrl("denied_port")


def _is_address(host: str) -> bool:
    return ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]) is not None


def _join(scheme: str, host: str, port: int, path: str, query: str) -> str:
    authority = f"[{host}]" if ":" in host else host
    if port != _DEFAULT_PORTS[scheme]:
        authority += f":{port}"
    return f"{scheme}://{authority}{path}" + (f"?{query}" if query else "")
