"""A command of curl, as browsers, consoles and proxies copy it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from apps.auth_providers.diagnosis.findings import BadInput, shown

LONGEST_COMMAND: Final = 16 * 1024 * 1024
_HEADER: Final = ("-H", "--header")
_METHOD: Final = ("-X", "--request")
_DATA: Final = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json")
_IGNORED_WITH_VALUE: Final = frozenset(
    {
        *("-A", "--user-agent", "-b", "--cookie", "-c", "--cookie-jar", "-e"),
        *(
            "--referer",
            "-o",
            "--output",
            "-u",
            "--user",
            "-m",
            "--max-time",
            "--cacert",
        ),
        *("--cert", "--key", "-x", "--proxy", "--resolve", "--connect-timeout", "-w"),
    }
)


@dataclass(slots=True, kw_only=True)
class CurlCommand:
    """What it would send."""

    url: str | None = None
    method: str | None = None
    headers: list[str] = field(default_factory=list)
    body: bytes | None = None


def read_curl(text: str) -> CurlCommand:
    """Read it, or raise `BadInput`."""
    if len(text) > LONGEST_COMMAND:
        raise BadInput("The curl command is longer than 16 MB.")
    try:
        words = iter(shlex.split(text.replace("\\\r\n", " ").replace("\\\n", " ")))
    except ValueError as error:
        raise BadInput("The curl command has a quote that is not closed.") from error
    command = CurlCommand()
    for word in words:
        _take(command, word, words)
    return command


def _take(command: CurlCommand, word: str, words: Iterator[str]) -> None:
    name, value = _split(word)
    if name in _HEADER:
        command.headers.append(_value(name, value, words))
    elif name in _METHOD:
        command.method = _value(name, value, words)
    elif name in _DATA:
        data = _value(name, value, words)
        if data.startswith("@") and name != "--data-raw":
            # The file is on the machine of whoever pasted this.
            return
        command.body = (command.body or b"") + data.encode("utf-8", "replace")
    elif name == "--url":
        command.url = _value(name, value, words)
    elif name in _IGNORED_WITH_VALUE:
        _value(name, value, words)
    elif not word.startswith("-") and word != "curl":
        command.url = word


def _split(word: str) -> tuple[str, str | None]:
    """`-HName: value` and `--data=value` are one word."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, value if equals else None
    if word[:2] in ("-H", "-X", "-d") and len(word) > 2:
        return word[:2], word[2:]
    return word, None


def _value(name: str, value: str | None, words: Iterator[str]) -> str:
    if value is None:
        value = next(words, None)
    if value is None:
        raise BadInput(f"Nothing follows {shown(name)} in the curl command.")
    return value
