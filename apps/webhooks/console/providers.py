"""Auth providers: the list, and the page of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.auth_providers.models import AuthProvider
from apps.webhooks.console.conditions import conditions_of
from apps.webhooks.console.paging import CappedPaginator, capped_count
from apps.webhooks.console.provider_states import state_of
from apps.webhooks.console.views import ConsoleView, Crumb
from apps.webhooks.models import Webhook
from apps.webhooks.schedule import flusher_now

VIEW: Final = "auth_providers.view_authprovider"
ADD: Final = "auth_providers.add_authprovider"
CHANGE: Final = "auth_providers.change_authprovider"
DELETE: Final = "auth_providers.delete_authprovider"
TEST: Final = "webhooks.test_webhook"
# On the page of one; a provider of more has its list.
SHOWN: Final = 50


def provider_rows() -> QuerySet[AuthProvider]:
    """Providers with their tokens' dates; what is sealed is opened one by one, for a
    single one whose key is gone would keep all others from being shown."""
    return AuthProvider.objects.select_related("token").defer(
        "config", "token__access_token", "token__refresh_token"
    )


class ProvidersView(ConsoleView):
    """All of them: there are few."""

    title = _("Auth providers")
    permission = VIEW
    template_name = "console/providers.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """By name."""
        live = Q(webhooks__deleted_at__isnull=True)
        rows = provider_rows().annotate(used=Count("webhooks", live)).order_by("name")
        page = CappedPaginator(rows).get_page(self.request.GET.get("page"))
        return super().get_context_data(**kwargs) | {
            "page": page,
            "states": [state_of(provider) for provider in page],
        }


class OneProvider(ConsoleView):
    """A page about the provider that the URL names."""

    permission = VIEW

    @cached_property
    def provider(self) -> AuthProvider:
        """404 if there is none."""
        found = provider_rows().filter(pk=self.kwargs["id_auth"]).first()
        if found is None:
            raise Http404
        return found

    @property
    def users(self) -> QuerySet[Webhook]:
        """The webhooks that it authenticates."""
        webhooks = Webhook.objects.filter(auth_provider=self.provider)
        return webhooks.filter(deleted_at__isnull=True).order_by("pk")

    def own_url(self) -> str:
        """Its page."""
        return reverse("admin:provider", args=[self.kwargs["id_auth"]])

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of its page."""
        return (*list_crumbs(), Crumb(self.provider.name, self.own_url()))


class ProviderView(OneProvider):
    """What is known of one, and whom it serves; its secrets are not."""

    template_name = "console/provider.html"

    def get_title(self) -> str:
        """Its name."""
        return self.provider.name

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the list."""
        return list_crumbs()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Its state, and its webhooks with theirs."""
        webhooks = self.users
        return super().get_context_data(**kwargs) | {
            "state": state_of(self.provider),
            "conditions": conditions_of(webhooks[:SHOWN], flusher_now()),
            "used": capped_count(webhooks),
            "shown": SHOWN,
        }


def list_crumbs() -> tuple[Crumb, ...]:
    """The way to the list."""
    return (Crumb(_("Auth providers"), reverse("admin:providers")),)
