"""`POST /events`: the way in over HTTP, for one event or a thousand."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api_tokens.authentication import caller_of
from apps.api_tokens.models import Scope
from apps.event_log.catalogue import event_name
from apps.event_log.models import Event
from apps.webhooks.api.base import ApiView
from apps.webhooks.api.parameters import refuse_unknown
from apps.webhooks.api.parsers import JsonBody, StrictJSONParser, body_of
from apps.webhooks.emit import Emission, Emitted, emit_many
from apps.webhooks.formats.json_body import (
    checked_payload,
    raw_member,
    raw_member_of_each,
)
from apps.webhooks.intake import INTAKE
from apps.webhooks.registrations import Refused

MAX_EVENTS: Final = 1000
# A bulk may be as long as so many of the longest payloads.
BULK_PAYLOADS: Final = 4
KEY_CHARACTERS: Final = 255
MAX_ID: Final = 2**63 - 1

_LIST: Final = "events"
_MEMBERS: Final = frozenset({"event", "id_user", "payload", "idempotency_key"})


class EventsView(ApiView):
    """Emission."""

    required_scope = Scope.EMIT
    parser_classes = (StrictJSONParser,)

    @property
    def max_body_bytes(self) -> int:
        """Room for a bulk."""
        return BULK_PAYLOADS * settings.WEBHOOKS_MAX_PAYLOAD_BYTES

    def perform_authentication(self, request: Request) -> None:
        """It waits for the database as an emission does."""
        with INTAKE.place():
            super().perform_authentication(request)

    def post(self, request: Request) -> Response:
        """Emit; 201, or 200 if nothing was new. A bulk is emitted whole or not."""
        body = body_of(request)
        if not isinstance(body, JsonBody):
            raise _missing("event")
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        listed = _listed(body)
        if listed is None:
            emissions = [_emission(body.value, raw_member(body.text, "payload"), key)]
        elif key is not None:
            raise _invalid("In a bulk each event has its own idempotency_key.")
        else:
            emissions = _bulk(body, listed)
        source = f"api:{caller_of(request).token}"
        with INTAKE.place():
            INTAKE.check_backlog()
            emitted = emit_many(emissions, origin=Event.Origin.PLATFORM, source=source)
        return _reply(emitted, bulk=listed is not None)


def _listed(body: JsonBody) -> list[Any] | None:
    """The events of a bulk; None for a single one."""
    value = body.value
    if isinstance(value, dict) and _LIST in value:
        refuse_unknown({name: None for name in value if name != _LIST})
        value = value[_LIST]
    elif isinstance(value, dict):
        return None
    if not isinstance(value, list):
        raise _invalid("Send one event as an object, or several as a list.")
    if not 0 < len(value) <= MAX_EVENTS:
        raise _invalid(f"A bulk has 1 to {MAX_EVENTS} events.")
    if not all(isinstance(item, dict) for item in value):
        raise _invalid("Each event of a bulk is an object.")
    return value


def _bulk(body: JsonBody, listed: list[Any]) -> list[Emission]:
    within = _LIST if isinstance(body.value, dict) else None
    payloads = raw_member_of_each(body.text, "payload", within=within)
    return [
        _emission(item, payload, None)
        for item, payload in zip(listed, payloads, strict=True)
    ]


def _emission(item: dict[str, Any], payload: bytes | None, key: str | None) -> Emission:
    """An emission from its members; the header's `key` stands in for a missing one."""
    if not _MEMBERS.issuperset(item):
        refuse_unknown({name: None for name in item if name not in _MEMBERS})
    name = item.get("event")
    if name is None:
        raise _missing("event")
    if payload is None:
        raise _missing("payload")
    if not isinstance(name, str):
        raise _invalid("The event must be a name.")
    return Emission(
        event=event_name(name),
        payload=checked_payload(payload, item["payload"]),
        user=_user(item.get("id_user")),
        idempotency_key=_key(item.get("idempotency_key"), key),
    )


def _user(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_ID:
        return value
    raise _invalid("id_user must be a user's id, or null.")


def _key(member: object, header: str | None) -> str | None:
    key = header if member is None else member
    if key is None:
        return None
    if header not in (None, key):
        raise _invalid("The idempotency key differs in the header and in the body.")
    if not isinstance(key, str) or not 0 < len(key) <= KEY_CHARACTERS:
        raise _invalid(f"An idempotency key is text of 1 to {KEY_CHARACTERS} letters.")
    if not key.isascii() or not key.isprintable():
        raise _invalid("An idempotency key is printable ASCII.")
    return key


def _reply(emitted: list[Emitted], *, bulk: bool) -> Response:
    told = [
        {"id_event": e.event, "webhooks": e.webhooks, "repeated": e.repeated}
        for e in emitted
    ]
    status = 200 if all(e.repeated for e in emitted) else 201
    return Response({_LIST: told, "total": len(told)} if bulk else told[0], status)


def _missing(field: str) -> Refused:
    return Refused("missingParameter", field, f"The parameter {field} is missing.")


def _invalid(sentence: str) -> Refused:
    return Refused("invalidValue", "", sentence)
