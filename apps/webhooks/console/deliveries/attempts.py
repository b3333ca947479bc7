"""The attempts of a delivery, a card for each: what was sent, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from apps.auth_providers.schemes import BearerToken, Scheme, UserToken
from apps.auth_providers.signing import signature_date
from apps.outbound.outcome import Cause, Timing
from apps.webhooks.causes import Plain, explain
from apps.webhooks.console.badges import Badge, of_cause
from apps.webhooks.console.deliveries.answers import response_headers, without_secrets
from apps.webhooks.console.timings import Phase, phases
from apps.webhooks.engine.settle import microseconds
from apps.webhooks.models import DeliveryAttempt, WebhookData
from apps.webhooks.registrations import Refused
from apps.webhooks.target import Content, Target
from apps.webhooks.trial import Unsendable, masked_headers

SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An attempt as it is shown; headers are pairs, their secrets masked."""

    attempt: DeliveryAttempt
    badge: Badge
    plain: Plain
    phases: list[Phase]
    request_headers: list[tuple[str, str]]
    status_line: str
    response_headers: list[tuple[str, str]]
    excerpt: str

    @property
    def seconds(self) -> float:
        """How long all of it took."""
        return self.attempt.total_us / 1e6

    @property
    def is_replay(self) -> bool:
        """Did an operator ask for it?"""
        return self.attempt.kind == DeliveryAttempt.Kind.REPLAY

    @property
    def is_kept_alive(self) -> bool:
        """Did it use a connection that was there already?"""
        answered = self.attempt.first_byte_us is not None
        return answered and self.attempt.connect_us is None

    @property
    def saved(self) -> float | None:
        """The part of the body that gzip took away; None without compression."""
        whole, sent = self.attempt.body_bytes, self.attempt.sent_bytes
        return 1 - sent / whole if whole and 0 < sent < whole else None


def cards_of(data: WebhookData) -> list[Card]:
    """The last attempts, newest first."""
    rows = data.log.order_by("-webhook_data_id", "-pk")[:SHOWN]
    target = _target(data.webhook_id)
    return [_card(row, data, target) for row in rows]


def _card(attempt: DeliveryAttempt, data: WebhookData, target: Target | None) -> Card:
    status_line, headers = response_headers(attempt.response_headers)
    excerpt = bytes(attempt.response_excerpt).decode("utf-8", "replace")
    return Card(
        attempt=attempt,
        badge=of_cause(attempt.cause, attempt.status),
        plain=explain(attempt.cause, attempt.status),
        phases=phases(_timing(attempt)) if _was_sent(attempt) else [],
        request_headers=_request_headers(attempt, data, target),
        status_line=status_line,
        response_headers=headers,
        excerpt=without_secrets(excerpt),
    )


def _timing(attempt: DeliveryAttempt) -> Timing:
    return Timing(
        dns_us=attempt.dns_us,
        connect_us=attempt.connect_us,
        tls_us=attempt.tls_us,
        first_byte_us=attempt.first_byte_us,
        total_us=attempt.total_us,
    )


def _was_sent(attempt: DeliveryAttempt) -> bool:
    return attempt.cause != Cause.INTERNAL


def _target(webhook: int) -> Target | None:
    try:
        return Target.of(webhook)
    except Refused:
        return None


def _request_headers(
    attempt: DeliveryAttempt, data: WebhookData, target: Target | None
) -> list[tuple[str, str]]:
    """As the webhook is set up now: headers are a matter of rule, and not recorded.

    No body is read and no secret opened for them; what they would be is masked anyway.
    """
    if target is None or not _was_sent(attempt):
        return []
    content = Content(b"{}", is_cfonb=data.event.cfonb is not None)
    request = target.request(
        data.pk,
        content,
        scheme=_scheme(target),
        user_token="masked" if data.event.user_id else None,
        date=date_of(attempt.started_at),
        attempts=attempt.number - 1,
        mark=None,
    )
    return list(masked_headers(request).items())


def _scheme(target: Target) -> Scheme:
    try:
        return target.scheme(renew=False)
    except Unsendable:
        is_oauth = target.lease.oauth_provider is not None
        return BearerToken(access_token="masked") if is_oauth else UserToken()


def date_of(instant: datetime) -> str:
    """As `BI-Signature-Date` has it."""
    return signature_date(microseconds(instant.astimezone(UTC)))
