"""Mails about webhooks that fail, and about their recovery (contract, 4.5).

A webhook fails when it is cut off. Its operator, `biapi.manager.email`, is told at
most once in `webhooks.alerts_frequency` days, and once when a delivery is accepted
again.
"""

from __future__ import annotations

import logging
import smtplib
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from django.core.mail import send_mail
from django.db import connection

from apps.configuration.keys import ALERTS_FREQUENCY, MANAGER_EMAIL, days
from apps.configuration.store import value

logger = logging.getLogger(__name__)

# Mails of one tick; the rest is for the next, in a minute.
MAILED_AT_ONCE: Final = 50
_NOTE: Final = """
INSERT INTO webhooks_webhookalert (webhook_id, failing_since)
SELECT l.webhook_id, l.cut_off_at
FROM webhooks_lease l JOIN webhooks_webhook w ON w.id = l.webhook_id
WHERE l.cut_off_at IS NOT NULL AND w.deleted_at IS NULL
ON CONFLICT DO NOTHING
"""
# The date is written before the mail is sent: two workers send one mail.
_CLAIM: Final = """
WITH due AS (
    SELECT a.webhook_id, a.mailed_at FROM webhooks_webhookalert a
    WHERE a.mailed_at IS NULL OR a.mailed_at <= clock_timestamp() - %s
    ORDER BY a.webhook_id LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE webhooks_webhookalert a SET mailed_at = clock_timestamp()
FROM due, webhooks_webhook w
WHERE a.webhook_id = due.webhook_id AND w.id = due.webhook_id
RETURNING a.webhook_id, w.event, w.url, a.failing_since, due.mailed_at
"""
_RECOVERED: Final = """
DELETE FROM webhooks_webhookalert WHERE webhook_id IN (
    SELECT a.webhook_id FROM webhooks_webhookalert a
    JOIN webhooks_webhook w ON w.id = a.webhook_id
    JOIN webhooks_lease l ON l.webhook_id = a.webhook_id
    WHERE w.deleted_at IS NOT NULL
       OR l.cut_off_at IS NULL AND l.consecutive_failures = 0 AND EXISTS (
            SELECT 1 FROM webhooks_deliveryattempt t
            WHERE t.webhook_id = a.webhook_id AND t.started_at > a.failing_since
              AND t.cause = 'accepted')
    ORDER BY a.webhook_id LIMIT %s FOR UPDATE OF a SKIP LOCKED)
RETURNING webhook_id,
    (SELECT event FROM webhooks_webhook w WHERE w.id = webhook_id),
    (SELECT url FROM webhooks_webhook w WHERE w.id = webhook_id
     AND w.deleted_at IS NULL), failing_since, mailed_at
"""
_PUT_BACK: Final = """
INSERT INTO webhooks_webhookalert (webhook_id, failing_since, mailed_at)
VALUES (%s, %s, %s)
ON CONFLICT (webhook_id) DO UPDATE SET mailed_at = excluded.mailed_at
"""
_LAST_FAILURE: Final = """
SELECT cause, status FROM webhooks_deliveryattempt
WHERE webhook_id = %s AND cause <> 'accepted' ORDER BY started_at DESC LIMIT 1
"""


class Alert(NamedTuple):
    """A webhook to write about. `url` is None once it is deleted."""

    webhook: int
    event: str
    url: str | None
    failing_since: datetime
    mailed_at: datetime | None

    @property
    def name(self) -> str:
        """What to call it; of the URL what holds no secret."""
        parts = urlsplit(self.url or "")
        return f"webhook {self.webhook} ({self.event}, {parts.hostname}{parts.path})"


def note_failing() -> None:
    """Remember the webhooks that are cut off now."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE)


def send_alerts() -> int:
    """Send the mails that are due; how many were sent."""
    recipient = value(MANAGER_EMAIL)
    sent = 0
    # Recoveries first, or a webhook that is well again would be told of as failing.
    for alert in _rows(_RECOVERED, [MAILED_AT_ONCE]):
        if recipient and alert.url and alert.mailed_at:
            sent += _send(recipient, *_recovery(alert), alert)
    if recipient:
        often = timedelta(days=float(days(value(ALERTS_FREQUENCY)) or 1))
        for alert in _rows(_CLAIM, [often, MAILED_AT_ONCE]):
            sent += _send(recipient, *_failure(alert), alert)
    return sent


def _send(recipient: str, subject: str, text: str, alert: Alert) -> bool:
    try:
        send_mail(subject, text, None, [recipient])
    except (OSError, smtplib.SMTPException):
        logger.exception(
            "The mail about webhook %s was not sent.",
            alert.webhook,
            extra={"id_webhook": alert.webhook},
        )
        with connection.cursor() as cursor:
            cursor.execute(
                _PUT_BACK, [alert.webhook, alert.failing_since, alert.mailed_at]
            )
        return False
    return True


def _failure(alert: Alert) -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(_LAST_FAILURE, [alert.webhook])
        cause, status = cursor.fetchone() or ("unknown", None)
    why = f"answered {status}" if status else cause
    return (
        f"Webhook {alert.webhook} is failing",
        f"The {alert.name} has not accepted what was sent to it since "
        f"{alert.failing_since:%Y-%m-%d %H:%M} UTC.\n\n"
        f"Last failure: {why}.\n\n"
        "Nothing is lost: what is unsent is kept, and sent again by the flusher "
        "until it is accepted. You will be told when that is so.\n",
    )


def _recovery(alert: Alert) -> tuple[str, str]:
    return (
        f"Webhook {alert.webhook} has recovered",
        f"The {alert.name} accepts what is sent to it again. It was failing since "
        f"{alert.failing_since:%Y-%m-%d %H:%M} UTC.\n",
    )


def _rows(statement: str, parameters: list[Any]) -> list[Alert]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(map(Alert._make, cursor.fetchall()))
