"""How far replays are."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from django.utils.functional import Promise

from apps.webhooks.console.badges import Badge, of_replay
from apps.webhooks.console.replays.orders import STATE_TITLES
from apps.webhooks.models import Replay

# An operator's word each: so many are months, and are looked through for one webhook.
LOOKED_AT: Final = 500
SHOWN: Final = 5


class Standing(NamedTuple):
    """A replay, and what is left of it."""

    replay: Replay

    @property
    def badge(self) -> Badge:
        """Its state."""
        return of_replay(self.replay.state)

    @property
    def chosen(self) -> dict[str, Any]:
        """The filters: `webhook`, `states`, `since`, `until`, `ids`, `backfill`..."""
        filters: dict[str, Any] = self.replay.filters
        return filters

    @property
    def since(self) -> datetime | None:
        """From when on."""
        return _moment(self.chosen.get("since"))

    @property
    def until(self) -> datetime | None:
        """Until when."""
        return _moment(self.chosen.get("until"))

    @property
    def states(self) -> list[str | Promise]:
        """What those that were chosen were."""
        return [STATE_TITLES.get(each, each) for each in self.chosen.get("states", ())]

    @property
    def webhook(self) -> int | None:
        """The one it is about, if it is one."""
        number: int | None = self.chosen.get("webhook", self.chosen.get("backfill"))
        return number


def replays_of(webhook: int) -> list[Standing]:
    """The newest of one webhook."""
    newest = Replay.objects.order_by("-pk")[:LOOKED_AT]
    found = [each for each in map(Standing, newest) if each.webhook == webhook]
    return found[:SHOWN]


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
