"""The pages that there are: a screen that is registered is among them by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.contrib.admin import site
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import Page

from apps.webhooks.console.screens import SCREENS
from apps.webhooks.models import Replay, Webhook, WebhookData
from tests.browser.conftest import NARROW, WIDE
from tests.browser.watch import CONTRAST, accessibility, overflow

OF_ROWS: Final[dict[str, type[Model]]] = {
    "check_receiver": Webhook,
    "webhook_pause": Webhook,
    "webhook_resume": Webhook,
    "delivery": WebhookData,
    "payload": WebhookData,
    "resend": WebhookData,
    "curl": WebhookData,
    "webhooks_webhook_change": Webhook,
    "webhook_edit": Webhook,
    "webhook_flush": Webhook,
    "webhook_recover": Webhook,
    "webhook_backfill": Webhook,
    "webhook_disable": Webhook,
    "test_webhook": Webhook,
    "replay": Replay,
    "replay_cancel": Replay,
}


# What a browser saves and does not show.
FILES: Final = {"deliveries_csv", "deliveries_ndjson"}


def own() -> list[str]:
    """The console's screens that are not Django's and need no argument."""
    names = [screen.url_name for screen in SCREENS]
    names += [
        f"admin:{page.name}"
        for screen in SCREENS
        for page in screen.pages
        if page.name not in FILES
    ]
    return sorted(set(_reversed(names)) - set(lists()))


def of_rows() -> list[str]:
    """The console's pages of one row each: of what fails, there is most on them."""
    newest = WebhookData.objects.latest("pk")
    shown = {
        WebhookData: newest.pk,
        Webhook: newest.webhook_id,
        Replay: Replay.objects.earliest("pk").pk,
    }
    return [
        reverse(f"admin:{name}", args=[shown[model]])
        for name, model in sorted(OF_ROWS.items())
    ]


def lists() -> list[str]:
    """Django's lists."""
    return sorted(reverse(f"{place}_changelist") for place in _places())


def forms() -> list[str]:
    """The empty forms, a page of a row of each model, and a history."""
    found = list(_reversed([f"{place}_add" for place in _places()]))
    rows = {
        place: row.pk
        for model, place in zip(site._registry, _places(), strict=True)
        if (row := model._default_manager.first()) is not None
    }
    found += [reverse(f"{place}_change", args=[pk]) for place, pk in rows.items()]
    found += [reverse(f"{place}_history", args=[pk]) for place, pk in rows.items()][:1]
    return sorted(found)


def faults(page: Page, where: str) -> list[str]:
    """What is wrong with the page that is open: in light, in dark, on a phone."""
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    page.emulate_media(color_scheme="light")
    found = [f"light: {fault}" for fault in accessibility(page)]
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {fault}" for fault in accessibility(page, rules=CONTRAST)]
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    found += [f"too wide: {fault}" for fault in overflow(page)]
    return [f"{where}: {fault}" for fault in found]


def _places() -> list[str]:
    return [
        f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for model in site._registry
    ]


def _reversed(names: list[str]) -> Iterator[str]:
    for name in names:
        try:
            yield reverse(name)
        except NoReverseMatch:
            continue
