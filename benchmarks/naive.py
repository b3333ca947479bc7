"""The baseline: one Celery task per delivery, the design that is written first.

The choices, each what a decent engineer would begin with:

- a message per webhook data, published with `delay` after the commit, `acks_late` so
  that a worker's death does not lose it, Celery's own retries with a backoff;
- `requests.post` with a timeout: a new connection per delivery;
- the ORM: one query with its joins, one `create` for the attempt, one `save` of the
  fields that changed, in autocommit;
- Celery's defaults: prefork (4 processes on two cores, for they wait a lot), prefetch
  of 4 each, JSON, log level INFO, and `CELERY_DB_REUSE_MAX` unset, which opens a
  database connection per task;
- the same tables, constraints and indexes as the engine's, the same payload, headers
  and signature; no window, no cutoff, no address guard: it does less.

Publishing the messages is left out of its time and its CPU.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import requests
from django.utils import timezone

from apps.webhooks.models import DeliveryAttempt, WebhookData
from benchmarks.naive_app import app

TIMEOUT_SECONDS = 10


@app.task(
    acks_late=True,
    autoretry_for=(requests.RequestException,),
    retry_backoff=True,
    max_retries=10,
)
def deliver(pk: int) -> None:
    """Send one webhook data and record what came of it."""
    data = WebhookData.objects.select_related("webhook__auth_provider", "event").get(
        pk=pk
    )
    payload = json.loads(data.event.payload or "{}")
    body = json.dumps({**payload, "id_webhook_data": data.pk}).encode()
    began = datetime.now(UTC)
    url = data.webhook.url or ""
    response = requests.post(
        url, data=body, headers=_headers(data, body, began), timeout=TIMEOUT_SECONDS
    )
    data.attempts += 1
    DeliveryAttempt.objects.create(
        webhook_data=data,
        webhook=data.webhook,
        number=data.attempts,
        token=0,
        execution=0,
        started_at=began,
        cause="accepted" if response.ok else "status",
        status=response.status_code,
        total_us=int(response.elapsed.total_seconds() * 1_000_000),
        body_bytes=len(body),
        sent_bytes=len(body),
    )
    if response.ok:
        data.state = WebhookData.State.DELIVERED
        data.delivered_at = timezone.now()
    data.save(update_fields=["attempts", "state", "delivered_at"])
    response.raise_for_status()


def _headers(data: WebhookData, body: bytes, began: datetime) -> dict[str, str]:
    provider = data.webhook.auth_provider
    secret = provider.settings["secret_key"] if provider else ""
    date = began.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    path = urlsplit(data.webhook.url or "").path
    signed = f"POST.{path}.{date}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json; charset=utf-8",
        "X-Webhook-Event": data.webhook.event,
        "X-Webhook-Data-Id": str(data.pk),
        "X-Webhook-Attempt": str(data.attempts + 1),
        "BI-Signature-Date": date,
        "BI-Signature": base64.b64encode(digest).decode(),
    }
