"""Clients of the API in the console: seen and revoked there, issued by a command."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.api_tokens.clients import revoke_client
from apps.api_tokens.models import Client
from apps.own_console import register


@register(Client)
class ClientAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Applications with credentials; the one thing to do is to revoke."""

    ordering = ("-id",)
    exclude = ("sha256",)
    actions = ("revoke_selected",)
    list_display = ("name", "client_id", "created_at", "revoked_at")
    search_fields = ("name", "client_id")
    readonly_fields = list_display

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

    @admin.action(description=_("Revoke"), permissions=["change"])
    def revoke_selected(self, request: HttpRequest, clients: QuerySet[Client]) -> None:
        """With their service tokens; the users' tokens stay."""
        for client in clients:
            revoke_client(client)
        number = len(clients)
        said = ngettext("%(n)d client revoked.", "%(n)d clients revoked.", number)
        messages.success(request, said % {"n": number})
