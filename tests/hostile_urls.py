"""Hostile URLs: every way to write a scheme, times every way to make one host look like
another, times every way to write an address of ours."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

TARGETS = """127.0.0.1 127.0.0.2 127.1 127.0.1 0 0.0.0.0 0177.0.0.1 0x7f.0.0.1
    0x7f000001 0X7F000001 017700000001 2130706433 0x7f.1 127.0x0.0.1 0000127.0.0.1
    127.000.000.001 127.0.0.1. 127.0.0.1.. localhost LOCALHOST localhost.
    localhost.localdomain ip6-localhost [::1] [::] [0:0:0:0:0:0:0:1] [0::1]
    [::ffff:127.0.0.1] [::FFFF:7f00:1] [::127.0.0.1] [::1%25lo] [fe80::1%25eth0] ::1
    ①②⑦.⓪.⓪.① ⓛⓞⓒⓐⓛⓗⓞⓢⓣ 127。0。0。1 127%2e0%2e0%2e1 %31%32%37.0.0.1 localh%6fst
    10.0.0.1 172.16.0.1 192.168.1.1 100.100.100.200 169.254.169.254 168.63.129.16
    [fd00:ec2::254] metadata.google.internal [64:ff9b::7f00:1] [2002:7f00:1::]
    kubernetes.default.svc host.docker.internal redis""".split()  # noqa: SIM905
SCHEMES = [
    *("http://", "https://", "HtTp://", "http:", "http:/", "http:///", "http:\\\\"),
    *("//", "", "ftp://", "gopher://", "file://", "http+unix://", "jar:http://"),
    *("url:http://", " http://", "\thttp://", "http://\t", "http\n://", "https://\\"),
]
DISGUISES = [
    *("", "@", "u@", "u:p@", "a:b@c@", "%40", "hooks.example.com@"),
    *("hooks.example.com:80@", "hooks.example.com\\@", "hooks.example.com%40"),
    *("hooks.example.com%5c@", "hooks.example.com%00@", "hooks.example.com%2f@"),
    *("hooks.example.com#@", "hooks.example.com?@", "hooks.example.com/@"),
    *("hooks.example.com\t@", "hooks.example.com;@"),
]
TAILS = [
    *("", "/", "/?u=http://example.com", "#.example.com", "?.example.com"),
    *("%23.example.com", "\\.example.com", "/..;/", ".example.com", ":x@example.com/"),
    *("\r\nHost: example.com/", "\u0661/", ":\u0668\u0660\u0660\u0660/", "%00.com"),
]


def hostile(port: int) -> Iterator[str]:
    """All of them; ours is at `port`, and where a URL names none."""
    for scheme, disguise, target in product(SCHEMES, DISGUISES, TARGETS):
        yield f"{scheme}{disguise}{target}:{port}/"
    for target, tail in product(TARGETS, TAILS):
        yield f"http://{target}{tail}"
        yield f"http://{target}:{port}{tail}"
