"""What the pages of one webhook have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.webhooks.console.views import ConsoleView, Crumb
from apps.webhooks.models import Webhook


class OneWebhook(ConsoleView):
    """A page of the webhook whose id is `id_webhook` in the URL."""

    @cached_property
    def webhook(self) -> Webhook:
        """404 if there is none."""
        webhooks = Webhook.objects.select_related("auth_provider")
        webhooks = webhooks.defer("auth_provider__config")
        found = webhooks.filter(pk=self.kwargs["id_webhook"]).first()
        if found is None:
            raise Http404
        return found

    @property
    def webhook_name(self) -> str:
        """What pages call it."""
        return f"{self.webhook.event} #{self.webhook.pk}"

    @property
    def webhook_url(self) -> str:
        """Of its own page."""
        return reverse("admin:webhooks_webhook_change", args=[self.webhook.pk])

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the webhook."""
        return (list_crumb(), Crumb(self.webhook_name, self.webhook_url))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The webhook."""
        return super().get_context_data(**kwargs) | {"webhook": self.webhook}


def list_crumb() -> Crumb:
    """The way to the list."""
    return Crumb(_("Webhooks"), reverse("admin:webhooks_webhook_changelist"))
