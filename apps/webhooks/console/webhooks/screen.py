"""Webhooks in the navigation; in place of Django's pages of them."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apps.webhooks.console import receiver_check
from apps.webhooks.console.registry import Group, Page, Screen
from apps.webhooks.console.webhooks.actions import (
    AddWebhookView,
    ChangeWebhookView,
    DisableView,
    EnableView,
    FlushView,
)
from apps.webhooks.console.webhooks.detail import WebhookView
from apps.webhooks.console.webhooks.listing import VIEW, WebhooksView
from apps.webhooks.console.webhooks.pausing import PauseView, ResumeView
from apps.webhooks.console.webhooks.recovery import BackfillView, RecoverView

_BASE: Final = "webhooks/webhook/"
_ONE: Final = f"{_BASE}<int:id_webhook>/"
_NAME: Final = "webhooks_webhook"

SCREEN: Final = Screen(
    title=_("Webhooks"),
    url_name=f"admin:{_NAME}_changelist",
    permission=VIEW,
    group=Group.DELIVERY,
    icon="hook",
    pages=(
        Page(route=_BASE, name=f"{_NAME}_changelist", view=WebhooksView),
        Page(route=f"{_BASE}add/", name=f"{_NAME}_add", view=AddWebhookView),
        Page(route=f"{_ONE}change/", name=f"{_NAME}_change", view=WebhookView),
        Page(route=f"{_ONE}edit/", name="webhook_edit", view=ChangeWebhookView),
        Page(route=f"{_ONE}flush/", name="webhook_flush", view=FlushView),
        receiver_check.PAGE,
        Page(route=f"{_ONE}pause/", name="webhook_pause", view=PauseView),
        Page(route=f"{_ONE}resume/", name="webhook_resume", view=ResumeView),
        Page(route=f"{_ONE}recover/", name="webhook_recover", view=RecoverView),
        Page(route=f"{_ONE}backfill/", name="webhook_backfill", view=BackfillView),
        Page(route=f"{_ONE}disable/", name="webhook_disable", view=DisableView),
        Page(route=f"{_ONE}enable/", name="webhook_enable", view=EnableView),
    ),
)
