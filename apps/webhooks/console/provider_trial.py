"""Trying an `oauth` provider out: what its token server answers now."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import Throttled

from apps.api_tokens.throttle import Limit, count
from apps.audit.actions import Action
from apps.audit.trail import record
from apps.auth_providers.oauth_config import Credentials
from apps.auth_providers.token_trial import TokenTrial, try_token
from apps.encryption.keyring import KeyringError
from apps.webhooks.conf import token_door
from apps.webhooks.console.badges import Badge, Tone
from apps.webhooks.console.providers import TEST, OneProvider
from apps.webhooks.console.timings import phases
from apps.webhooks.token_errors import explain_token_error


class ProviderTrialView(OneProvider):
    """GET says what will be done, POST asks the token server, and shows its answer.

    The token in use stays in use; the one that comes is thrown away.
    """

    title = _("Ask for a token")
    permission = TEST
    template_name = "console/token_trial.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Where it would be asked for."""
        try:
            url = self.provider.settings.get("url", "")
        except KeyringError:
            url = ""
        return super().get_context_data(**kwargs) | {
            "provider": self.provider,
            "endpoint": url,
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask."""
        context = self.get_context_data()
        try:
            count_test(request)
            credentials = Credentials.of(self.provider.settings)
        except Throttled:
            context["refused"] = too_many()
        except (KeyError, KeyringError):
            context["refused"] = _now("This provider has no credentials that open.")
        else:
            with transaction.atomic():
                record(Action.PROVIDER_TRY, self.provider.pk)
            trial = try_token(credentials, token_door())
            context |= {
                "trial": trial,
                "badge": _badge(trial),
                "phases": phases(trial.timing),
                "seconds": trial.timing.total_us / 1e6,
                "plain": explain_token_error(trial.error) if trial.error else None,
            }
        response = self.render_to_response(context)
        add_never_cache_headers(response)
        return response


def count_test(request: HttpRequest) -> None:
    """As tests by the API are counted, for each who makes them; raise `Throttled`."""
    limit = settings.WEBHOOKS_TESTS_PER_TOKEN
    count(Limit(f"tests of console user {request.user.pk}", limit))


def too_many() -> str:
    """What to do instead."""
    return _now("That were many tests. Wait for %(seconds)d seconds.") % {
        "seconds": settings.WEBHOOKS_THROTTLE_SECONDS
    }


def _badge(trial: TokenTrial) -> Badge:
    if trial.error:
        return Badge(_now("No token"), Tone.BAD, str(trial.status or ""))
    return Badge(_now("A token was given"), Tone.GOOD, str(trial.status))
