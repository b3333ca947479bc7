"""One delivery: what was sent, what came of each attempt, and what happens next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.webhooks.console.badges import of_state
from apps.webhooks.console.conditions import conditions_of
from apps.webhooks.console.deliveries.attempts import SHOWN, cards_of
from apps.webhooks.console.deliveries.payloads import PERMISSION, read_payload
from apps.webhooks.console.views import ConsoleView, Crumb
from apps.webhooks.explain.deliveries import explain_delivery
from apps.webhooks.models import WebhookData
from apps.webhooks.schedule import flusher_now
from apps.webhooks.target import Content


class OneDelivery(ConsoleView):
    """What the pages of one delivery share."""

    permission = "webhooks.view_webhookdata"
    delivery: WebhookData

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """404 for what is not there."""
        super().setup(request, *args, **kwargs)
        # Without the texts: they are read by `read_payload` alone.
        rows = WebhookData.objects.select_related("event", "webhook")
        found = rows.defer("event__payload").filter(pk=kwargs["pk"]).first()
        if found is None:
            raise Http404
        self.delivery = found

    @property
    def url(self) -> str:
        """The delivery's own page."""
        return reverse("admin:delivery", args=[self.delivery.pk])

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the list."""
        return [
            Crumb(_("Deliveries"), reverse("admin:deliveries")),
            Crumb(capfirst(str(self.delivery)), self.url),
        ]


class DeliveryView(OneDelivery):
    """The page; alive, for attempts go on."""

    template_name = "console/delivery.html"
    fragment_name = "console/delivery_live.html"

    def get_title(self) -> str | Promise:
        """Which it is."""
        return capfirst(str(self.delivery))

    def get_crumbs(self) -> Sequence[Crumb]:
        """Up to the list."""
        return super().get_crumbs()[:-1]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The facts and the cards."""
        delivery = self.delivery
        cards = cards_of(delivery)
        (condition,) = conditions_of([delivery.webhook], flusher_now())
        return super().get_context_data(**kwargs) | {
            "delivery": delivery,
            "event": delivery.event,
            "webhook": delivery.webhook,
            "badge": of_state(delivery.state, attempts=delivery.attempts),
            "cards": cards,
            "older": max(delivery.attempts - SHOWN, 0),
            "condition": condition,
            "explanation": explain_delivery(delivery.pk),
            "certificate_ends_at": next(
                (
                    each.attempt.certificate_ends_at
                    for each in cards
                    if each.attempt.certificate_ends_at
                ),
                None,
            ),
            "is_cfonb": delivery.event.cfonb is not None,
            "digest": bytes(delivery.event.payload_sha256).hex(),
        }


class PayloadView(OneDelivery):
    """What was sent, to the byte: GET asks, POST shows it, which is put on record."""

    permission = PERMISSION
    template_name = "console/payload.html"
    content: Content | None = None

    def get_title(self) -> str | Promise:
        """Whose it is."""
        return _("Payload of delivery %(id)d") % {"id": self.delivery.pk}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page with the payload; or all of it as a file, with `download`."""
        self.content = read_payload(request.user, self.delivery.pk)
        if self.content is not None and "download" in request.POST:
            response = self._file(self.content)
        else:
            response = self.get(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    def _file(self, content: Content) -> HttpResponse:
        kind, ending = (
            ("text/plain", "txt") if content.is_cfonb else ("application/json", "json")
        )
        response = HttpResponse(content.body(self.delivery.pk), content_type=kind)
        name = f"delivery-{self.delivery.pk}.{ending}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The body for reading, once it is asked for."""
        content, event = self.content, self.delivery.event
        body = None if content is None else content.body(self.delivery.pk)
        return super().get_context_data(**kwargs) | {
            "event": event,
            "is_asked": self.request.method == "POST",
            "payload": body,
            "size": len(body or b""),
            "digest": bytes(event.payload_sha256).hex(),
            "back": self.url,
            "kind": "CFONB 120" if content and content.is_cfonb else "JSON",
        }
