"""`/webhooks/{id}/data/{id}/explanation` and `/events/{id}/explanation`."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from apps.webhooks.api.base import ApiView
from apps.webhooks.api.deliveries import check_owned
from apps.webhooks.api.parameters import parameters, refuse_unknown
from apps.webhooks.explain.deliveries import explain_delivery
from apps.webhooks.explain.events import explain_event


class DeliveryExplanationView(ApiView):
    """One webhook data."""

    def get(self, request: Request, id_webhook: int, id_data: int) -> Response:
        """What became of it, and why."""
        refuse_unknown(parameters(request))
        check_owned(id_webhook, id_data)
        return Response(explain_delivery(id_data).as_json())


class EventExplanationView(ApiView):
    """One event."""

    def get(self, request: Request, id_event: int) -> Response:
        """Who was told of it, and why not others."""
        refuse_unknown(parameters(request))
        return Response(explain_event(id_event).as_json())
