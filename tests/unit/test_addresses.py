"""Which addresses may be dialled: tables, edges, and Python's own opinion."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.outbound.addresses import AddressPolicy, parse_networks

POLICY = AddressPolicy()

# None of these is on the public internet. Kept apart from the table under test on
# purpose.
SPECIAL = {
    "metadata": "169.254.169.254 169.254.170.2 168.63.129.16 100.100.100.200"
    " 192.0.0.192 ::ffff:169.254.169.254 ::ffff:a9fe:a9fe ::ffff:a83f:8110"
    " fd00:ec2::254 fd20:ce::254",
    "loopback": "127.0.0.0 127.0.0.1 127.0.0.53 127.255.255.255 ::1 ::ffff:127.0.0.1"
    " ::ffff:7f00:1",
    "private": "10.0.0.0 10.0.0.1 10.255.255.255 172.16.0.1 172.17.0.1 172.31.255.255"
    " 192.168.0.1 192.168.255.255 100.64.0.1 100.127.255.255 ::ffff:10.0.0.1"
    " fc00::1 fd00::1 fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fec0::1",
    "link_local": "169.254.0.1 169.254.255.255 fe80::1 febf::1",
    "multicast": "224.0.0.1 239.255.255.255 ff02::1 ff0e::1",
    "reserved": "0.0.0.0 0.0.0.1 0.255.255.255 192.0.0.1 192.0.0.9 192.0.0.170"
    " 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1"
    " 240.0.0.1 255.255.255.254 255.255.255.255 ::ffff:0.0.0.0"
    " 2001:db8::1 3fff::1 3fff:fff:ffff::1 3ffe::1",
    "not_global": "192.31.196.1 192.52.193.1 192.175.48.1 :: ::7f00:1 ::a9fe:a9fe"
    " ::127.0.0.1 ::ffff:0:7f00:1 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1"
    " 100::1 100:0:0:1::1 2001::1 2001:0:7f00:1:: 2001:2::1 2001:10::1 2001:20::1"
    " 2001:1ff:ffff::1 2002:7f00:1:: 2002:a9fe:a9fe::1 2620:4f:8000::1 4000::1"
    " 5f00::1 8000::1 c000::1 e000::1 fe00::1",
}
PUBLIC = """1.1.1.1 8.8.8.8 93.184.216.34 172.15.255.255 185.199.108.153
    223.255.255.255 ::ffff:8.8.8.8 2001:4860:4860::8888 2001:200::1 2606:4700::1111
    2a00:1450:4007::1 2c0f:ffff::1"""
NETWORKS = """0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32
    169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24
    192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15
    198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    ::/3 2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3ffe::/16 3fff::/20
    4000::/2 8000::/1"""
# Next to them, and public.
NEIGHBOURS = """
    9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
    168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.32.0.0 192.0.1.0
    192.0.3.0 192.31.195.255 192.31.197.0 192.52.192.255 192.52.194.0 192.88.98.255
    192.88.100.0 192.167.255.255 192.169.0.0 192.175.47.255 192.175.49.0
    198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0
    2000:: 2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2001:200::
    2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db9::
    2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2003:: 2620:4f:7fff:: 2620:4f:8001::
    3ffd:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:1000::
    3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"""
NO_ADDRESSES = [
    *("", " ", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"),
    *("8.8.8.8 ", " 8.8.8.8", "8.8.8.8\n", "8.8.8.8/32", "8.8.8", "08.8.8.8"),
    *("[::1]", "::1%lo", "fe80::1%eth0", "2606:4700::1111%0", "2606:4700::1111%"),
    *("2606:4700:::1", "::ffff:256.0.0.1", "٨.8.8.8", "/run/service.sock", "\0"),
]
DENIED = [ip_network(network) for network in NETWORKS.split()]


def refusals(addresses: Iterable[str]) -> dict[str, str | None]:
    """What the policy says of each; compared whole, so that a failure shows which."""
    return {address: POLICY.refusal(address) for address in addresses}


@pytest.mark.parametrize(("reason", "listed"), SPECIAL.items())
def test_a_special_address_is_refused_with_its_reason(reason, listed):
    assert refusals(listed.split()) == dict.fromkeys(listed.split(), reason)


@pytest.mark.parametrize("listed", [PUBLIC, NEIGHBOURS])
def test_a_public_address_may_be_dialled(listed):
    assert refusals(listed.split()) == dict.fromkeys(listed.split())


@pytest.mark.parametrize("network", DENIED, ids=str)
def test_every_network_begins_and_ends_where_it_should(network):
    first, last = int(network[0]), int(network[-1])
    edges = [
        type(network[0])(number)
        for number in (first - 1, first, first + 1, last - 1, last, last + 1)
        if 0 <= number < 1 << network.max_prefixlen
    ]
    expected = {str(edge): any(edge in other for other in DENIED) for edge in edges}
    found = {edge: reason is not None for edge, reason in refusals(expected).items()}
    assert found == expected


@pytest.mark.parametrize("allowed", ["", "0.0.0.0/0,::/0"])
def test_what_is_not_an_address_is_never_dialled(allowed):
    policy = AddressPolicy(allowed=parse_networks(allowed))
    for text in NO_ADDRESSES:
        assert policy.refusal(text) == "unparsable", text
        assert not policy.allows(text)


def test_an_allowed_network_is_dialled_and_its_neighbours_are_not():
    policy = AddressPolicy(allowed=parse_networks("127.0.0.0/30, fd00:1::/32"))
    for address in ("127.0.0.0", "127.0.0.3", "::ffff:127.0.0.1", "fd00:1::1"):
        assert policy.refusal(address) is None
        assert policy.allows(address)
    for address in ("127.0.0.4", "126.255.255.255", "::1", "fd00:2::", "fd00::"):
        assert not policy.allows(address)
    assert policy.refusal("127.0.0.4") == "loopback"
    assert policy.refusal("::ffff:127.0.0.4") == "loopback"


def test_all_of_ipv6_is_not_ipv4_in_disguise():
    policy = AddressPolicy(allowed=parse_networks("::/0"))
    assert policy.refusal("::1") is None
    assert policy.refusal("::ffff:127.0.0.1") == "loopback"


def test_a_public_address_is_not_an_allowed_one():
    assert not AddressPolicy().allows("8.8.8.8")


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("", []),
        (" , ", []),
        ("10.0.0.0/8", ["10.0.0.0/8"]),
        (" 10.0.0.0/8 ,\t::1, ", ["10.0.0.0/8", "::1/128"]),
        ("127.0.0.1", ["127.0.0.1/32"]),
        ("::/0", ["::/0"]),
    ],
)
def test_a_setting_lists_networks(text, networks):
    assert [str(network) for network in parse_networks(text)] == networks


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("10.0.0.1/8", "10.0.0.1/8 has host bits set"),
        ("10.0.0.0/8;::1", "such as 10.0.0.0/8"),
        ("10.0.0.0/33", "such as 10.0.0.0/8"),
        ("localhost", "'localhost'"),
        ("fe80::%eth0/64", "scope id"),
        ("::ffff:10.0.0.0/104", "write it as IPv4"),
        ("10.0.0.0/8,::ffff:10.0.0.1", "write it as IPv4"),
    ],
)
def test_a_setting_that_is_not_networks_is_an_error(text, sentence):
    with pytest.raises(ValueError, match=sentence):
        parse_networks(text)


# Where Python of some release calls public what is refused here: AS112 and AMT
# anycast, 6to4 and its relays, all of the protocol assignments, the former 6bone and
# site-local networks, later documentation networks, what IANA has not given out, and
# Azure's service for its guests. Nowhere is it the other way round.
STRICTER = """168.63.129.16 192.0.0.0/24 192.31.196.0/24 192.52.193.0/24
    192.88.99.0/24 192.175.48.0/24 ::/3 2001::/23 2002::/16 2620:4f:8000::/48
    3ffe::/16 3fff::/20 4000::/2 8000::/1"""


@settings(max_examples=120, database=None, deadline=None)
@given(st.ip_addresses())
def test_it_is_as_strict_as_python_and_differs_where_it_says(address):
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    public = address.is_global and not address.is_multicast and not address.is_reserved
    stricter = any(address in ip_network(network) for network in STRICTER.split())
    assert (POLICY.refusal(str(address)) is None) == (public and not stricter)


@settings(max_examples=50, database=None, deadline=None)
@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_as_the_ipv4_address_that_it_is(address):
    mapped = IPv6Address((0xFFFF << 32) + int(address))
    expected = POLICY.refusal(str(address))
    for form in (f"::ffff:{address}", str(mapped), mapped.exploded):
        assert POLICY.refusal(form) == expected


@settings(max_examples=50, database=None, deadline=None)
@given(st.ip_addresses(), st.integers(min_value=0, max_value=128))
def test_allowing_a_network_changes_that_network_only(address, length):
    length = min(length, address.max_prefixlen)
    network = ip_network(f"{address}/{length}", strict=False)
    policy = AddressPolicy(allowed=(network,))
    for probe in (address, ip_address("127.0.0.1"), ip_address("fd00::1")):
        expected = None if probe in network else POLICY.refusal(str(probe))
        if getattr(probe, "ipv4_mapped", None) is None:
            assert policy.refusal(str(probe)) == expected
