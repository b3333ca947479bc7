"""Replays: the list, one that is watched, and an operator's word to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from django.http import Http404
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.webhooks.console.paging import CappedPaginator
from apps.webhooks.console.replays.standing import Standing
from apps.webhooks.console.views import (
    ActionRefused,
    ActionView,
    ConsoleView,
    Crumb,
)
from apps.webhooks.models import Replay
from apps.webhooks.registrations import Refused
from apps.webhooks.replays import cancel_replay, pause_replay, resume_replay

VIEW: Final = "webhooks.view_replay"
CHANGE: Final = "webhooks.change_replay"


class ReplaysView(ConsoleView):
    """The newest first."""

    title = _("Replays")
    permission = VIEW
    template_name = "console/replays.html"
    fragment_name = "console/replays_live.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A page of them."""
        rows = Replay.objects.order_by("-pk")
        page = CappedPaginator(rows).get_page(self.request.GET.get("page"))
        return super().get_context_data(**kwargs) | {
            "page": page,
            "replays": [Standing(each) for each in page],
        }


class OneReplay(ConsoleView):
    """A page about the replay that the URL names."""

    permission = VIEW

    @cached_property
    def standing(self) -> Standing:
        """404 if there is none."""
        found = Replay.objects.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        return Standing(found)

    def own_url(self) -> str:
        """Its page."""
        return reverse("admin:replay", args=[self.kwargs["pk"]])

    def own_name(self) -> str:
        """What it is called on pages."""
        return _now("Replay %(id)d") % {"id": self.kwargs["pk"]}

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of its page."""
        return (*_list_crumbs(), Crumb(self.own_name(), self.own_url()))


class ReplayView(OneReplay):
    """How far it is; alive."""

    template_name = "console/replay.html"
    fragment_name = "console/replay_live.html"

    def get_title(self) -> str:
        """Its number."""
        return self.own_name()

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the list."""
        return _list_crumbs()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The facts."""
        return super().get_context_data(**kwargs) | {
            "standing": self.standing,
            "replay": self.standing.replay,
        }


class ReplayAction(OneReplay, ActionView):
    """An operator's word, as `POST /replays/{id}/{word}`."""

    permission = CHANGE
    asked: ClassVar[str | Promise]
    done: ClassVar[str | Promise]

    def steer(self, replay: int) -> Replay:
        """Say it; raises `Refused`."""
        raise NotImplementedError

    def question(self) -> str | Promise:
        """What it does."""
        return self.asked

    def consequences(self) -> Sequence[tuple[str | Promise, Any]]:
        """How far it is."""
        return (
            (_("Tried"), self.standing.replay.ended),
            (_("Waiting"), self.standing.replay.waiting),
        )

    def act(self) -> str | Promise:
        """Say it, unless it is over."""
        try:
            self.steer(self.kwargs["pk"])
        except Refused as refused:
            raise ActionRefused(_now("The replay is over.")) from refused
        return self.done

    def get_next_url(self) -> str:
        """Its page."""
        return self.own_url()


class PauseView(ReplayAction):
    """Nothing more for now."""

    title = button = _("Pause the replay")
    asked = _("Send nothing more of this replay for now?")
    done = _("The replay is paused.")

    def steer(self, replay: int) -> Replay:
        """As its question has it."""
        return pause_replay(replay)


class ResumeView(ReplayAction):
    """On with it."""

    title = button = _("Resume the replay")
    asked = _("Go on with what is waiting, with fresh counters?")
    done = _("The replay goes on.")

    def steer(self, replay: int) -> Replay:
        """As its question has it."""
        return resume_replay(replay)


class CancelView(ReplayAction):
    """Nothing more, for good."""

    title = button = _("Stop the replay")
    is_dangerous = True
    asked = _("Send nothing more of this replay, for good?")
    done = _("The replay is stopped.")

    def steer(self, replay: int) -> Replay:
        """As its question has it."""
        return cancel_replay(replay)


def _list_crumbs() -> tuple[Crumb, ...]:
    return (Crumb(_("Replays"), reverse("admin:replays")),)
