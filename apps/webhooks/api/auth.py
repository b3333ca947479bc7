"""`/webhooks/auth`: the auth providers that webhooks refer to (contract, 2.2)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from apps.auth_providers.models import AuthProvider, OAuthToken
from apps.auth_providers.oauth_config import certificate_warning
from apps.auth_providers.providers import (
    create_provider,
    rotate_secret,
    update_provider,
)
from apps.webhooks.api.base import ApiView
from apps.webhooks.api.parameters import Page, parameters, refuse_unknown
from apps.webhooks.api.resources import provider_resource
from apps.webhooks.formats.instants import instant
from apps.webhooks.registrations import Refused, delete_all_auth, delete_auth

_TRUTH: Final = {"1": True, "true": True, "0": False, "false": False}


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
        config = {"config": shown} if shown else {}
        return Response({**provider_resource(provider), **config})

    def delete(self, request: Request) -> Response:
        """Delete them all, or none while one is in use; with `force` all the same."""
        return Response({"total": delete_all_auth(force=_force(request))})


class AuthProviderView(ApiView):
    """One auth provider."""

    def get(self, request: Request, id_auth: int) -> Response:
        """Its name and type; of `oauth` also how its tokens and certificate are."""
        refuse_unknown(parameters(request))
        provider = _provider(id_auth)
        return Response({**provider_resource(provider), **_condition(provider)})

    def put(self, request: Request, id_auth: int) -> Response:
        """Rename it, or change its configuration; the secret stays."""
        provider = update_provider(id_auth, *_provider_parameters(request))
        return Response(provider_resource(provider))

    post = put

    def delete(self, request: Request, id_auth: int) -> Response:
        """Delete it, unless a webhook uses it; with `force` all the same."""
        provider = delete_auth(id_auth, force=_force(request))
        return Response(provider_resource(provider))


class RotationView(ApiView):
    """The secret of one `hmac_signature` provider."""

    def post(self, request: Request, id_auth: int) -> Response:
        """Another secret, in this reply and nowhere ever after, in force from `at`."""
        given = parameters(request)
        at = _moment(given.pop("at", None))
        refuse_unknown(given)
        provider, now = _provider(id_auth), timezone.now()
        secret = rotate_secret(provider, at)
        return Response(
            {
                **provider_resource(provider),
                "config": {"secret_key": secret},
                "in_force": instant(max(at or now, now)),
            }
        )


def _provider(id_auth: int) -> AuthProvider:
    provider = AuthProvider.objects.filter(pk=id_auth).first()
    if provider is None:
        raise Refused("notFound", "id", f"There is no auth provider {id_auth}.")
    return provider


def _provider_parameters(request: Request) -> tuple[object, object, object]:
    given = parameters(request)
    values = given.pop("type", None), given.pop("name", None), given.pop("config", None)
    refuse_unknown(given)
    return values


def _condition(provider: AuthProvider) -> dict[str, Any]:
    """Of `oauth`: nothing of the token itself, and nothing that its server said."""
    if provider.type != AuthProvider.Type.OAUTH:
        return {}
    token = OAuthToken.objects.defer("access_token", "refresh_token").get(pk=provider)
    warning = certificate_warning(provider, timezone.now())
    return {
        "token": {
            "state": token.state,
            "refreshed": _instant(token.refreshed_at),
            "expires": _instant(token.expires_at),
            "failures": token.failures,
            "error": token.last_error or None,
            "next_try": _instant(token.next_try_at),
        },
        "warning": warning and {"code": "certificate_expiry", "message": warning},
    }


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)


def _force(request: Request) -> bool:
    given = parameters(request)
    force = given.pop("force", False)
    refuse_unknown(given)
    if isinstance(force, str):
        force = _TRUTH.get(force, force)
    if not isinstance(force, bool):
        raise Refused("invalidValue", "force", "force must be true or false.")
    return force


def _moment(value: object) -> datetime | None:
    """An instant; without a zone it is the wall time of the payloads."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=settings.PAYLOAD_ZONE)
        # Of the last and the first year there is no UTC.
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused("invalidValue", "at", "at must be a date, or null.") from error
