"""`/webhooks`: registering, changing and deleting webhooks (contract, 2.1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from apps.webhooks.api.base import ApiView
from apps.webhooks.api.parameters import Page, expands, parameters, refuse_unknown
from apps.webhooks.api.resources import log_resource, webhook_resource
from apps.webhooks.health import health_of
from apps.webhooks.models import DeliveryAttempt, Webhook
from apps.webhooks.registrations import (
    Refused,
    create_webhook,
    delete_all_webhooks,
    delete_webhook,
    update_webhook,
)

# Contract, 2.1: "last month by default".
LOGS_BY_DEFAULT: Final = timedelta(days=31)
# What `expand` nests in a Webhook (contract, 2.1).
EVENT: Final = "webhook_event"


class WebhooksView(ApiView):
    """All webhooks."""

    def get(self, request: Request) -> Response:
        """Those that are not deleted; with `all`, those too."""
        page = Page.of(request)
        webhooks = Webhook.objects.all()
        if not page.everything:
            webhooks = webhooks.filter(deleted_at__isnull=True)
        part = page.part(webhooks)
        reports = health_of([webhook.pk for webhook in part])
        event = expands(request, EVENT)
        resources = [
            webhook_resource(each, reports[each.pk], event=event) for each in part
        ]
        return Response({"webhooks": resources, "total": webhooks.count()})

    def post(self, request: Request) -> Response:
        """Register one."""
        webhook = create_webhook(**parameters(request))
        return webhook_reply(webhook, event=expands(request, EVENT))

    def delete(self, request: Request) -> Response:
        """Delete them all; `total` says how many that were."""
        refuse_unknown(parameters(request))
        return Response({"total": delete_all_webhooks()})


class WebhookView(ApiView):
    """One webhook, deleted ones included."""

    def get(self, request: Request, id_webhook: int) -> Response:
        """What is registered."""
        refuse_unknown(parameters(request))
        return webhook_reply(webhook_of(id_webhook), event=expands(request, EVENT))

    def put(self, request: Request, id_webhook: int) -> Response:
        """Change what is given; `deleted` disables, or enables again."""
        webhook = update_webhook(id_webhook, **parameters(request))
        return webhook_reply(webhook, event=expands(request, EVENT))

    post = patch = put

    def delete(self, request: Request, id_webhook: int) -> Response:
        """Disable it and cancel what is unsent."""
        refuse_unknown(parameters(request))
        return webhook_reply(delete_webhook(id_webhook))


class WebhookLogsView(ApiView):
    """The attempts to deliver one webhook's data."""

    def get(self, request: Request, id_webhook: int) -> Response:
        """The newest first; those of the last month, unless `min_date` is given."""
        page = Page.of(request, "id_user", "min_date", "max_date")
        if not Webhook.objects.filter(pk=id_webhook).exists():
            raise _unknown(id_webhook)
        logs = page.between(
            DeliveryAttempt.objects.filter(webhook=id_webhook),
            "started_at",
            since=timezone.now() - LOGS_BY_DEFAULT,
        ).select_related("webhook_data__event")
        user = page.number("id_user")
        if user is not None:
            logs = logs.filter(webhook_data__event__user=user)
        return page.reply("webhooklogs", logs, log_resource, "-started_at", "-pk")


def webhook_of(id_webhook: int) -> Webhook:
    """The webhook, deleted or not; raises `Refused`."""
    webhook = Webhook.objects.filter(pk=id_webhook).first()
    if webhook is None:
        raise _unknown(id_webhook)
    return webhook


def webhook_reply(webhook: Webhook, *, event: bool = False) -> Response:
    """A Webhook, with its `event` nested in it if wanted."""
    report = health_of([webhook.pk])[webhook.pk]
    return Response(webhook_resource(webhook, report, event=event))


def _unknown(id_webhook: int) -> Refused:
    return Refused("notFound", "id", f"There is no webhook {id_webhook}.")
