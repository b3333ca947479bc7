"""A test delivery to one webhook: asked for here, sent at once, and nothing kept."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import Throttled

from apps.auth_providers.refusal import Refused
from apps.webhooks.causes import explain
from apps.webhooks.console.badges import Badge, Tone
from apps.webhooks.console.one_webhook import OneWebhook
from apps.webhooks.console.provider_trial import count_test, too_many
from apps.webhooks.console.refusals import said
from apps.webhooks.testing import try_out
from apps.webhooks.trial import Trial

TEST: Final = "webhooks.test_webhook"


class SendTestView(OneWebhook):
    """GET says what will be sent, and where; POST sends it, and shows the exchange."""

    title = _("Send a test")
    permission = TEST
    template_name = "console/send_test.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send the event's sample."""
        context = self.get_context_data()
        try:
            count_test(request)
            trial = try_out(self.webhook.pk)
        except Throttled:
            context["refused"] = too_many()
        except Refused as why:
            context["refused"] = said(why.sentence)
        else:
            context |= {
                "trial": trial,
                "badge": _badge(trial),
                "plain": explain(
                    trial.outcome, trial.response.status if trial.response else None
                ),
            }
        response = self.render_to_response(context)
        add_never_cache_headers(response)
        return response


def _badge(trial: Trial) -> Badge:
    status = str(trial.response.status) if trial.response else ""
    if trial.error:
        return Badge(_now("Not accepted"), Tone.BAD, status)
    return Badge(_now("Accepted"), Tone.GOOD, status)
