"""Webhooks, and the attempts to deliver their data."""

from __future__ import annotations

from typing import Any, Final

from apps.event_log.catalogue import ALIASES, CATALOGUE
from apps.outbound.outcome import Cause
from apps.outbound.urls import LONGEST_URL
from apps.webhooks.addition_fields import MEMBERS, NAME_CHARACTERS
from apps.webhooks.openapi.shapes import (
    COUNT,
    GIVEN_ID,
    GIVEN_INSTANT,
    ID,
    INSTANT,
    MEANINGLESS,
    NUMBER,
    TEXT,
    TRUTH,
    Schema,
    choice,
    one_of,
    or_null,
    record,
    ref,
    text,
    told,
    whole,
)
from apps.webhooks.pauses import NOTE_CHARACTERS
from apps.webhooks.registration_fields import MAX_DEADLINE, MAX_IN_FLIGHT

_EVENT: Final = told(one_of(*CATALOGUE), "The event that is told of.")
_URL: Final[Schema] = {
    "type": "string",
    "format": "uri",
    "maxLength": LONGEST_URL,
    "description": "Where it is told; null: nowhere yet.",
}

_MEMBER_KEY: Final = text(NAME_CHARACTERS)
_MEMBERS: Final[Schema] = {
    "type": "object",
    "maxProperties": MEMBERS,
    "propertyNames": text(NAME_CHARACTERS),
    "additionalProperties": _MEMBER_KEY,
}
_SETTINGS: Final[dict[str, Schema]] = {
    "event": told(
        one_of(*CATALOGUE, *ALIASES),
        f"The event to be told of; {', '.join(ALIASES)} is another spelling.",
    ),
    "url": or_null(_URL),
    "id_auth": told(
        {"anyOf": [GIVEN_ID, text(100), {"type": "null"}]},
        "An auth provider, by its id or by its name; null: the user's token.",
    ),
    "id_user": told(or_null(GIVEN_ID), "Only events of this user; null: of all."),
    "compression": told(or_null(TRUTH), "gzip; null: as `/config` says."),
    "deadline": told(
        or_null(whole(MAX_DEADLINE)), "Seconds for one request; null: as by default."
    ),
    "max_in_flight": told(
        or_null(whole(MAX_IN_FLIGHT)), "Requests at a time; null: as by default."
    ),
    "add_to_data": {
        "anyOf": [_MEMBERS, TEXT, {"type": "null"}],
        "description": "Members to add to the bodies, as an object or as its text.",
    },
    "id_service": MEANINGLESS,
    "params": {
        "anyOf": [{"type": "null"}, {"type": "object", "maxProperties": 0}],
        "description": "The original's; it means nothing here.",
    },
}

_WEBHOOK: Final = record(
    id=ID,
    id_event=told(ID, "The event's number in the catalogue."),
    event=_EVENT,
    url=or_null(_URL),
    id_auth=told(or_null(ID), "Its auth provider."),
    id_service=MEANINGLESS,
    id_user=told(or_null(ID), "Only events of this user."),
    compression=or_null(TRUTH),
    deadline=or_null(whole(MAX_DEADLINE)),
    max_in_flight=or_null(whole(MAX_IN_FLIGHT)),
    add_to_data=told(TEXT, "What it adds to its bodies: a JSON object's text."),
    created=INSTANT,
    updated=INSTANT,
    deleted=told(or_null(INSTANT), "Since when it is disabled."),
    paused=told(or_null(INSTANT), "Since when nothing is sent; its data is kept."),
    paused_until=told(or_null(INSTANT), "When that ends; null: once it is resumed."),
    paused_by=told(or_null(TEXT), "Who wanted that."),
    pause_note=or_null(text(NOTE_CHARACTERS)),
    health_data=ref("Health"),
    warning=or_null(ref("HealthWarning")),
)
_WEBHOOK["properties"]["webhook_event"] = told(
    ref("EventType"), "Only with `expand=webhook_event`."
)

