"""What is done with one delivery: sending it again, and taking it as a command."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.outbound.transport import OutgoingRequest
from apps.webhooks.console.badges import of_state
from apps.webhooks.console.deliveries.detail import OneDelivery
from apps.webhooks.console.deliveries.payloads import PERMISSION, read_payload
from apps.webhooks.console.registry import may
from apps.webhooks.console.replays.orders import order_of, refusal
from apps.webhooks.console.views import ActionRefused, ActionView
from apps.webhooks.registrations import Refused
from apps.webhooks.replay.filters import ANY_STATE, Filters
from apps.webhooks.replays import start_replay
from apps.webhooks.target import Target, token_of
from apps.webhooks.trial import Unsendable

RESEND: Final = "webhooks.resend_webhookdata"
_AUTHORIZATION: Final = "authorization:"


class ResendView(OneDelivery, ActionView):
    """What `POST /webhooks/{id}/data/{id}/resend` does."""

    title = _lazy("Send again")
    permission = RESEND
    button = _lazy("Send again")

    def question(self) -> str | Promise:
        """Whether."""
        return _("Send delivery %(id)d again now?") % {"id": self.delivery.pk}

    def consequences(self) -> Sequence[tuple[str | Promise, Any]]:
        """To whom, and how it is now."""
        delivery = self.delivery
        state = of_state(delivery.state, attempts=delivery.attempts).text
        return [
            (_("Webhook"), capfirst(str(delivery.webhook))),
            (_("URL"), delivery.webhook.url or ""),
            (_("State"), state),
            (
                _("What is sent"),
                _("The same body with the same id, under a new date and signature."),
            ),
        ]

    def act(self) -> str | Promise:
        """Begin a replay of this one."""
        filters = Filters(
            webhook=self.delivery.webhook_id,
            ids=(self.delivery.pk,),
            states=ANY_STATE,
        )
        if self.delivery.event.removal:
            raise ActionRefused(self.delivery.event.removal)
        try:
            start_replay(filters, order_of(self.request.user))
        except Refused as refused:
            raise ActionRefused(refusal(refused)) from refused
        return _("It is being sent again; the attempt appears here.")

    def get_next_url(self) -> str:
        """The delivery."""
        return self.url


class CurlView(OneDelivery):
    """The request as a command, signed at this moment; asked for by POST.

    Who may read payloads and send again may have it: it is both. A signature is good
    for some minutes and this body alone. Tokens are left out, for they are good for
    more, and secrets never are in a request.
    """

    title = _lazy("As a cURL command")
    permission = RESEND
    template_name = "console/curl.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The command."""
        context = self.get_context_data(**kwargs)
        try:
            context["command"] = self._command()
        except Refused as refused:
            context["refusal"] = refusal(refused)
        except Unsendable as why:
            context["refusal"] = why.sentence
        return self.render_to_response(context)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Without a command until it is asked for."""
        return super().get_context_data(**kwargs) | {
            "delivery": self.delivery,
            "is_allowed": may(self.request.user, PERMISSION),
            "back": self.url,
        }

    def _command(self) -> str:
        content = read_payload(self.request.user, self.delivery.pk)
        if content is None:
            raise Refused("conflict", "payload", self.delivery.event.removal)
        target = Target.of(self.delivery.webhook_id)
        request = target.request(
            self.delivery.pk,
            content,
            scheme=target.scheme(),
            user_token=token_of(self.delivery.event.user_id),
            attempts=self.delivery.attempts,
            mark=None,
        )
        return curl(request, content.body(self.delivery.pk))


def curl(request: OutgoingRequest, body: bytes) -> str:
    """For a shell; with the plain body even if the webhook's are compressed."""
    lines = [f"curl --request POST {shlex.quote(request.url)}"]
    for header in request.headers:
        name = header.lower()
        if name.startswith("content-encoding:"):
            continue
        if name.startswith(_AUTHORIZATION):
            lines.append('--header "Authorization: Bearer $TOKEN"')
        else:
            lines.append(f"--header {shlex.quote(header)}")
    text = body.decode("utf-8", "replace")
    lines.append(f"--data-binary {_quoted(text)}")
    return " \\\n  ".join(lines)


def _quoted(text: str) -> str:
    """What begins with @ would name a file."""
    return (
        shlex.quote(text) if not text.startswith("@") else f"@- <<< {shlex.quote(text)}"
    )
