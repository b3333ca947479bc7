"""What happened about a user, and whom it was told to: events with their deliveries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from apps.event_log.models import Event
from apps.webhooks.causes import explain
from apps.webhooks.console.badges import Badge, of_state
from apps.webhooks.explain.facts import last_attempts
from apps.webhooks.models import DeliveryAttempt, Webhook, WebhookData

SHOWN: Final = 30
# The payload is not read to tell that there is one.
_UNREAD: Final = ("payload", "cfonb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One delivery of an event; `why` where it is not done."""

    data: WebhookData
    badge: Badge
    attempt: DeliveryAttempt | None
    why: str

    @property
    def seconds(self) -> float | None:
        """How long the last attempt took."""
        return None if self.attempt is None else self.attempt.total_us / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """An event, and each webhook that is told of it."""

    event: Event
    told: list[Told] = field(default_factory=list)


def story_of(user: int) -> list[Chapter]:
    """The newest events about a user, the newest first."""
    events = Event.objects.defer(*_UNREAD).filter(user=user).order_by("-pk")[:SHOWN]
    return chapters(list(events))


def chapters(events: list[Event]) -> list[Chapter]:
    """Events with their deliveries, in three queries however many there are."""
    data = WebhookData.objects.filter(event__in=[event.pk for event in events])
    rows = list(data.select_related("webhook").order_by("pk"))
    last = last_attempts([row.pk for row in rows])
    found: dict[int, Chapter] = {event.pk: Chapter(event=event) for event in events}
    for row in rows:
        found[row.event_id].told.append(_told(row, last.get(row.pk)))
    return list(found.values())


def hears() -> dict[str, int]:
    """How many webhooks with a URL there are for each event."""
    live = Webhook.objects.filter(deleted_at__isnull=True, url__isnull=False)
    counts: dict[str, int] = {}
    for name in live.values_list("event", flat=True):
        counts[name] = counts.get(name, 0) + 1
    return counts


def _told(row: WebhookData, attempt: DeliveryAttempt | None) -> Told:
    why = ""
    if row.state != WebhookData.State.DELIVERED and attempt is not None:
        why = explain(attempt.cause, attempt.status).sentence
    badge = of_state(row.state, attempts=row.attempts)
    return Told(data=row, badge=badge, attempt=attempt, why=why)
