"""`/webhooks/{id}/data`: what a webhook is told, and the bodies (contract, 3.2)."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Case, Value, When
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from apps.webhooks.api.base import ApiView
from apps.webhooks.api.parameters import Stretch, parameters, refuse_unknown
from apps.webhooks.api.resources import data_resource
from apps.webhooks.engine.request import JSON
from apps.webhooks.formats.cfonb import CONTENT_TYPE
from apps.webhooks.models import Webhook, WebhookData
from apps.webhooks.reading import read_content
from apps.webhooks.registrations import Refused

# Of a list nobody reads the texts, which may have megabytes each.
_TEXTS: Final = ("extra", "event__payload", "event__cfonb")
_MIMETYPE: Final = Case(
    When(event__cfonb__isnull=True, then=Value(JSON)), default=Value(CONTENT_TYPE)
)
STATES: Final = {state.name.lower(): state for state in WebhookData.State}


class WebhookDataListView(ApiView):
    """The data of one webhook."""

    def get(self, request: Request, id_webhook: int) -> Response:
        """The newest first; with `after` the oldest of what came later."""
        stretch = Stretch.of(request, "state", "id_user", "min_date", "max_date")
        if not Webhook.objects.filter(pk=id_webhook).exists():
            raise Refused("notFound", "id", f"There is no webhook {id_webhook}.")
        rows = stretch.between(
            WebhookData.objects.filter(webhook=id_webhook), "created_at"
        )
        user, state = stretch.number("id_user"), stretch.filters.get("state")
        if user is not None:
            rows = rows.filter(event__user=user)
        if state is not None:
            rows = rows.filter(state=_state(state))
        rows = rows.select_related("event").defer(*_TEXTS)
        return stretch.reply(
            "webhookdata",
            rows.annotate(mimetype=_MIMETYPE),
            lambda row: data_resource(row, row.mimetype),  # type: ignore[attr-defined]
        )


class WebhookDataBodyView(ApiView):
    """The body of one webhook data."""

    def get(self, request: Request, id_webhook: int, id_data: int) -> HttpResponse:
        """As it is sent and signed, to the byte, before compression."""
        refuse_unknown(parameters(request))
        check_owned(id_webhook, id_data)
        content = read_content(id_data)
        if content is None:
            sentence = f"The body of webhook data {id_data} was purged{_when(id_data)}."
            raise Refused("notFound", "id", sentence)
        return HttpResponse(
            content.body(id_data),
            content_type=content.content_type,
            headers={"Cache-Control": "no-store"},
        )


def check_owned(id_webhook: int, id_data: int) -> None:
    """Raise `Refused` unless the webhook has this data."""
    if not WebhookData.objects.filter(pk=id_data, webhook=id_webhook).exists():
        sentence = f"Webhook {id_webhook} has no data {id_data}."
        raise Refused("notFound", "id", sentence)


def _when(id_data: int) -> str:
    events = WebhookData.objects.filter(pk=id_data)
    removed_at = events.values_list("event__body_removed_at", flat=True).get()
    return f" on {removed_at:%Y-%m-%d}" if removed_at else ""


def _state(name: str) -> Any:
    if name not in STATES:
        listed = ", ".join(STATES)
        raise Refused("invalidValue", "state", f"state is one of {listed}.")
    return STATES[name]