SCHEMAS: Final[dict[str, Schema]] = {
    "Webhook": _WEBHOOK,
    "Health": record(
        average_sending_duration=told(or_null(NUMBER), "Seconds; null: no attempts."),
        sending_success_rate=told(
            or_null({"type": "number", "minimum": 0, "maximum": 1}),
            "The share of attempts that were accepted; null: no attempts.",
        ),
        attempts=COUNT,
        window=told(one_of("P1D"), "The time that this is about: the last 24 hours."),
    ),
    "HealthWarning": record(
        code=one_of("cut_off", "low_success_rate", "slow_endpoint"), message=TEXT
    ),
    "NewWebhook": choice("event", **_SETTINGS),
    "WebhookChange": choice(
        **_SETTINGS,
        deleted=told(
            or_null(GIVEN_INSTANT),
            "A date disables and cancels what is unsent; null enables again.",
        ),
    ),
    "Pause": choice(
        until=told(or_null(GIVEN_INSTANT), "When it ends by itself; null: never."),
        note=told(or_null(text(NOTE_CHARACTERS, least=0)), "Why, for those who ask."),
    ),
    "AddedMembers": {
        "type": "object",
        "minProperties": 1,
        "maxProperties": MEMBERS,
        "additionalProperties": or_null(_MEMBER_KEY),
    },
    "AddedMember": record(
        value=told(_MEMBER_KEY, "A key of the user's configuration.")
    ),
    "WebhookLog": record(
        id=ID,
        id_webhook_data=told(ID, "What was sent; also in its body."),
        id_service=MEANINGLESS,
        id_user=told(or_null(ID), "Whom the event is about."),
        timestamp=told(INSTANT, "When it was sent."),
        response_date=told(or_null(INSTANT), "When it was answered; null: it was not."),
        response_code=or_null(whole(999, 100)),
        next_try=told(or_null(INSTANT), "When it is tried again; null: it is not."),
        attempt=told(COUNT, "1 for the first attempt, and so on."),
        cause=told(one_of(*Cause), "What came of it."),
    ),
    "Total": record(total=told(COUNT, "How many were deleted.")),
}

EXAMPLE: Final[dict[str, Any]] = {
    "id": 7,
    "id_event": CATALOGUE["CONNECTION_SYNCED"].id,
    "event": "CONNECTION_SYNCED",
    "url": "https://receiver.example.com/hooks/connections",
    "id_auth": 3,
    "id_service": None,
    "id_user": None,
    "compression": None,
    "deadline": None,
    "max_in_flight": None,
    "add_to_data": "{}",
    "created": "2026-03-02T09:15:00.000Z",
    "updated": "2026-03-02T09:15:00.000Z",
    "deleted": None,
    "paused": None,
    "paused_until": None,
    "paused_by": None,
    "pause_note": None,
    "health_data": {
        "average_sending_duration": 0.084,
        "sending_success_rate": 0.75,
        "attempts": 12,
        "window": "P1D",
    },
    "warning": {
        "code": "low_success_rate",
        "message": "75% of 12 attempts were accepted; below 90% is critical.",
    },
}
NEW_EXAMPLE: Final[dict[str, Any]] = {
    **EXAMPLE,
    "health_data": {
        "average_sending_duration": None,
        "sending_success_rate": None,
        "attempts": 0,
        "window": "P1D",
    },
    "warning": None,
}
ADDING_EXAMPLE: Final = {**EXAMPLE, "add_to_data": '{"agency":"branch"}'}
PAUSE_EXAMPLE: Final = {"until": "2099-03-10T06:00:00Z", "note": "Their migration."}
PAUSED_EXAMPLE: Final[dict[str, Any]] = {
    **EXAMPLE,
    "paused": "2026-03-09T18:00:00.000Z",
    "paused_until": "2099-03-10T06:00:00.000Z",
    "paused_by": "api:token 4",
    "pause_note": "Their migration.",
}
DELETED_EXAMPLE: Final = {**EXAMPLE, "deleted": "2026-03-09T18:00:00.000Z"}
LOG_EXAMPLE: Final[dict[str, Any]] = {
    "id": 9001,
    "id_webhook_data": 5081,
    "id_service": None,
    "id_user": 5,
    "timestamp": "2026-03-02T09:20:00.000Z",
    "response_date": "2026-03-02T09:20:00.052Z",
    "response_code": 503,
    "next_try": "2026-03-02T09:21:00.000Z",
    "attempt": 1,
    "cause": "status",
}
GIVEN_EXAMPLE: Final[dict[str, Any]] = {
    "event": "CONNECTION_SYNCED",
    "url": "https://receiver.example.com/hooks/connections",
    "id_auth": 3,
}
