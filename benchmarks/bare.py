"""The bare limit: a loop of CurlMulti and the settle statement, nothing else.

Reads its share of the backlog and makes its requests beforehand, says "ready", waits
for a word, sends and settles, and says when it was done. No lease, no window, no
signature, no guard.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence

from apps.auth_providers.signing import keyed, sign, signature_date
from apps.event_log.models import Event
from apps.webhooks.engine.recorder import GROUP_SIZE
from apps.webhooks.engine.settle import Settlement, settle
from apps.webhooks.formats.json_body import splice_id
from apps.webhooks.models import Webhook, WebhookData
from benchmarks.curl_loop import Answer, Post, drive
from benchmarks.talk import hear, say
from benchmarks.world import EVENT


def main() -> None:
    """Drain one share."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--share", type=int, required=True)
    parser.add_argument("--of", type=int, required=True)
    options = parser.parse_args()
    webhook_of, posts = _posts(options.share, options.of)
    say("ready")
    hear()
    drain(webhook_of, iter(posts))
    say(time.monotonic_ns())


def drain(webhook_of: dict[int, int], posts: Iterator[Post]) -> None:
    """Send all, settling in groups of the engine's size."""
    waiting: list[Answer] = []

    def ended(answers: list[Answer]) -> None:
        waiting.extend(answers)
        if len(waiting) >= GROUP_SIZE:
            _settle(waiting, webhook_of)
            waiting.clear()

    drive(posts, ended)
    if waiting:
        _settle(waiting, webhook_of)


def _settle(answers: Sequence[Answer], webhook_of: dict[int, int]) -> None:
    now = time.time_ns() // 1000
    settle([_settlement(answer, webhook_of[answer.id], now) for answer in answers], [])


def _settlement(answer: Answer, webhook: int, now: int) -> Settlement:
    # By position, as the engine does; sizes and the peer are of no matter here.
    cause = "accepted"
    timing = (None, None, None, answer.total_us, answer.total_us)
    return Settlement(
        answer.id, webhook, 0, 0, 1, True, now, cause, answer.status, *timing,
        "127.0.0.1", 1024, 1024,
    )  # fmt: skip


def _posts(share: int, of: int) -> tuple[dict[int, int], list[Post]]:
    """The webhook of each webhook data, and the requests."""
    payloads = dict(Event.objects.values_list("id", "payload"))
    urls = dict(Webhook.objects.values_list("id", "url"))
    rows = WebhookData.objects.order_by("id").values_list("id", "webhook_id")
    mine = [(row, webhook) for row, webhook in rows if webhook % of == share]
    events = dict(WebhookData.objects.values_list("id", "event_id"))
    date = signature_date(time.time_ns() // 1000)
    signature = sign(keyed("x"), method="POST", path="/", date=date, payload=b"")
    common = [
        "Content-Type: application/json; charset=utf-8",
        "Accept-Encoding: identity",
        "User-Agent: bankhooks",
        f"X-Webhook-Event: {EVENT}",
        "X-Webhook-Attempt: 1",
        f"BI-Signature-Date: {date}",
        f"BI-Signature: {signature}",
    ]
    posts = [
        Post(
            row,
            urls[webhook] or "",
            [*common, f"X-Webhook-Data-Id: {row}"],
            splice_id((payloads[events[row]] or "").encode(), row),
        )
        for row, webhook in mine
    ]
    return dict(mine), posts


if __name__ == "__main__":
    main()
