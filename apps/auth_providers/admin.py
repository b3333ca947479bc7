"""Auth providers in the console: their names; their secrets stay sealed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.auth_providers.models import AuthProvider
from apps.event_log.admin import FactAdmin
from apps.own_console import register


@register(AuthProvider)
class AuthProviderAdmin(FactAdmin):
    """Read only: a secret that is shown once needs the API's answer to be shown in."""

    list_display = ("id", "name", "type", "created_at")
    list_filter = ("type",)
    fields = ("id", "name", "type", "created_at")
    search_help_text = _("The id of a provider")
