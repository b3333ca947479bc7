"""What webhooks are to be told."""

from __future__ import annotations

from typing import Any, Final

from apps.event_log.catalogue import CATALOGUE
from apps.webhooks.api.deliveries import STATES
from apps.webhooks.engine.request import JSON
from apps.webhooks.formats.cfonb import CONTENT_TYPE
from apps.webhooks.openapi.shapes import (
    COUNT,
    ID,
    INSTANT,
    MEANINGLESS,
    Schema,
    one_of,
    or_null,
    record,
    told,
)

SCHEMAS: Final[dict[str, Schema]] = {
    "WebhookData": record(
        id=told(ID, "Also `id_webhook_data` in the body."),
        id_webhook=ID,
        id_service=MEANINGLESS,
        id_user=told(or_null(ID), "Whom the event is about."),
        id_resource=told(
            or_null(ID),
            "What the event is about: a user, connection, account, transaction, "
            "subscription or payment.",
        ),
        event=one_of(*CATALOGUE),
        mimetype=told(one_of(JSON, CONTENT_TYPE), "Of the body."),
        size=told(COUNT, "Of the payload, in bytes, without what the webhook adds."),
        state=told(
            one_of(*STATES),
            "`held`: its user is temporary; `pending`: it is tried until it is "
            "delivered; `quarantined`: it is not tried by itself.",
        ),
        attempts=COUNT,
        created=told(INSTANT, "When the event was."),
        success=told(or_null(INSTANT), "When it was accepted; null: it was not."),
    ),
}
EXAMPLE: Final[dict[str, Any]] = {
    "id": 5081,
    "id_webhook": 7,
    "id_service": None,
    "id_user": 5,
    "id_resource": 9,
    "event": "CONNECTION_SYNCED",
    "mimetype": JSON,
    "size": 4310,
    "state": "delivered",
    "attempts": 1,
    "created": "2026-03-02T09:20:00.000Z",
    "success": "2026-03-02T09:20:00.052Z",
}
