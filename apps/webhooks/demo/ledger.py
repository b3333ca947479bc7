"""What both sides tell of the deliveries: the service's rows, the receiver's record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from apps.receiver.record import Delivery, Record
from apps.webhooks.models import DeliveryAttempt, Lease, Webhook, WebhookData

DELIVERED = WebhookData.State.DELIVERED
HELD = WebhookData.State.HELD


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One request: as the service recorded it, and as the receiver got it."""

    attempt: DeliveryAttempt
    received: Delivery

    @property
    def milliseconds(self) -> float:
        """From the first byte sent to the answer."""
        return self.attempt.total_us / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A webhook's deliveries. `verified`: delivered, and never anything but genuine.

    `refused` counts answers other than 2xx, `duplicates` what was received again
    after it had been accepted.
    """

    event: str
    authentication: str
    emitted: int
    delivered: int
    verified: int
    requests: int
    refused: int
    duplicates: int
    milliseconds: float

    @property
    def is_complete(self) -> bool:
        """Whether every delivery was made and verified."""
        return self.emitted == self.delivered == self.verified


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutoff:
    """A webhook that is cut off, and what the flusher will do about it."""

    execution: int
    failures: int
    untried: int
    next_try_at: datetime


def data_of(event: int) -> WebhookData:
    """The one webhook data of an event."""
    return WebhookData.objects.get(event=event)


def receipt(data: int, record: Record) -> Receipt:
    """The last request of a webhook data."""
    attempts = DeliveryAttempt.objects.filter(webhook_data=data)
    received = [each for each in record.deliveries() if each.id == data]
    return Receipt(attempt=attempts.latest("number"), received=received[-1])


def states(webhook: Webhook, after: int) -> list[tuple[int, int]]:
    """State and number of attempts of what follows a webhook data, in order."""
    rows = WebhookData.objects.filter(webhook=webhook, pk__gt=after).order_by("pk")
    return list(rows.values_list("state", "attempts"))


def last_data() -> int:
    """The youngest webhook data's id, 0 if there is none."""
    youngest = WebhookData.objects.order_by("-pk").first()
    return 0 if youngest is None else youngest.pk


def cutoff(webhook: Webhook) -> Cutoff | None:
    """The webhook's cutoff while it is in force."""
    lease = Lease.objects.get(webhook=webhook)
    if lease.cut_off_at is None:
        return None
    attempts = DeliveryAttempt.objects.filter(
        webhook=webhook, execution=lease.execution
    )
    last = attempts.latest("pk")
    rows = WebhookData.objects.filter(webhook=webhook, attempts=0)
    return Cutoff(
        execution=lease.execution,
        failures=attempts.exclude(status=204).count(),
        untried=rows.count(),
        next_try_at=last.next_try_at or last.started_at,
    )


def most_failures(webhook: Webhook) -> int:
    """The most that any execution cost a webhook's receiver."""
    failed = DeliveryAttempt.objects.filter(webhook=webhook).exclude(status=204)
    return max(Counter(failed.values_list("execution", flat=True)).values(), default=0)


def tally(webhook: Webhook, record: Record) -> Tally:
    """Both sides' numbers of one webhook."""
    rows = dict(WebhookData.objects.filter(webhook=webhook).values_list("pk", "state"))
    received = [each for each in record.deliveries() if each.id in rows]
    accepted = Counter(each.id for each in received if each.status == 204)
    dubious = {each.id for each in received if not each.genuine}
    durations = DeliveryAttempt.objects.filter(webhook=webhook)
    provider = webhook.auth_provider
    return Tally(
        event=webhook.event,
        authentication="token" if provider is None else "HMAC",
        emitted=len(rows),
        delivered=_count(state == DELIVERED for state in rows.values()),
        verified=_count(accepted[row] > 0 and row not in dubious for row in rows),
        requests=len(received),
        refused=len(received) - accepted.total(),
        duplicates=accepted.total() - len(accepted),
        milliseconds=median(durations.values_list("total_us", flat=True) or [0]) / 1000,
    )


def _count(facts: Iterable[bool]) -> int:
    return sum(facts)
