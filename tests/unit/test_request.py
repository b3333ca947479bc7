"""What goes on the wire: the same bytes at any time."""

from __future__ import annotations

import gzip

from apps.auth_providers.schemes import scheme
from apps.webhooks.engine.lane import Registration
from apps.webhooks.engine.request import Built, build
from apps.webhooks.engine.unsent import Unsent

PAYLOAD = b'{"connection":{"id":7}}'
REGISTRATION = Registration(
    id=1, url="https://a.test/h", path="/h", headers=(), deadline=1.0, gzip=True
)


def built(attempts: int, date: str) -> Built:
    row = Unsent(
        webhook=1,
        id=42,
        event=3,
        attempts=attempts,
        size=len(PAYLOAD),
        token=None,
        payload=None,
        is_cfonb=False,
        extra=None,
        has_extra=False,
    )
    return build(
        row,
        REGISTRATION,
        scheme(None, {}),
        payload=PAYLOAD,
        extra=None,
        user_token=None,
        date=date,
    )


def test_a_compressed_body_carries_no_time():
    sent = built(0, "2026-01-02T03:04:05.000000Z").request.body
    assert sent[4:8] == b"\0\0\0\0"
    assert gzip.decompress(sent) == b'{"connection":{"id":7},"id_webhook_data":42}'


def test_a_retry_sends_the_same_bytes():
    first, second = built(0, "2026-01-02T03:04:05.000000Z"), built(1, "later")
    assert first.request.body == second.request.body
    assert first.request.headers != second.request.headers
