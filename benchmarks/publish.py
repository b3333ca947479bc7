"""The naive design's queue: a message for every webhook data."""

from __future__ import annotations

from apps.webhooks.models import WebhookData
from benchmarks.naive import deliver
from benchmarks.talk import say


def main() -> None:
    """Publish, and say how many."""
    rows = list(WebhookData.objects.order_by("id").values_list("id", flat=True))
    for row in rows:
        deliver.delay(row)
    say(len(rows))


if __name__ == "__main__":
    main()
