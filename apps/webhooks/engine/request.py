"""From a row to the request that goes on the wire: pure."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import datetime

from apps.auth_providers.schemes import Delivery, Scheme
from apps.outbound.transport import OutgoingRequest
from apps.webhooks.engine.lane import Registration
from apps.webhooks.engine.unsent import Unsent
from apps.webhooks.formats.json_body import splice_id

METHOD = "POST"
# Level 1: twice the speed of 6 for a tenth more bytes, and a pump's other requests
# wait while it compresses.
GZIP_LEVEL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A request, and its body's size before compression."""

    request: OutgoingRequest
    body_bytes: int


def build(
    row: Unsent,
    registration: Registration,
    scheme: Scheme,
    *,
    payload: bytes,
    user_token: str | None,
    date: datetime,
    user_agent: str,
) -> Built:
    """Body, gzip and headers of one attempt (contract, "headers sent").

    The signature covers the uncompressed body. The body of a retry is the same to
    the byte: gzip carries no time, and the id is spliced, not serialised.
    """
    body = splice_id(payload, row.id)
    headers = [
        "Content-Type: application/json; charset=utf-8",
        "Accept-Encoding: identity",
        f"User-Agent: {user_agent}",
        f"X-Webhook-Data-Id: {row.id}",
        f"X-Webhook-Event: {registration.event}",
        f"X-Webhook-Attempt: {row.attempts + 1}",
        *scheme.headers(
            Delivery(
                method=METHOD,
                path=registration.path,
                payload=body,
                date=date,
                user_token=user_token,
            )
        ),
    ]
    sent = body
    if registration.compression:
        sent = gzip.compress(body, GZIP_LEVEL, mtime=0)
        headers.append("Content-Encoding: gzip")
    return Built(
        request=OutgoingRequest(
            url=registration.url,
            headers=headers,
            body=sent,
            deadline=registration.deadline,
        ),
        body_bytes=len(body),
    )
