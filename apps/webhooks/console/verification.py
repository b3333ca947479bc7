"""How receivers verify: the rule, an example, and code with a webhook's own path."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.auth_providers.models import AuthProvider
from apps.auth_providers.signing import keyed, sign
from apps.receiver.samples import SAMPLES, Sample
from apps.webhooks.console.debugger import DebuggerView
from apps.webhooks.console.registry import Group, Page, Screen, may
from apps.webhooks.console.views import ConsoleView
from apps.webhooks.models import Webhook

# The contract's first vector; docs/signing.md has it, and docs/receivers more.
EXAMPLE: Final = {
    "secret": "test_secret_0123456789abcdef0123456789abcdef",
    "method": "POST",
    "path": "/v1/webhook-listener",
    "date": "2022-06-27T11:08:52.577831Z",
    "payload": '{"id": 1, "state": "done"}',
}
# What a list to choose from holds; a webhook beyond it is reached from its own page.
CHOICES: Final = 200


class VerificationView(ConsoleView):
    """For whoever writes a receiver."""

    title = _("Verification")
    template_name = "console/verification.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The example is computed, by the function that signs deliveries."""
        sample = SAMPLES.get(self.request.GET.get("language", ""), SAMPLES["python"])
        webhooks = signed_webhooks(self.request.user)
        webhook = _chosen(webhooks, self.request.GET.get("webhook", ""))
        path = wire_path(webhook.url) if webhook and webhook.url else None
        return super().get_context_data(**kwargs) | {
            "example": EXAMPLE | {"signature": _signature()},
            "sample": sample,
            "source": sample.source(path),
            "languages": [_language(each, sample) for each in SAMPLES.values()],
            "webhooks": webhooks[:CHOICES],
            "webhook": webhook,
            "path": path,
        }


def signed_webhooks(user: Any) -> QuerySet[Webhook]:
    """Those whose deliveries are signed, if `user` may see any."""
    if not may(user, "webhooks.view_webhook"):
        return Webhook.objects.none()
    return (
        Webhook.objects.filter(
            auth_provider__type=AuthProvider.Type.HMAC_SIGNATURE,
            deleted_at__isnull=True,
            url__isnull=False,
        )
        .order_by("pk")
        .defer("auth_provider__config")
    )


def wire_path(url: str) -> str:
    """The part of a registered URL that is signed."""
    return urlsplit(url).path or "/"


def _chosen(webhooks: QuerySet[Webhook], number: str) -> Webhook | None:
    is_number = number.isascii() and number.isdecimal() and len(number) < 19
    return webhooks.filter(pk=int(number)).first() if is_number else None


def _language(sample: Sample, chosen: Sample) -> dict[str, Any]:
    return {
        "name": sample.name,
        "title": sample.language,
        "is_current": sample == chosen,
    }


def _signature() -> str:
    return sign(
        keyed(EXAMPLE["secret"]),
        method=EXAMPLE["method"],
        path=EXAMPLE["path"],
        date=EXAMPLE["date"],
        payload=EXAMPLE["payload"].encode(),
    )


SCREEN: Final = Screen(
    title=_("Verification"),
    url_name="admin:verification",
    group=Group.TOOLS,
    icon="shield",
    pages=(
        Page(route="verification/", name="verification", view=VerificationView),
        Page(route="verification/debugger/", name="debugger", view=DebuggerView),
    ),
)
