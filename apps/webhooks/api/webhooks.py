"""`/webhooks`: registering, changing and deleting webhooks (contract, 2.1)."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from apps.webhooks.api.base import ApiView
from apps.webhooks.api.parameters import Page, parameters, refuse_unknown
from apps.webhooks.api.resources import webhook_resource
from apps.webhooks.models import Webhook
from apps.webhooks.registrations import (
    Refused,
    create_webhook,
    delete_all_webhooks,
    delete_webhook,
    update_webhook,
)


class WebhooksView(ApiView):
    """All webhooks."""

    def get(self, request: Request) -> Response:
        """Those that are not deleted; with `all`, those too."""
        page = Page.of(request)
        webhooks = Webhook.objects.all()
        if not page.everything:
            webhooks = webhooks.filter(deleted_at__isnull=True)
        return page.reply("webhooks", webhooks, webhook_resource)

    def post(self, request: Request) -> Response:
        """Register one."""
        return Response(webhook_resource(create_webhook(**parameters(request))))

    def delete(self, request: Request) -> Response:
        """Delete them all; `total` says how many that were."""
        refuse_unknown(parameters(request))
        return Response({"total": delete_all_webhooks()})


class WebhookView(ApiView):
    """One webhook, deleted ones included."""

    def get(self, request: Request, id_webhook: int) -> Response:
        """What is registered."""
        refuse_unknown(parameters(request))
        webhook = Webhook.objects.filter(pk=id_webhook).first()
        if webhook is None:
            raise Refused("notFound", "id", f"There is no webhook {id_webhook}.")
        return Response(webhook_resource(webhook))

    def put(self, request: Request, id_webhook: int) -> Response:
        """Change what is given; `deleted` disables, or enables again."""
        return Response(
            webhook_resource(update_webhook(id_webhook, **parameters(request)))
        )

    post = patch = put

    def delete(self, request: Request, id_webhook: int) -> Response:
        """Disable it and cancel what is unsent."""
        refuse_unknown(parameters(request))
        return Response(webhook_resource(delete_webhook(id_webhook)))
