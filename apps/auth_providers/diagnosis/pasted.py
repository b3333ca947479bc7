"""Headers as people paste them: HTTP, `curl -v`, a curl command, JSON, a dictionary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from apps.auth_providers.diagnosis.findings import BadInput, shown
from apps.auth_providers.diagnosis.pasted_curl import CurlCommand, read_curl
from apps.auth_providers.diagnosis.pasted_objects import read_object

LONGEST_HEADERS: Final = 64 * 1024
_REQUEST_LINE: Final = re.compile(r"([A-Za-z]+) (\S+) HTTP/[0-9.]+")
_HEADER: Final = re.compile(r"(:?[!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:[ \t]*(.*)")
_LINE_END: Final = re.compile(r"\r\n|\n|\r")
# Both ends of a CRLF are one line end, not two.
_BLANK_LINE: Final = re.compile(r"(?:\r\n|\r(?!\n)|\n)[ \t]*(?:\r\n|\r(?!\n)|\n)")
# Lines of `curl -v`: what was sent, what came back, what it says.
_CURL_OUTPUT: Final = re.compile(r"^(?:>|<|\*|[{}] \[)(?: |$)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """What was in it. Header names are in lower case."""

    headers: dict[str, str]
    method: str | None = None
    target: str | None = None
    body: bytes | None = None


def read_pasted(text: str) -> Pasted:
    """Read it, or raise `BadInput` with what is wrong.

    HTTP may begin with the request line and end with a blank line and the body.
    """
    start = text.lstrip().lstrip("\ufeff").lstrip()
    if not start:
        raise BadInput("There are no headers.")
    if start.startswith(("{", "[")):
        read = read_object(_bounded(start))
        headers = clean_headers(read.headers)
        return Pasted(headers=headers, method=read.method, target=read.target)
    if re.match(r"(?:\$ )?(?:curl\s|-H\b|--header\b)", start):
        return _from_curl(read_curl(start.removeprefix("$ ")))
    return _from_http(start)


def clean_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By lower-case name; those of CGI, WSGI and Rack (HTTP_BI_SIGNATURE) too."""
    headers: dict[str, str] = {}
    for name, value in pairs:
        key = name.strip().lower().replace("_", "-").removeprefix("http-")
        value = value.strip()
        if key.startswith("bi-") and headers.get(key, value) != value:
            raise BadInput(f"{shown(name)} is there twice, with two values.")
        headers[key] = value
    return headers


def _from_curl(command: CurlCommand) -> Pasted:
    return Pasted(
        headers=clean_headers(_header(text) for text in command.headers),
        method=command.method,
        target=command.url,
        body=command.body,
    )


def _from_http(text: str) -> Pasted:
    if _CURL_OUTPUT.match(text):
        lines = _LINE_END.split(text)
        head = "\n".join(line[2:] for line in lines if line.startswith(">"))
        rest = None
    else:
        head, rest = _split(text)
    lines = _LINE_END.split(_bounded(head).strip())
    first = _REQUEST_LINE.fullmatch(lines[0].strip())
    pairs = list(_pairs(lines[1:] if first else lines, 2 if first else 1))
    pseudo = {name: value for name, value in pairs if name.startswith(":")}
    return Pasted(
        headers=clean_headers(pair for pair in pairs if pair[0] not in pseudo),
        method=first[1] if first else pseudo.get(":method"),
        target=first[2] if first else pseudo.get(":path"),
        body=rest,
    )


def _split(text: str) -> tuple[str, bytes | None]:
    """At the blank line, if there is one with something behind it."""
    match = _BLANK_LINE.search(text)
    if match is None:
        return text, None
    rest = text[match.end() :]
    body = rest.encode("utf-8", "replace") if rest.strip() else None
    return text[: match.start()], body


def _pairs(lines: list[str], number: int) -> Iterator[tuple[str, str]]:
    for index, line in enumerate(map(str.strip, lines), start=number):
        if not line:
            continue
        match = _HEADER.fullmatch(line)
        if match is None:
            raise BadInput(
                f"Line {index} is not a header: {shown(line)}. Write Name: value."
            )
        yield match[1], match[2]


def _header(text: str) -> tuple[str, str]:
    match = _HEADER.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"This is not a header: {shown(text)}. Write Name: value.")
    return match[1], match[2]


def _bounded(text: str) -> str:
    if len(text) > LONGEST_HEADERS:
        raise BadInput("The headers are longer than 64 KB.")
    return text
