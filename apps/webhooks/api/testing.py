"""`POST /webhooks/{id}/test`: a test delivery, and what came of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api_tokens.authentication import caller_of
from apps.api_tokens.throttle import Limit, count
from apps.webhooks.api.base import BODY_BYTES, ApiView
from apps.webhooks.api.parameters import MAX_ID, parameters, refuse_unknown
from apps.webhooks.api.parsers import JsonBody, body_of
from apps.webhooks.formats.instants import instant
from apps.webhooks.formats.json_body import CheckedPayload, checked_payload, raw_member
from apps.webhooks.registrations import Refused
from apps.webhooks.testing import try_out
from apps.webhooks.trial import Trial


class TestDeliveryView(ApiView):
    """Test deliveries of one webhook."""

    @property
    def max_body_bytes(self) -> int:
        """Room for a payload of any length that may be emitted."""
        most: int = settings.WEBHOOKS_MAX_PAYLOAD_BYTES
        return most + BODY_BYTES

    def post(self, request: Request, id_webhook: int) -> Response:
        """Send the event's sample, or `payload`, now; 200 whatever comes of it.

        `user`: whom it is about, for that user's token to be sent.
        """
        given = parameters(request)
        payload = _payload(request, given)
        user = _user(given.pop("user", None))
        refuse_unknown(given)
        limit = settings.WEBHOOKS_TESTS_PER_TOKEN
        count(Limit(f"tests {caller_of(request).token}", limit))
        trial = try_out(id_webhook, payload=payload, user_id=user)
        return Response(_resource(trial), headers={"Cache-Control": "no-store"})


def _resource(trial: Trial) -> dict[str, Any]:
    """With the phases in seconds, null for what it did not come to."""
    ends, timing = trial.certificate_ends_at, trial.timing._asdict()
    return asdict(trial) | {
        "certificate_ends_at": ends and instant(ends),
        "timing": {
            name.removesuffix("_us"): took if took is None else took / 1e6
            for name, took in timing.items()
        },
    }


def _payload(request: Request, given: dict[str, Any]) -> CheckedPayload | None:
    """As it was written: numbers keep their digits."""
    value = given.pop("payload", None)
    if value is None:
        return None
    body = body_of(request)
    raw = raw_member(body.text, "payload") if isinstance(body, JsonBody) else None
    if raw is None:
        raise Refused("invalidValue", "payload", "Give the payload in a JSON body.")
    return checked_payload(raw, value)


def _user(value: object) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 < value <= MAX_ID:
        raise Refused("invalidValue", "user", "user must be a user's id, or null.")
    return value
