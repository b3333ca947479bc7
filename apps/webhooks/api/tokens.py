"""`/auth`: the tokens of users and of services (contract, 2.4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api_tokens.authentication import caller_of
from apps.api_tokens.clients import find_client
from apps.api_tokens.issuing import issue_service_token
from apps.api_tokens.models import Client, ServiceScope
from apps.api_tokens.throttle import count_failure, count_temporary_user
from apps.audit.actors import Actor, Kind, act_as
from apps.webhooks.api.access import HasToken
from apps.webhooks.api.base import ApiView
from apps.webhooks.api.parameters import MAX_ID, parameters, refuse_unknown
from apps.webhooks.registrations import Refused
from apps.webhooks.users import (
    code_for,
    create_user,
    exchange_code,
    renew_token,
    revoke_token,
)

CLIENT_CREDENTIALS: Final = "client_credentials"
SINGLE_ACCESS: Final = "singleAccess"


class OpenView(ApiView):
    """A view that takes client credentials, or nothing, instead of a token.

    A token in the header is not looked at: a client may send one along always.
    """

    authentication_classes = ()
    permission_classes = ()


class InitView(OpenView):
    """New users."""

    def post(self, request: Request) -> Response:
        """A temporary user, or with client credentials a permanent one at once."""
        given = parameters(request)
        permanent = _has_credentials(given)
        if permanent:
            _client(request, given)
        refuse_unknown(given)
        if not permanent:
            count_temporary_user(request._request)
        user = create_user(permanent=permanent)
        lifetime = None if user.expires_at is None else user.expires_at - user.signin
        return _secret(
            {
                "auth_token": user.token,
                "type": "permanent" if permanent else "temporary",
                "id_user": user.pk,
                "expires_in": None if lifetime is None else _seconds(lifetime),
            }
        )


class TokenView(ApiView):
    """Service tokens, and the end of any token."""

    permission_classes = (HasToken,)

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Whoever asks for a token has none yet."""
        return [] if self._is_open() else super().get_authenticators()

    def get_permissions(self) -> Sequence[Any]:
        """Likewise."""
        return [] if self._is_open() else super().get_permissions()

    def post(self, request: Request) -> Response:
        """A service token for a client, for half an hour."""
        given = parameters(request)
        client = _client(request, given, granted=True)
        scopes = _service_scopes(given)
        refuse_unknown(given)
        lifetime = timedelta(minutes=settings.WEBHOOKS_SHORT_TOKEN_MINUTES)
        ends_at = timezone.now() + lifetime
        token, text = issue_service_token(client, scopes, ends_at)
        return _secret({"token": text, "scope": token.scopes})

    def delete(self, request: Request) -> Response:
        """Revoke the token of this very request."""
        refuse_unknown(parameters(request))
        revoke_token(caller_of(request))
        return Response(status=204)

    def _is_open(self) -> bool:
        # What describes the API looks at views that have no request.
        return getattr(self.request, "method", None) == "POST"


class CodeView(ApiView):
    """Temporary codes."""

    permission_classes = (HasToken,)

    def get(self, request: Request) -> Response:
        """A code to exchange, once, for a permanent token of the caller."""
        given = parameters(request)
        kind = given.pop("type", None)
        refuse_unknown(given)
        if kind not in (None, SINGLE_ACCESS):
            raise Refused("invalidValue", "type", f"type can be {SINGLE_ACCESS} only.")
        user = caller_of(request).user
        if user is None:
            raise PermissionDenied
        code, expires_at = code_for(user)
        return _secret(
            {
                "code": code,
                "type": kind or "temporary",
                "access": "standard" if kind is None else "single",
                "expires_in": _seconds(expires_at - timezone.now()),
            }
        )

    post = get


class AccessView(OpenView):
    """Codes become tokens."""

    def get(self, request: Request) -> Response:
        """A permanent token; the user is permanent from now on."""
        given = parameters(request)
        _client(request, given)
        code = _text(given, "code")
        if given.pop("grant_type", None) not in (None, "authorization_code"):
            raise Refused(
                "invalidValue", "grant_type", "grant_type must be authorization_code."
            )
        refuse_unknown(given)
        return _bearer(exchange_code(code))

    post = get


class RenewView(OpenView):
    """Another token for a user."""

    def post(self, request: Request) -> Response:
        """A permanent token; with `revoke_previous` the others end."""
        given = parameters(request)
        _client(request, given, granted=True)
        user = given.pop("id_user", None)
        if user is None:
            raise _missing("id_user")
        if type(user) is not int or not 0 < user <= MAX_ID:
            raise Refused("invalidValue", "id_user", "id_user must be a user's id.")
        others = given.pop("revoke_previous", False)
        if not isinstance(others, bool):
            raise Refused(
                "invalidValue", "revoke_previous", "revoke_previous is true or false."
            )
        refuse_unknown(given)
        return _bearer(renew_token(user, revoke_previous=others))


def _has_credentials(given: dict[str, Any]) -> bool:
    return not given.keys().isdisjoint({"client_id", "client_secret"})


def _client(
    request: Request, given: dict[str, Any], *, granted: bool = False
) -> Client:
    """The client that the parameters name; with `granted` they say how, too."""
    grant_type = _text(given, "grant_type") if granted else CLIENT_CREDENTIALS
    client_id, secret = _text(given, "client_id"), _text(given, "client_secret")
    if grant_type != CLIENT_CREDENTIALS:
        raise Refused(
            "invalidValue", "grant_type", f"grant_type must be {CLIENT_CREDENTIALS}."
        )
    client = find_client(client_id, secret)
    if client is None:
        count_failure(request._request, client_id)
        raise Refused(
            "unauthorized", "client_id", "The client credentials are not valid."
        )
    act_as(Actor(kind=Kind.CLIENT, id=client.pk))
    return client


def _service_scopes(given: dict[str, Any]) -> list[str]:
    scopes = _text(given, "scope").split()
    if not scopes or not set(scopes) <= set(ServiceScope.values):
        known = ", ".join(ServiceScope.values)
        raise Refused("invalidValue", "scope", f"The scopes are {known}.")
    return scopes


def _text(given: dict[str, Any], name: str) -> str:
    """A parameter that must be there; a client's id may be written as a number."""
    value = given.pop(name, None)
    if value is None:
        raise _missing(name)
    if type(value) is int and name == "client_id":
        value = str(value)
    if not isinstance(value, str):
        raise Refused("invalidValue", name, f"{name} must be text.")
    return value


def _missing(name: str) -> Refused:
    return Refused("missingParameter", name, f"The parameter {name} is missing.")


def _bearer(token: str) -> Response:
    return _secret({"access_token": token, "token_type": "Bearer"})


def _secret(body: dict[str, Any]) -> Response:
    """No cache on the way may keep it (RFC 6749, 5.1)."""
    return Response(body, headers={"Cache-Control": "no-store"})


def _seconds(lifetime: timedelta) -> int:
    return round(lifetime.total_seconds())
