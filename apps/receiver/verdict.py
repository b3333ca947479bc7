"""Is this delivery genuine? Written from the published rules alone.

Nothing here is shared with the sender: a rule that both sides got wrong the same way
would otherwise pass every test.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

MAX_BODY = 64 * 1024 * 1024
WINDOW = timedelta(minutes=5)


class Reason(StrEnum):
    """Why a delivery is or is not genuine."""

    VALID = "valid"
    UNSIGNED = "unsigned"
    BAD_GZIP = "bad_gzip"
    BAD_DATE = "bad_date"
    STALE_DATE = "stale_date"
    BAD_SIGNATURE = "bad_signature"
    BAD_TOKEN = "bad_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict, and the body as text bytes (gunzipped, where it could be)."""

    reason: Reason
    body: bytes

    @property
    def valid(self) -> bool:
        """True if the sender knows the secret."""
        return self.reason is Reason.VALID


def verify(
    secret: str,
    *,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    window: timedelta = WINDOW,
) -> Verdict:
    """Check `BI-Signature` over the raw request.

    `target` is the request line's (path and query); `headers` have lower-case
    names; `body` is as received, compressed or not.
    """
    try:
        text = gunzip(body) if headers.get("content-encoding") == "gzip" else body
    except (zlib.error, ValueError):
        return Verdict(reason=Reason.BAD_GZIP, body=body)
    date, given = headers.get("bi-signature-date"), headers.get("bi-signature")
    if date is None or given is None:
        return Verdict(reason=Reason.UNSIGNED, body=text)
    try:
        signed_at = datetime.strptime(date + "+0000", "%Y-%m-%dT%H:%M:%S.%fZ%z")
    except ValueError:
        return Verdict(reason=Reason.BAD_DATE, body=text)
    if abs(now - signed_at) > window:
        return Verdict(reason=Reason.STALE_DATE, body=text)
    path = urlsplit(target).path
    right = signature(secret, method=method, path=path, date=date, text=text)
    if not hmac.compare_digest(right, given.encode()):
        return Verdict(reason=Reason.BAD_SIGNATURE, body=text)
    return Verdict(reason=Reason.VALID, body=text)


def signature(secret: str, *, method: str, path: str, date: str, text: bytes) -> bytes:
    """What `BI-Signature` should be; `text` is the body before compression."""
    message = b".".join((method.encode(), path.encode(), date.encode(), text))
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest())


def verify_token(token: str, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Check the user's token in `Authorization` instead of a signature."""
    try:
        text = gunzip(body) if headers.get("content-encoding") == "gzip" else body
    except (zlib.error, ValueError):
        return Verdict(reason=Reason.BAD_GZIP, body=body)
    given = headers.get("authorization", "")
    genuine = hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    return Verdict(reason=Reason.VALID if genuine else Reason.BAD_TOKEN, body=text)


def gunzip(body: bytes) -> bytes:
    """Decompress up to 64 MB, so that a bomb stays small."""
    stream = zlib.decompressobj(wbits=31)
    text = stream.decompress(body, MAX_BODY)
    if not stream.eof:
        raise ValueError("The body is cut short, or too large.")
    return text
