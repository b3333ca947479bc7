"""Which addresses may be dialled: an own table, for Python's changes by release."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_network,
)
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
# First and last address as numbers, and why not.
Range: TypeAlias = tuple[int, int, str]


def _ranges(reasons: dict[str, str]) -> tuple[Range, ...]:
    """From {reason: networks}, in the order in which they are tried."""
    return tuple(
        (int(network[0]), int(network[-1]), reason)
        for reason, networks in reasons.items()
        for network in map(ip_network, networks.split())
    )


# The special-purpose registries of IANA, and the services that clouds offer to their
# guests at addresses of their own. Metadata first: its addresses lie within others.
_DENIED_IPV4: Final = _ranges(
    {
        "metadata": """169.254.169.254 169.254.170.2 168.63.129.16 100.100.100.200
            192.0.0.192""",
        "loopback": "127.0.0.0/8",
        "private": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10",
        "link_local": "169.254.0.0/16",
        "multicast": "224.0.0.0/4",
        "reserved": """0.0.0.0/8 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
            198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4""",
        "not_global": "192.31.196.0/24 192.52.193.0/24 192.175.48.0/24",
    }
)
# Within 2000::/3, and what deserves a better reason than lying outside of it.
_DENIED_IPV6: Final = _ranges(
    {
        "metadata": "fd00:ec2::254 fd20:ce::254",
        "loopback": "::1",
        "private": "fc00::/7 fec0::/10",
        "link_local": "fe80::/10",
        "multicast": "ff00::/8",
        "reserved": "2001:db8::/32 3fff::/20 3ffe::/16",
        "not_global": "2001::/23 2002::/16 2620:4f:8000::/48",
    }
)
# All that IANA has ever given out as unicast. What translates to IPv4 (64:ff9b::/96)
# or holds an IPv4 address (::/96) lies outside.
_GLOBAL_IPV6: Final = IPv6Network("2000::/3")
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPolicy:
    """Public addresses, and those in networks that the operator allowed."""

    allowed: tuple[Network, ...] = ()

    def refusal(self, address: str) -> str | None:
        """Why an address may not be dialled, for the operator's log; None if it may.

        One of: metadata, loopback, private, link_local, multicast, reserved,
        not_global, unparsable (an address with a scope id is one of these).
        """
        parsed = _parse(address)
        if parsed is None:
            return "unparsable"
        if self._lists(parsed):
            return None
        return _denial(parsed)

    def allows(self, address: str) -> bool:
        """True for an address in a network that the operator allowed."""
        parsed = _parse(address)
        return parsed is not None and self._lists(parsed)

    def _lists(self, address: Address) -> bool:
        return any(address in network for network in self.allowed)


def parse_networks(text: str) -> tuple[Network, ...]:
    """The networks of a comma-separated setting; raises ValueError with a sentence."""
    entries = (entry.strip() for entry in text.split(","))
    return tuple(_parse_network(entry) for entry in entries if entry)


def _parse_network(entry: str) -> Network:
    if "%" in entry:
        raise ValueError(f"{entry!r} has a scope id; leave it out.")
    try:
        network = ip_network(entry)
    except ValueError as error:
        sentence = f"Not a network such as 10.0.0.0/8 or fd00::/8: {error}."
        raise ValueError(sentence) from error
    # It would match nothing: such addresses are judged as IPv4.
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        raise ValueError(f"{entry!r} stands for IPv4; write it as IPv4.")
    return network


def _parse(address: str) -> Address | None:
    """An address, ::ffff:1.2.3.4 as 1.2.3.4, which is where it leads."""
    try:
        if ":" not in address:
            return IPv4Address(address)
        parsed = IPv6Address(address)
    except ValueError:
        return None
    return None if parsed.scope_id is not None else parsed.ipv4_mapped or parsed


def _denial(address: Address) -> str | None:
    number = int(address)
    table = _DENIED_IPV4 if isinstance(address, IPv4Address) else _DENIED_IPV6
    for first, last, reason in table:
        if first <= number <= last:
            return reason
    if isinstance(address, IPv6Address) and address not in _GLOBAL_IPV6:
        return "not_global"
    return None
