"""API tokens in the console: seen and revoked there, issued by `create_token`."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.api_tokens.models import ApiToken, revoke


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list to look at; the one thing to do is to revoke."""

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
    ordering = ("-id",)
    exclude = ("sha256",)
    readonly_fields = list_display
    actions = ("revoke_selected",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A page is no place to show a secret that the server must forget."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: ApiToken | None = None
    ) -> bool:
        """Revoked tokens stay, for the record of who could do what."""
        return False

    @admin.action(description="Revoke", permissions=["change"])
    def revoke_selected(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        """They stop working within a second."""
        messages.success(request, f"{revoke(tokens)} tokens revoked.")
