"""Webhooks, their data, the attempts to deliver it, and the leases on them."""

from __future__ import annotations

from apps.webhooks.models.delivery import DeliveryAttempt, WebhookData
from apps.webhooks.models.health import HealthBucket, WebhookAlert
from apps.webhooks.models.heartbeat import Heartbeat
from apps.webhooks.models.lease import FlusherExecution, Lease
from apps.webhooks.models.purge import PurgePass
from apps.webhooks.models.registration import Webhook
from apps.webhooks.models.replay import Replay, ReplayItem

__all__ = [
    "DeliveryAttempt",
    "FlusherExecution",
    "HealthBucket",
    "Heartbeat",
    "Lease",
    "PurgePass",
    "Replay",
    "ReplayItem",
    "Webhook",
    "WebhookAlert",
    "WebhookData",
]
