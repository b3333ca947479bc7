"""The outgoing calls: what a receiver is sent, from the catalogue of events."""

from __future__ import annotations

from typing import Any, Final

from apps.event_log.catalogue import CATALOGUE, EventType
from apps.webhooks.formats.cfonb import CONTENT_TYPE
from apps.webhooks.formats.json_body import ID_KEY
from apps.webhooks.openapi.parameters import in_header
from apps.webhooks.openapi.shapes import ID, TEXT, Schema, one_of, told

TAG: Final = "Deliveries"
_DATA_ID: Final = 5081
_PREFIX: Final = "Payload"
_SIGNATURE: Final = "+KVQdgwwzJFYsDZEuGMyxL4K58uuQak5u4x0teX+d54="
_CFONB: Final = "A CFONB 120 file, if the configuration key `autosync.cfonb` is '1'."

_NUMBER: Final[Schema] = {"type": "string", "pattern": "^[1-9][0-9]*$"}
_REFUSED: Final = (
    "Not received. It is tried again once per execution of the flusher, with the same "
    "body, until it is. After 10 failures in a row, or 2 timeouts, nothing more is "
    "sent to the webhook before the flusher's next execution."
)
RESPONSES: Final[dict[str, Schema]] = {
    "Received": {
        "description": "Received: it is not sent again. Answer at once and work "
        "afterwards."
    },
    "NotFollowed": {"description": f"Redirects are not followed. {_REFUSED}"},
    "Resting": {
        "description": "Not received, and the webhook rests: nothing is sent to it "
        "until `Retry-After`, an hour at most.",
        "headers": {
            "Retry-After": {
                "description": "Seconds, or a date.",
                "schema": {"type": "string"},
            }
        },
    },
    "NotReceived": {"description": _REFUSED},
}
_ANSWERS: Final = {
    "2XX": "Received",
    "3XX": "NotFollowed",
    "429": "Resting",
    "503": "Resting",
    "default": "NotReceived",
}


def _sent(name: str, description: str, example: str, schema: Schema) -> Schema:
    """A header that every delivery has."""
    return in_header(
        name, description, {**schema, "examples": [example]}, required=True
    )


HEADERS: Final[dict[str, Schema]] = {
    "UserAgent": _sent(
        "User-Agent", "The service and its version.", "bankhooks/0.1.0", TEXT
    ),
    "DataId": _sent(
        "X-Webhook-Data-Id",
        f"As `{ID_KEY}`: the same at every attempt. Delivery is at least once; tell "
        "duplicates by it.",
        str(_DATA_ID),
        _NUMBER,
    ),
    "Attempt": _sent(
        "X-Webhook-Attempt", "1 for the first attempt, and so on.", "1", _NUMBER
    ),
    "Test": in_header(
        "X-Webhook-Test",
        "On test deliveries only, of which nothing is recorded.",
        one_of("1"),
    ),
    "ContentEncoding": in_header(
        "Content-Encoding",
        "Where compression is on. Signatures are over the body before gzip.",
        one_of("gzip"),
    ),
    "SignatureDate": in_header(
        "BI-Signature-Date",
        "With `hmac_signature`: when this very attempt was signed, in UTC.",
        {
            "type": "string",
            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$",
            "examples": ["2022-06-27T11:08:52.577831Z"],
        },
    ),
    "Signature": in_header(
        "BI-Signature",
        "With `hmac_signature`: the signature, in base64.",
        {
            "type": "string",
            "pattern": "^[A-Za-z0-9+/]{43}=$",
            "examples": [_SIGNATURE],
        },
    ),
}


def deliveries() -> dict[str, Schema]:
    """The document's `webhooks`: one for each event."""
    return {name: {"post": _call(event)} for name, event in CATALOGUE.items()}


def payload_schemas() -> dict[str, Schema]:
    """What payloads are made of, as components; their own names may be others'."""
    return {
        f"{_PREFIX}{name}": _moved(schema)
        for event in CATALOGUE.values()
        for name, schema in event.schema.get("$defs", {}).items()
    }


def _call(event: EventType) -> Schema:
    kinds: list[Schema] = [{"deliveredSignature": []}, {"deliveredAccessToken": []}]
    own: Schema = {"deliveredUserToken": []} if event.user_scoped else {}
    return {
        "operationId": f"deliver_{event.name}",
        "tags": [TAG],
        "summary": event.description.split(". ")[0].rstrip(".") + ".",
        "description": f"{event.description}\n\nFires: {event.when}",
        "deprecated": event.deprecated,
        "security": [own, *kinds],
        # `Content-Type` is the body's, `Authorization` is told by `security`.
        "parameters": [
            _sent("X-Webhook-Event", "The event.", event.name, one_of(event.name)),
            *({"$ref": f"#/components/parameters/{name}"} for name in HEADERS),
        ],
        "requestBody": {"required": True, "content": _content(event)},
        "responses": {
            status: {"$ref": f"#/components/responses/{name}"}
            for status, name in _ANSWERS.items()
        },
    }


def _content(event: EventType) -> Schema:
    payload = {key: value for key, value in event.schema.items() if key not in _ASIDE}
    identified = {
        "type": "object",
        "required": [ID_KEY],
        "properties": {ID_KEY: told(ID, "The payload's unique id.")},
        "description": "With the members that the webhook's `add_to_data` adds.",
    }
    content: Schema = {
        "application/json; charset=utf-8": {
            "schema": {"allOf": [_moved(payload), identified]},
            "example": {**event.sample, ID_KEY: _DATA_ID},
        }
    }
    if event.cfonb:
        content[CONTENT_TYPE] = {"schema": {"type": "string", "description": _CFONB}}
    return content


_ASIDE: Final = frozenset({"$schema", "$defs", "title"})


def _moved(schema: Any) -> Any:
    """The same schema, its definitions being components of the document."""
    if isinstance(schema, dict):
        return {
            key: _place(value) if key in ("$ref", "$comment") else _moved(value)
            for key, value in schema.items()
        }
    if isinstance(schema, list | tuple):
        return [_moved(each) for each in schema]
    return schema


def _place(reference: str) -> str:
    return reference.replace("#/$defs/", f"#/components/schemas/{_PREFIX}")
