"""Replays in the navigation."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apps.webhooks.console.registry import Group, Page, Screen
from apps.webhooks.console.replays.choosing import NewReplayView
from apps.webhooks.console.replays.pages import (
    VIEW,
    CancelView,
    PauseView,
    ReplaysView,
    ReplayView,
    ResumeView,
)

_ONE: Final = "replays/<int:pk>/"

SCREEN: Final = Screen(
    title=_("Replays"),
    url_name="admin:replays",
    permission=VIEW,
    group=Group.DELIVERY,
    icon="replay",
    pages=(
        Page(route="replays/", name="replays", view=ReplaysView),
        Page(route="replays/add/", name="replay_add", view=NewReplayView),
        Page(route=_ONE, name="replay", view=ReplayView),
        Page(route=f"{_ONE}pause/", name="replay_pause", view=PauseView),
        Page(route=f"{_ONE}resume/", name="replay_resume", view=ResumeView),
        Page(route=f"{_ONE}cancel/", name="replay_cancel", view=CancelView),
    ),
)
