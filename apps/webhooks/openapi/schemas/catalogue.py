"""The events of the catalogue, and test deliveries of them."""

from __future__ import annotations

from typing import Any, Final

from apps.event_log.catalogue import CATALOGUE
from apps.outbound.outcome import Cause
from apps.webhooks.formats.json_body import ID_KEY
from apps.webhooks.openapi.shapes import (
    GIVEN_ID,
    ID,
    INSTANT,
    TEXT,
    TRUTH,
    Schema,
    choice,
    one_of,
    or_null,
    record,
    told,
    whole,
)
from apps.webhooks.trial import NO_TOKEN

_HEADERS: Final[Schema] = {"type": "object", "additionalProperties": TEXT}
_PAYLOAD: Final[Schema] = {"type": "object", "not": {"required": [ID_KEY]}}
_SECONDS: Final[Schema] = {"type": "number", "minimum": 0}
_PHASES: Final = ("dns", "connect", "tls", "first_byte")

SCHEMAS: Final[dict[str, Schema]] = {
    "EventType": record(
        id=ID,
        name=one_of(*CATALOGUE),
        description=TEXT,
        when=told(TEXT, "When it fires."),
        user_scoped=told(TRUTH, "Whether it is about a user."),
        cfonb=told(TRUTH, "Whether it can be a CFONB 120 file."),
        deprecated=TRUTH,
        documented=told(TRUTH, "Whether its payload is known."),
        schema=told({"type": "object"}, "JSON Schema 2020-12 of its payload."),
        sample=told({"type": "object"}, "Such a payload, always the same."),
    ),
    "TrialRequest": choice(
        payload=told(or_null(_PAYLOAD), "null: the event's sample."),
        user=told(
            or_null(GIVEN_ID), "Whom it is about, for that user's token to be sent."
        ),
    ),
    "TrialForm": choice(user=or_null(GIVEN_ID)),
    "Trial": record(
        id_webhook_data=told(ID, "A number of its own: nothing is recorded."),
        request=record(
            method=one_of("POST"),
            url=TEXT,
            headers=told(_HEADERS, "Secrets are not shown."),
            body=told(TEXT, "The beginning of it, before compression."),
        ),
        response=or_null(
            record(
                status=whole(999, 100),
                headers=_HEADERS,
                body=told(TEXT, "The beginning of it."),
            )
        ),
        outcome=told(
            one_of(*Cause, NO_TOKEN),
            f"As the causes in the log; {NO_TOKEN}: there was no access token to send.",
        ),
        duration=told(_SECONDS, "Seconds."),
        error=told(or_null(TEXT), "What went wrong; null: the receiver accepted."),
        timing=told(
            record(**dict.fromkeys(_PHASES, or_null(_SECONDS)), total=_SECONDS),
            "Seconds; null for what it did not come to. first_byte is since the start.",
        ),
        peer=told(or_null(TEXT), "The address that was called."),
        certificate_ends_at=told(or_null(INSTANT), "The receiver's; null without TLS."),
    ),
}

_EVENT: Final = CATALOGUE["USER_CREATED"]
EVENT_EXAMPLE: Final[dict[str, Any]] = {
    "id": _EVENT.id,
    "name": _EVENT.name,
    "description": _EVENT.description,
    "when": _EVENT.when,
    "user_scoped": True,
    "cfonb": False,
    "deprecated": False,
    "documented": True,
    "schema": {"title": _EVENT.name, "type": "object", "required": ["id", "signin"]},
    "sample": _EVENT.sample,
}
TRIAL_EXAMPLE: Final[dict[str, Any]] = {
    "id_webhook_data": 5082,
    "request": {
        "method": "POST",
        "url": "https://receiver.example.com/hooks/connections",
        "headers": {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "bankhooks/0.1.0",
            "X-Webhook-Event": "USER_CREATED",
            "X-Webhook-Test": "1",
            "X-Webhook-Data-Id": "5082",
            "X-Webhook-Attempt": "1",
            "BI-Signature-Date": "2026-03-02T09:20:00.000000Z",
            "BI-Signature": "HMAC-SHA256 …",
        },
        "body": '{"id":5,"id_webhook_data":5082}',
    },
    "response": {"status": 401, "headers": {"Content-Length": "0"}, "body": ""},
    "outcome": "status",
    "duration": 0.052,
    "error": "The receiver answered 401; 200 to 299 are a receipt.",
    "timing": {
        "dns": 0.002,
        "connect": 0.011,
        "tls": 0.019,
        "first_byte": 0.051,
        "total": 0.052,
    },
    "peer": "203.0.113.7",
    "certificate_ends_at": "2026-05-01T12:00:00.000Z",
}
