"""The path that is signed, and the others that are signed by mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from apps.auth_providers.diagnosis.findings import BadInput, Cause, Finding, shown
from apps.auth_providers.diagnosis.guesses import Guess

LONGEST_TARGET: Final = 8192
# Where a proxy that rewrites paths tells the one that it was asked for.
ORIGINALS: Final = (
    "x-original-uri",
    "x-original-url",
    "x-forwarded-uri",
    "x-rewrite-url",
    "x-envoy-original-path",
)
PREFIXES: Final = ("x-forwarded-prefix", "x-script-name", "script-name")
# More levels than a URL has that a person wrote.
MOST_SEGMENTS: Final = 8
_URL: Final = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#]*)(?P<rest>.*)", re.I)
_SLASHES: Final = re.compile(r"//+")
_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_SAFE: Final = "/:@!$&'()*+,;=~%"
_RULE: Final = "Sign and verify the path as it is on the wire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whom a request is for. `host` is empty if nobody has told it."""

    host: str
    path: str
    query: str


def read_target(text: str, headers: Mapping[str, str]) -> Target:
    """Read a URL or a path; raise `BadInput`."""
    text = text.strip()
    if len(text) > LONGEST_TARGET:
        raise BadInput(f"The URL is longer than {LONGEST_TARGET} characters.")
    url = _URL.fullmatch(text)
    rest = url["rest"] if url else text
    if not url and not text.startswith("/"):
        raise BadInput("The path must begin with /, or be a URL with http(s)://.")
    path, _, query = rest.partition("#")[0].partition("?")
    host = url["host"] if url else headers.get("host", "")
    return Target(host=host, path=path or "/", query=query)


def path_guesses(
    target: Target, headers: Mapping[str, str], registered: Target | None
) -> Iterator[Guess]:
    """Each other path that may have been signed, once."""
    seen = {target.path}
    for path, finding in _guesses(target, headers, registered):
        if path not in seen:
            seen.add(path)
            yield Guess(path, finding)


def _guesses(
    target: Target, headers: Mapping[str, str], registered: Target | None
) -> Iterator[tuple[str, Finding]]:
    path = target.path
    if registered is not None:
        yield registered.path, _registered(registered.path, path)
    if target.query:
        yield f"{path}?{target.query}", _with_query(path)
    slashed = path[:-1] if path.endswith("/") else path + "/"
    yield slashed, _slash(slashed, path)
    yield from _before_the_proxy(path, headers)
    yield from _spellings(path)
    yield from _with_host(target)
    yield from _suffixes(path)


def _before_the_proxy(
    path: str, headers: Mapping[str, str]
) -> Iterator[tuple[str, Finding]]:
    for name in ORIGINALS:
        original = headers.get(name, "").partition("?")[0]
        if original.startswith("/"):
            yield original, _prefix(original, path)
    for name in PREFIXES:
        prefix = headers.get(name, "").rstrip("/")
        if prefix.startswith("/"):
            yield prefix + path, _prefix(prefix + path, path)


def _suffixes(path: str) -> Iterator[tuple[str, Finding]]:
    """The path without its first segments: a proxy or a router has put them there."""
    rest = path
    for _ in range(MOST_SEGMENTS):
        _, slash, rest = rest[1:].partition("/")
        rest = slash + rest
        yield rest or "/", _prefix(rest or "/", path)
        if not rest:
            return


def _spellings(path: str) -> Iterator[tuple[str, Finding]]:
    upper = _ESCAPE.sub(lambda escape: escape[0].upper(), path)
    lower = _ESCAPE.sub(lambda escape: escape[0].lower(), path)
    decoded = unquote(path)
    encoded = (
        quote(each, safe, errors="replace")
        for each, safe in ((path, _SAFE), (decoded, "/"))
    )
    for other in (decoded, upper, lower, *encoded):
        yield other, _encoding(other, path)
    without = path.lstrip("/")
    for other in (path.lower(), _SLASHES.sub("/", path), without, without.rstrip("/")):
        yield other, _spelling(other, path)


def _with_host(target: Target) -> Iterator[tuple[str, Finding]]:
    if not target.host:
        return
    paths = [target.path]
    if target.query:
        paths.append(f"{target.path}?{target.query}")
    if target.path == "/":
        paths.append("")
    for path in paths:
        for start in ("https://", "http://", "//", ""):
            yield f"{start}{target.host}{path}", _host(target.path)


def _with_query(path: str) -> Finding:
    return Finding(
        cause=Cause.PATH_WITH_QUERY,
        sentence="The signature covers the path with its query.",
        remedy=f"Cut the path at the question mark: {shown(path)}",
    )


def _host(path: str) -> Finding:
    return Finding(
        cause=Cause.PATH_WITH_HOST,
        sentence="The signature covers the URL with its host.",
        remedy=f"Sign and verify the path alone: {shown(path)}",
    )


def _slash(signed: str, path: str) -> Finding:
    return Finding(
        cause=Cause.PATH_TRAILING_SLASH,
        sentence=f"The signature is for {_name(signed)}, the request for {_name(path)}"
        ": they differ in the slash at the end.",
        remedy=_RULE + ": its slash is kept, and none is added. Look for a framework"
        " or a proxy that adds or removes it.",
    )


def _prefix(signed: str, path: str) -> Finding:
    return Finding(
        cause=Cause.PATH_PREFIX,
        sentence=f"The signature is for {_name(signed)}, the request for {_name(path)}"
        ": a proxy or a router has added or removed the beginning.",
        remedy="Verify with the path of the URL that was registered, not with what"
        " is left of it behind a proxy or within a mounted router.",
    )


def _registered(signed: str, path: str) -> Finding:
    return Finding(
        cause=Cause.PATH_REGISTERED,
        sentence=f"The signature is for {_name(signed)}, the path of the registered"
        f" URL; the request was read as {_name(path)}.",
        remedy="Verify with the path of the URL that was registered; look for what"
        " rewrites it on the way.",
    )


def _encoding(signed: str, path: str) -> Finding:
    return Finding(
        cause=Cause.PATH_ENCODING,
        sentence=f"The signature is for {_name(signed)}, the request for {_name(path)}"
        ": percent-escapes were decoded or written differently.",
        remedy=_RULE + ", with its escapes as they came: frameworks often give it"
        " decoded, and keep the raw one elsewhere.",
    )


def _spelling(signed: str, path: str) -> Finding:
    return Finding(
        cause=Cause.PATH_SPELLING,
        sentence=f"The signature is for {_name(signed)}, the request for {_name(path)}"
        ".",
        remedy=_RULE + ": its case and all of its slashes, the first one too.",
    )


def _name(path: str) -> str:
    return shown(path) or "an empty path"
