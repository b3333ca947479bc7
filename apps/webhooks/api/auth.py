"""`/webhooks/auth`: the auth providers that webhooks refer to (contract, 2.2)."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from apps.auth_providers.models import AuthProvider
from apps.auth_providers.providers import create_provider, update_provider
from apps.webhooks.api.base import ApiView
from apps.webhooks.api.parameters import Page, parameters, refuse_unknown
from apps.webhooks.api.resources import provider_resource
from apps.webhooks.registrations import Refused, delete_all_auth, delete_auth


class AuthProvidersView(ApiView):
    """All auth providers."""

    def get(self, request: Request) -> Response:
        """Their names and types; secrets are never read back."""
        page = Page.of(request)
        return page.reply(
            "authproviders", AuthProvider.objects.all(), provider_resource
        )

    def post(self, request: Request) -> Response:
        """Create one; its secret is in this reply, and nowhere ever after."""
        provider, shown = create_provider(*_provider_parameters(request))
        return Response({**provider_resource(provider), "config": shown})

    def delete(self, request: Request) -> Response:
        """Delete them all, or none while one is in use."""
        refuse_unknown(parameters(request))
        return Response({"total": delete_all_auth()})


class AuthProviderView(ApiView):
    """One auth provider."""

    def get(self, request: Request, id_auth: int) -> Response:
        """Its name and type."""
        refuse_unknown(parameters(request))
        provider = AuthProvider.objects.filter(pk=id_auth).first()
        if provider is None:
            raise Refused("notFound", "id", f"There is no auth provider {id_auth}.")
        return Response(provider_resource(provider))

    def put(self, request: Request, id_auth: int) -> Response:
        """Rename it, or change its configuration; the secret stays."""
        provider = update_provider(id_auth, *_provider_parameters(request))
        return Response(provider_resource(provider))

    post = put

    def delete(self, request: Request, id_auth: int) -> Response:
        """Delete it, unless a webhook uses it."""
        refuse_unknown(parameters(request))
        return Response(provider_resource(delete_auth(id_auth)))


def _provider_parameters(request: Request) -> tuple[object, object, object]:
    given = parameters(request)
    values = given.pop("type", None), given.pop("name", None), given.pop("config", None)
    refuse_unknown(given)
    return values
