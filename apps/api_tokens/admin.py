"""API tokens and clients in the console: seen and revoked there, issued by commands."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.api_tokens.clients import revoke_client
from apps.api_tokens.issuing import revoke_token
from apps.api_tokens.models import ApiToken, Client
from apps.own_console import register


class IssuedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list to look at; the one thing to do is to revoke."""

    ordering = ("-id",)
    exclude = ("sha256",)
    actions = ("revoke_selected",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A page is no place to show a secret that the server must forget."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For the list's actions; a row stays as it is."""
        may: bool = obj is None and super().has_change_permission(request)
        return may

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was revoked stays, for the record of who could do what."""
        return False


@register(ApiToken)
class ApiTokenAdmin(IssuedAdmin):
    """Tokens that `create_token` issued; those of users come and go with the users."""

    list_display = (
        "name",
        "prefix",
        "scopes",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "prefix")
    readonly_fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Revoking a user's token here would leave it in the user's deliveries."""
        tokens: QuerySet[ApiToken] = super().get_queryset(request)
        return tokens.filter(user__isnull=True, client__isnull=True)

    @admin.action(description=_("Revoke"), permissions=["change"])
    def revoke_selected(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        """They stop working within a second."""
        number = len(tokens)
        for token in tokens:
            revoke_token(token)
        said = ngettext("%(n)d token revoked.", "%(n)d tokens revoked.", number)
        messages.success(request, said % {"n": number})


@register(Client)
class ClientAdmin(IssuedAdmin):
    """Applications with credentials, which `create_client` issued."""

    list_display = ("name", "client_id", "created_at", "revoked_at")
    search_fields = ("name", "client_id")
    readonly_fields = list_display

    @admin.action(description=_("Revoke"), permissions=["change"])
    def revoke_selected(self, request: HttpRequest, clients: QuerySet[Client]) -> None:
        """With their service tokens; the users' tokens stay."""
        for client in clients:
            revoke_client(client)
        number = len(clients)
        said = ngettext("%(n)d client revoked.", "%(n)d clients revoked.", number)
        messages.success(request, said % {"n": number})
