"""Which URLs may be registered: the grammar, and what other parsers make of them."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

import pycurl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from apps.outbound.addresses import AddressPolicy, parse_networks
from apps.outbound.policies import url_policy
from apps.outbound.urls import (
    DENIED_PORTS,
    LONGEST_URL,
    ForbiddenUrl,
    Target,
    UrlPolicy,
    check_url,
)
from tests.hostile_urls import TARGETS, hostile

STRICT = UrlPolicy(addresses=AddressPolicy())
HTTP = UrlPolicy(addresses=AddressPolicy(), allow_http=True)
LOOPBACK = UrlPolicy(
    addresses=AddressPolicy(allowed=parse_networks("127.0.0.0/8,::1")), allow_http=True
)
ANYWHERE = UrlPolicy(
    addresses=AddressPolicy(allowed=parse_networks("0.0.0.0/0,::/0")), allow_http=True
)
PORT = 8000
NOT_CALLED = "The address of this URL may not be called."


def refusal(text: str, policy: UrlPolicy = STRICT) -> str | None:
    """The code with which a URL is refused; None if it is not."""
    try:
        check_url(text, policy)
    except ForbiddenUrl as error:
        return error.code
    return None


def test_a_url_is_taken_apart():
    target = check_url("https://hooks.example.com:8443/v1/in?tenant=1&x=%2f", STRICT)
    assert target == Target(
        url="https://hooks.example.com:8443/v1/in?tenant=1&x=%2f",
        scheme="https",
        host="hooks.example.com",
        port=8443,
        path="/v1/in",
        query="tenant=1&x=%2f",
    )


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("HTTPS://Hooks.EXAMPLE.com/In", "https://hooks.example.com/In"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com?a=1", "https://example.com/?a=1"),
        ("https://example.com/?", "https://example.com/"),
        ("https://example.com:443/", "https://example.com/"),
        ("http://example.com:80/", "http://example.com/"),
        ("http://example.com:443/", "http://example.com:443/"),
        ("https://example.com/%c3%a9%2f?%c3", "https://example.com/%C3%A9%2F?%c3"),
        ("https://[2606:4700:0::1111]:8443/", "https://[2606:4700::1111]:8443/"),
        ("https://xn--caf-dma.example/", "https://xn--caf-dma.example/"),
        ("https://example.com//a//b/", "https://example.com//a//b/"),
        ("https://example.com/...?/../", "https://example.com/...?/../"),
        ("https://1.example/", "https://1.example/"),
        ("https://127.0.0.1.example/", "https://127.0.0.1.example/"),
        ("https://example.com/a:b@c;d=!$&'()*+,~_-.", None),
    ],
)
def test_a_good_url_is_kept_in_its_usual_form(text, url):
    target = check_url(text, HTTP)
    assert target.url == url or (url is None and target.url == text)
    assert check_url(target.url, HTTP) == target


@pytest.mark.parametrize(
    ("code", "listed"),
    [
        ("not_ascii", ["https://café.example/", "https://example。com/", "\ud800"]),
        (
            "character",
            [
                *(
                    "https://example.com/a b",
                    " https://example.com/",
                    "https://a\tb.c/",
                ),
                *("https://example.com\\@a.b/", "https:\\\\a.b/", "https://a.b/\x00"),
                *("https://a.b/\r\nHost: x", "https://a.b/\n", "https://a.b/<>"),
                *('https://a.b/"', "https://a.b/{}", "https://a.b/^", "https://a.b/|"),
                *("https://a.b/`", "https://a.b/[0]", "https://a.b/?a[]=1", "\x7f"),
            ],
        ),
        (
            "escape",
            ["https://a.b/%", "https://a.b/%2", "https://a.b/?%2", "https://a.b/%zz"],
        ),
        ("fragment", ["https://example.com/#", "https://example.com#@a.b/"]),
        (
            "not_https",
            [
                *("", "/", "//example.com/", "example.com", "https:", "https:/a.b/"),
                *("http://example.com/", "ftp://a.b/", "file:///etc/passwd"),
                *("httpss://a.b/", "url:https://a.b/", "javascript:alert(1)"),
            ],
        ),
        (
            "userinfo",
            [
                "https://u@a.b/",
                "https://u:p@a.b/",
                "https://@a.b/",
                "https://a.b:80@c.d/",
            ],
        ),
        (
            "host",
            [
                *(
                    "https://",
                    "https:///a",
                    "https://:443/",
                    "https://?a",
                    "https://./",
                ),
                *("https://a..b/", "https://.a.b/", "https://a.b./", "https://a_b.c/"),
                *("https://-a.b/", "https://a-.b/", "https://a%2eb/", "https://*.a.b/"),
                *("https://127.1/", "https://0x7f.1/", "https://2130706433/"),
                *("https://017700000001/", "https://0x7f000001/", "https://0/"),
                *("https://127.0.0.01/", "https://1.2.3.256/", "https://1.2.3.4.5/"),
                *(
                    "https://a.1/",
                    "https://a.0x/",
                    "https://a.0xff/",
                    "https://1.2.3.4./",
                ),
                *("https://[::1/", "https://::1/", "https://[::1]a/", "https://[]/"),
                *("https://[::1%25lo]/", "https://[fe80::1%eth0]/", "https://[v1.a]/"),
                *("https://[1.2.3.4]/", "https://[a.b]/", "https://[[::1]]/"),
                *(f"https://{'a' * 64}.b/", f"https://{'a.' * 126}ab/"),
            ],
        ),
        (
            "port",
            [
                *("https://a.b:/", "https://a.b:0/", "https://a.b:0443/"),
                *("https://a.b:65536/", "https://a.b:100000/", "https://a.b:-1/"),
                *("https://a.b:+443/", "https://a.b:4_43/", "https://a.b:443:443/"),
                *("https://[2606:4700::1]:x/", "https://a.b:%34/"),
            ],
        ),
        (
            "denied_port",
            [
                *("https://a.b:1/", "https://a.b:22/", "https://a.b:1023/"),
                *(f"https://a.b:{port}/" for port in DENIED_PORTS),
                "https://8.8.8.8:25/",
            ],
        ),
        (
            "dot_segment",
            [
                *(
                    "https://a.b/.",
                    "https://a.b/..",
                    "https://a.b/./c",
                    "https://a.b/c/..",
                ),
                *("https://a.b/%2e", "https://a.b/%2E./c", "https://a.b/c/.%2e/d"),
            ],
        ),
        (
            "loopback",
            ["https://127.0.0.1/", "https://[::1]/", "https://[::FFFF:7f00:1]/"],
        ),
        (
            "private",
            ["https://10.0.0.1/", "https://192.168.1.1:8080/", "https://[fd00::1]/"],
        ),
        ("link_local", ["https://169.254.0.1/", "https://[fe80::1]/"]),
        ("metadata", ["https://169.254.169.254/", "https://[::ffff:169.254.169.254]/"]),
        ("not_global", ["https://[64:ff9b::7f00:1]/", "https://[::127.0.0.1]/"]),
        (
            "local_name",
            [
                *("https://localhost/", "https://LOCALHOST/", "https://a.localhost/"),
                *("https://localhost.localdomain/", "https://postgres/"),
                *("https://metadata.google.internal/", "https://printer.local/"),
                *("https://kubernetes.default.svc/", "https://nas.home.arpa/"),
            ],
        ),
    ],
)
def test_a_bad_url_is_refused_with_its_code(code, listed):
    assert {text: refusal(text) for text in listed} == dict.fromkeys(listed, code)


def test_sentences_do_not_tell_kinds_of_addresses_apart():
    for host in ("127.0.0.1", "10.0.0.1", "[fe80::1]", "[::1]", "localhost", "redis"):
        with pytest.raises(ForbiddenUrl) as refused:
            check_url(f"https://{host}:6379/", STRICT)
        assert refused.value.sentence == NOT_CALLED


def test_international_names_are_told_how_to_register():
    with pytest.raises(ForbiddenUrl, match="xn--"):
        check_url("https://café.example/", STRICT)


def test_http_is_for_the_operator_to_allow():
    assert refusal("http://example.com/") == "not_https"
    assert refusal("http://example.com/", HTTP) is None
    assert refusal("ftp://example.com/", HTTP) == "not_http"


@pytest.mark.parametrize("port", [80, 443, 1024, 8080, 8443, 65535])
def test_the_usual_ports_may_be_called(port):
    assert check_url(f"https://example.com:{port}/", STRICT).port == port


def test_an_allowed_address_has_any_port_but_the_grammar_holds():
    assert check_url("http://127.0.0.1:1/", LOOPBACK).port == 1
    assert check_url("http://[::1]:6379/", LOOPBACK).port == 6379
    assert check_url("http://localhost:8000/", LOOPBACK).host == "localhost"
    assert refusal("http://localhost:6379/", LOOPBACK) == "denied_port"
    assert refusal("http://10.0.0.1/", LOOPBACK) == "private"
    assert refusal("http://u@127.0.0.1/", LOOPBACK) == "userinfo"
    assert refusal("http://127.1/", LOOPBACK) == "host"


def test_local_names_go_with_a_network_that_is_allowed():
    addresses = AddressPolicy(allowed=parse_networks("10.0.0.0/8"))
    policy = UrlPolicy(addresses=addresses)
    assert refusal("https://receiver:8443/", policy) is None
    assert refusal("https://hooks.corp.internal/", policy) is None
    assert refusal("https://localhost/", policy) == "local_name"


def test_the_service_does_not_call_itself():
    policy = UrlPolicy(
        addresses=AddressPolicy(), denied_hosts=frozenset({"api.example.com"})
    )
    assert refusal("https://API.example.com/events", policy) == "own_host"
    assert refusal("https://www.example.com/", policy) is None


def test_the_names_that_it_answers_to_are_its_own(settings):
    settings.ALLOWED_HOSTS = ["API.example.com", ".example.org", "*", "localhost"]
    policy = url_policy()
    assert policy.denied_hosts == {"api.example.com", "example.org"}
    assert refusal("https://api.example.com/events", policy) == "own_host"
    assert refusal("https://hooks.example.org/", policy) is None


def test_the_longest_url_and_one_character_more():
    base = "https://example.com/"
    longest = base + "a" * (LONGEST_URL - len(base))
    assert check_url(longest, STRICT).url == longest
    assert refusal(longest + "a") == "too_long"
    # Its usual form is the one that is kept, and has a character more.
    query = "https://example.com?"
    assert refusal(query + "a" * (LONGEST_URL - len(query))) == "too_long"


def test_the_longest_host():
    host = f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 61}"
    assert check_url(f"https://{host}/", STRICT).host == host
    assert refusal(f"https://{host}e/") == "host"


def read_by_others(text: str) -> list[tuple[str | None, int | None]]:
    """(host, port) as the standard library and urllib3 read them."""
    parts, url = urlsplit(text), parse_url(text)
    found = [(parts.hostname, parts.port), (url.hostname, url.port)]
    return [(host and host.strip("[]").lower(), port) for host, port in found]


def agree(text: str, target: Target) -> bool:
    """True if all read the host and port of `text` as `check_url` did."""
    default = 443 if target.scheme == "https" else 80
    return all(
        host is not None
        and (host == target.host or ip_address(host) == ip_address(target.host))
        and (port or default) == target.port
        for host, port in read_by_others(text)
    )


def test_no_hostile_url_leads_to_an_address_of_ours():
    corpus = set(hostile(PORT))
    accepted = {}
    for text in corpus:
        try:
            accepted[text] = check_url(text, HTTP)
        except ForbiddenUrl:
            continue
    assert len(corpus) > 15_000
    # Those that are what they seem: ours is in the path, the query or a longer name.
    assert 100 < len(accepted) < 1_000
    for text, target in accepted.items():
        assert target.host.endswith(".example.com"), text
        assert agree(text, target), text
        assert agree(target.url, target), text


def test_the_corpus_bites():
    def naive(text: str) -> bool:
        """Whether a check of the text alone lets urllib3 call an address of ours."""
        try:
            url, host = parse_url(text), urlsplit(text).hostname or ""
            return url.hostname in TARGETS and host not in TARGETS
        except (ValueError, LocationParseError):
            return False

    assert any(map(naive, hostile(PORT)))


FRAGMENTS = [
    *("https", "http", "://", ":", "/", "//", "@", "\\", "?", "#", "%", "%2e", "%40"),
    *("[", "]", "::1", "127.0.0.1", "8.8.8.8", "0x7f", "1", "443", ":8080", "é", "。"),
    *("example", ".com", ".", "-", "_", " ", "\t", "\n", "\0", "a", "A", "xn--", ";"),
]


@settings(max_examples=120, database=None, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=8).map("".join))
def test_what_is_accepted_is_read_alike_by_all(rest):
    for text in (rest, f"https://{rest}", f"https://example.com{rest}"):
        try:
            target = check_url(text, ANYWHERE)
        except ForbiddenUrl:
            continue
        assert agree(text, target)
        assert agree(target.url, target)
        assert check_url(target.url, ANYWHERE) == target
        # What is signed is the path that the standard library finds in the URL.
        assert urlsplit(target.url)[2:] == (target.path, target.query, "")


LABELS = st.text("abz059-", min_size=1, max_size=8).map(lambda text: f"a{text}z")
PATHS = st.lists(
    st.sampled_from([*"/abzABZ059_~!$&'()*+,;=:@-", "%C3", "%2F", "..a"]), max_size=12
).map(lambda parts: "/" + "".join(parts))


@settings(max_examples=50, database=None, deadline=None)
@given(st.lists(LABELS, min_size=1, max_size=4), PATHS, st.integers(1024, 65535))
def test_every_url_of_the_grammar_is_accepted_as_it_is(labels, path, port):
    host = ".".join([*labels, "example"])
    text = f"https://{host}:{port}{path}?{path}"
    policy = UrlPolicy(addresses=AddressPolicy(), denied_ports=frozenset())
    target = check_url(text, policy)
    assert (target.host, target.port) == (host, port)
    assert (target.url, target.path, target.query) == (text, path, path)


def asked_by_libcurl(target: Target) -> tuple[str, int, str, str]:
    """(address, port, request target, Host) of libcurl's, over a pair of sockets.

    Every name is 192.0.2.1.
    """
    near, far = socket.socketpair()
    dialled: list[tuple[str, int]] = []

    def open_socket(_purpose: int, address: tuple[int, int, int, tuple[str, int]]):
        dialled.append(address[3][:2])
        return near

    easy = pycurl.Curl()
    easy.setopt(pycurl.URL, target.url)
    easy.setopt(pycurl.PATH_AS_IS, 1)
    easy.setopt(pycurl.PROXY, "")
    if ":" not in target.host:
        easy.setopt(pycurl.RESOLVE, [f"{target.host}:{target.port}:192.0.2.1"])
    easy.setopt(pycurl.OPENSOCKETFUNCTION, open_socket)
    easy.setopt(pycurl.SOCKOPTFUNCTION, lambda *_: pycurl.SOCKOPT_ALREADY_CONNECTED)
    with near, far:
        far.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        easy.perform()
        request, host = far.recv(65536).decode().split("\r\n")[:2]
    easy.close()
    return *dialled[0], request.split(" ")[1], host.removeprefix("Host: ")


@pytest.mark.parametrize(
    "text",
    [
        *("http://example.com", "HTTP://EXAMPLE.com:8080/In?", "http://example.com?a"),
        *("http://example.com//a//b/;x=1?y=%2f/?", "http://example.com/%2f%c3%a9?%c3"),
        *("http://example.com/...a/..;/..%2f", "http://example.com/!$&'()*+,;=:@-._~"),
        *("http://[::FFFF:127.0.0.1]:81/", "http://[1::2:3:4:5:6:7]/"),
        *("http://hooks.example.com/@127.0.0.1:8000/", "http://127.0.0.1.example.com/"),
    ],
)
def test_libcurl_sends_what_was_read(text):
    target = check_url(text, ANYWHERE)
    address, port, asked, host = asked_by_libcurl(target)
    expected = target.host if ":" in target.host else "192.0.2.1"
    assert ip_address(address) == ip_address(expected)
    assert port == target.port
    assert asked == target.path + (f"?{target.query}" if target.query else "")
    assert host == urlsplit(target.url).netloc
