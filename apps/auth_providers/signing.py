"""The HMAC signature of a delivery (contract, section 5.2)."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime


def signature_date(moment: datetime) -> str:
    """`2022-06-27T11:08:52.577831Z`: UTC, always six digits of microseconds."""
    # isoformat() without a timespec would drop microseconds that are zero.
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:26] + "Z"


def sign(secret_key: str, *, method: str, path: str, date: str, payload: bytes) -> str:
    """`BASE_64(HMAC_SHA256(method.path.date.payload, secret_key))`.

    `path` is the URL's path as sent on the wire, without query or host; `payload`
    the uncompressed body; the key is the UTF-8 bytes of the secret.
    """
    message = f"{method}.{path}.{date}.".encode() + payload
    digest = hmac.digest(secret_key.encode(), message, "sha256")
    return base64.b64encode(digest).decode()
