"""Who may call the API: tokens, and what each may do."""

from __future__ import annotations

from django.apps import AppConfig


class ApiTokensConfig(AppConfig):
    """Tokens of the API's callers, and the id of each of their requests."""

    name = "apps.api_tokens"
    label = "api_tokens"
    verbose_name = "API tokens"
