"""Reads what is unsent, and lists, in a database that has grown; says how long it took.

Through the code that does so in production: the engine's statements, the console's and
the API's pages, from the request to the last byte. Milliseconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.api_tokens.models import Scope, issue
from apps.webhooks.engine import leases
from apps.webhooks.engine.unsent import read_unsent
from apps.webhooks.models import WebhookData
from apps.webhooks.retention.kinds import ATTEMPTS
from apps.webhooks.retention.passes import purge_now
from benchmarks.talk import hear, say

LEASES: Final = 300
ROOM: Final = 32
PAGES: Final = 10
PURGED_BATCHES: Final = 20
# The list's filters, and a page in the depth of it.
_LISTS: Final = (
    "",
    "?state=delivered",
    "?state=failing",
    "?state=waiting",
    "?webhook=7",
    "?webhook=7&state=failing",
    "?event=CONNECTION_SYNCED",
    "?outcome=5xx",
    "?user=4711",
    "?origin=api&state=delivered",
    "?since={month}&until={week}",
    "?before={middle}",
)


def main() -> None:
    """Once for each time that it is asked."""
    say("ready")
    while hear() != "end":
        say({"leases": _leases(), "lists": _lists(), "logs": _logs()})
    say(_purge())


def _leases() -> list[float]:
    terms = leases.LeaseTerms(
        holder="benchmark",
        lease=settings.WEBHOOKS_LEASE,
        deadline=settings.WEBHOOKS_DEADLINE,
        settle=settings.WEBHOOKS_SETTLE,
    )

    def work() -> None:
        (lease,) = leases.acquire(terms, 1)
        rows = read_unsent([(lease.webhook, lease.execution + 1, ROOM)], [])
        assert rows
        held.append((lease.webhook, lease.token))

    took = []
    for _ in range(LEASES):
        held: list[tuple[int, int]] = []
        took.append(_timed(work))
        leases.release(held)
    return took


def _lists() -> dict[str, float]:
    """Each page's slowest of ten."""
    newest = WebhookData.objects.order_by("-pk").values_list("pk", flat=True)[0]
    now = timezone.now()
    values = {
        "middle": newest // 2,
        "month": f"{now - timedelta(days=60):%Y-%m-%dT%H:%M}",
        "week": f"{now - timedelta(days=30):%Y-%m-%dT%H:%M}",
    }
    console = Client(headers={"host": "127.0.0.1"})
    user, _ = User.objects.get_or_create(
        username="benchmark", is_staff=True, is_superuser=True
    )
    console.force_login(user)
    list_url = reverse("admin:deliveries")
    pages = {each: list_url + each.format(**values) for each in _LISTS}
    pages["delivery"] = reverse("admin:delivery", args=[newest // 2])
    found = {
        f"console {name}".strip(): _slowest(console, url) for name, url in pages.items()
    }
    for query in ("", "?state=pending", "?id_user=4711"):
        path = f"/webhooks/7/data{query}"
        found[f"API {path}"] = _slowest(_api(), path)
    return found


def _logs() -> float:
    """Attempts of a month, which the contract has counted."""
    return _slowest(_api(), "/webhooks/7/logs")


def _api() -> Client:
    _, text = issue("benchmark", [Scope.CONFIG])
    return Client(headers={"host": "127.0.0.1", "authorization": f"Bearer {text}"})


def _slowest(client: Client, url: str) -> float:
    def ask() -> None:
        reply = client.get(url)
        assert reply.status_code == 200, (url, reply.status_code, reply.content[:500])

    return max(_timed(ask) for _ in range(PAGES))


def _purge() -> float:
    """Old attempts removed in a second, by batches."""
    began = time.monotonic()
    horizon = timezone.now() - timedelta(days=90)
    removed = sum(islice(purge_now(ATTEMPTS, horizon), PURGED_BATCHES))
    return removed / (time.monotonic() - began)


def _timed(work: Callable[[], None]) -> float:
    began = time.monotonic_ns()
    work()
    return (time.monotonic_ns() - began) / 1e6


if __name__ == "__main__":
    main()
