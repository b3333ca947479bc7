"""The payload, and what is signed by mistake in its place."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from typing import Any, Final

from apps.auth_providers.diagnosis.findings import Cause, Finding
from apps.auth_providers.diagnosis.guesses import Guess
from apps.auth_providers.diagnosis.rewriting import (
    LARGEST_REWRITTEN,
    parsed,
    rewritings,
)

# As much as a receiver unpacks; beyond it may be a bomb.
MAX_BODY: Final = 64 * 1024 * 1024
GZIP_MAGIC: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_RULE: Final = "Use the bytes of the body as they came"


def gunzip(body: bytes) -> bytes | None:
    """The text of a compressed body; None if it is cut, broken or too large."""
    stream = zlib.decompressobj(wbits=31)
    try:
        text = stream.decompress(body, MAX_BODY)
    except zlib.error:
        return None
    return text if stream.eof else None


def body_guesses(text: bytes, received: bytes) -> Iterator[Guess]:
    """Each other payload that may have been signed.

    `text` is what the rule signs, `received` the body on the wire, compressed or not.
    """
    if received != text:
        yield Guess(received, _COMPRESSED)
    elif text.startswith(GZIP_MAGIC):
        unpacked = gunzip(text)
        if unpacked is not None:
            yield Guess(unpacked, _UNANNOUNCED)
    if text:
        yield Guess(b"", _EMPTY)
    yield from _line_ends(text)
    yield from _charsets(text)
    if len(text) <= LARGEST_REWRITTEN:
        yield from _rewritten(text)


def _line_ends(text: bytes) -> Iterator[Guess]:
    for other in (
        text + b"\n",
        text + b"\r\n",
        text.removesuffix(b"\n").removesuffix(b"\r"),
        text.rstrip(b"\r\n"),
        text.rstrip(),
        text.strip(),
    ):
        if other != text:
            yield Guess(other, _NEWLINE)
    unix = text.replace(b"\r\n", b"\n")
    for other, end in ((unix, b"\n"), (unix.replace(b"\n", b"\r\n"), b"\r\n")):
        for each in (other, other.removesuffix(end), other + end):
            if each != text:
                yield Guess(each, _LINE_ENDS)


def _charsets(text: bytes) -> Iterator[Guess]:
    """Taken for Latin-1 and written as UTF-8, or the other way; a byte order mark."""
    if not text.isascii():
        yield Guess(text.decode("latin-1").encode(), _CHARSET)
        decoded = text.decode("utf-8", "replace")
        yield Guess(decoded.encode("latin-1", "replace"), _CHARSET)
        yield Guess(decoded.encode("ascii", "replace"), _CHARSET)
        yield Guess(decoded.encode("ascii", "ignore"), _CHARSET)
    yield Guess(text.removeprefix(_BOM) if text[:3] == _BOM else _BOM + text, _CHARSET)


def _rewritten(text: bytes) -> Iterator[Guess]:
    value = parsed(text)
    if isinstance(value, dict | list):
        yield from (Guess(other, _wrote(how)) for other, how in rewritings(text, value))
        if isinstance(value, dict) and "id_webhook_data" in value:
            rest = {k: v for k, v in value.items() if k != "id_webhook_data"}
            bare = json.dumps(rest, ensure_ascii=False, separators=(",", ":"))
            # The sender's own way of adding it, taken back.
            cut = re.sub(rb',?\s*"id_webhook_data":\s*[0-9]+\s*}\Z', b"}", text)
            for other in (cut, bare.encode("utf-8", "surrogatepass")):
                yield Guess(other, _WITHOUT_ID)
    yield from (Guess(other, _AS_VALUE) for other in _as_values(text, value))


def _as_values(text: bytes, value: Any) -> Iterator[bytes]:
    """What languages write when a body that is no text is put into one."""
    decoded = text.decode("utf-8", "replace")
    yield repr(text).encode()
    yield repr(decoded).encode()
    for quoted in (json.dumps(decoded), json.dumps(decoded, ensure_ascii=False)):
        yield quoted.encode()
    if value is not None:
        yield str(value).encode("utf-8", "surrogatepass")
    for name in ("[object Object]", "undefined", "null", "None", "Array"):
        yield name.encode()
    yield ",".join(map(str, text[:4096])).encode()


def _wrote(how: str) -> Finding:
    return Finding(
        cause=Cause.BODY_REWRITTEN,
        sentence="The signature fits the body only after it has been parsed and"
        f" written again: {how}.",
        remedy=f"{_RULE}, before a JSON parser or a middleware has touched them.",
    )


_COMPRESSED: Final = Finding(
    cause=Cause.BODY_COMPRESSED,
    sentence="The signature covers the compressed bytes.",
    remedy="Unpack the body first, then sign and verify the text.",
)
_UNANNOUNCED: Final = Finding(
    cause=Cause.GZIP_UNANNOUNCED,
    sentence="The body is compressed, and no Content-Encoding: gzip says so.",
    remedy="Look for what removes the header on the way; unpack, then verify.",
)
_EMPTY: Final = Finding(
    cause=Cause.BODY_EMPTY,
    sentence="The signature covers an empty body.",
    remedy="Something has read the stream before: keep the raw body when it is first"
    " read, in front of any body parser.",
)
_NEWLINE: Final = Finding(
    cause=Cause.BODY_NEWLINE,
    sentence="The bodies on the two sides differ in blanks at the ends: a newline was"
    " added, or trimmed.",
    remedy=f"{_RULE}; do not trim them. A copy by hand or an editor may add a newline.",
)
_LINE_ENDS: Final = Finding(
    cause=Cause.BODY_LINE_ENDS,
    sentence="The line ends of the body were changed between CRLF and LF.",
    remedy=f"{_RULE}, in binary: text modes, forms and editors change line ends.",
)
_CHARSET: Final = Finding(
    cause=Cause.BODY_CHARSET,
    sentence="The body was decoded and encoded again in another character set, or"
    " a byte order mark was added or removed.",
    remedy=f"{_RULE}; where there must be a text, it is UTF-8 without a mark.",
)
_WITHOUT_ID: Final = Finding(
    cause=Cause.BODY_WITHOUT_ID,
    sentence="The signature covers the body without id_webhook_data.",
    remedy="The body that is sent is signed, id_webhook_data included.",
)
_AS_VALUE: Final = Finding(
    cause=Cause.BODY_AS_VALUE,
    sentence="What was signed is a value of the programming language instead of the"
    " body, as b'...' or [object Object].",
    remedy=f"{_RULE}: join bytes with bytes, or decode them as UTF-8 first.",
)
