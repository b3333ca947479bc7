"""Paying: the order and the event are one transaction."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.webhooks.emit import emit
from orders.models import Order


class PaymentRefused(Exception):
    """The bank says no."""


@csrf_exempt
@require_POST
def pay(request: HttpRequest, number: int) -> JsonResponse:
    """Mark an order as paid, and tell of it: both, or neither."""
    try:
        with transaction.atomic():
            order, _ = Order.objects.get_or_create(number=number)
            order.paid = True
            order.save(update_fields=["paid"])
            emitted = emit("PAYMENT_STATE_UPDATED", {"id": number, "state": "done"})
            ask_the_bank(request)
    except PaymentRefused:
        return JsonResponse({"paid": False}, status=402)
    return JsonResponse({"paid": True, "told": emitted.webhooks})


def ask_the_bank(request: HttpRequest) -> None:
    """Refuse whoever asks for it, after everything was written."""
    if request.GET.get("refuse"):
        raise PaymentRefused
