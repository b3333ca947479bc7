"""`manage.py replay`: send webhook data again; a plan first, then a run."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from apps.event_log.catalogue import UnknownEvent, event_name
from apps.webhooks.models import Replay
from apps.webhooks.registrations import Refused
from apps.webhooks.replay.filters import DEFAULT_STATES, STATES, Filters
from apps.webhooks.replay.plan import DEFAULT_RATE, Plan, plan, plan_backfill
from apps.webhooks.replays import (
    Order,
    cancel_replay,
    check_filters,
    check_order,
    pause_replay,
    resume_replay,
    start_backfill,
    start_replay,
)
from apps.webhooks.tasks import run_replay

POLL_SECONDS: Final = 0.5
_OVER: Final = (Replay.State.DONE, Replay.State.CANCELLED, Replay.State.PAUSED)
_STEERING: Final[dict[str, Callable[[int], Replay]]] = {
    "pause": pause_replay,
    "resume": resume_replay,
    "cancel": cancel_replay,
}


class Command(BaseCommand):
    """Plan, begin, watch or steer a replay. Status 1 if not all was accepted."""

    help = "Send webhook data again: what failed, unless other states are named."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to choose, how to send it, and what to do with one that runs."""
        chosen = parser.add_argument_group("what (all that is given must hold)")
        for name in ("webhook", "user", "connection"):
            chosen.add_argument(f"--{name}", type=int, metavar="ID")
        chosen.add_argument("--event", metavar="NAME")
        chosen.add_argument("--state", action="append", choices=STATES)
        chosen.add_argument(
            "--id", action="append", type=int, metavar="ID_WEBHOOK_DATA"
        )
        chosen.add_argument("--since", type=_instant, metavar="DATE")
        chosen.add_argument("--until", type=_instant, metavar="DATE")
        chosen.add_argument(
            "--backfill",
            action="store_true",
            help="the events since DATE that the webhook was not there for",
        )
        how = parser.add_argument_group("how")
        how.add_argument("--rate", type=float, default=DEFAULT_RATE, metavar="A_SECOND")
        how.add_argument("--reason", default="", metavar="TEXT")
        how.add_argument("--dry-run", action="store_true", help="only the plan")
        how.add_argument(
            "--detach", action="store_true", help="do not wait for its end"
        )
        how.add_argument(
            "--here",
            action="store_true",
            help="send from this process, without workers",
        )
        how.add_argument("--format", choices=("text", "json"), default="text")
        one = parser.add_argument_group("one that was begun")
        for word in ("show", *_STEERING):
            one.add_argument(f"--{word}", type=int, metavar="REPLAY")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked; what is refused is one line."""
        try:
            self._handle(options)
        except (Refused, UnknownEvent) as refused:
            raise CommandError(str(refused)) from refused

    def _handle(self, options: dict[str, Any]) -> None:
        for word, steer in _STEERING.items():
            if options[word] is not None:
                self._tell(steer(options[word]), options)
                return
        if options["show"] is not None:
            self._tell(_replay(options["show"]), options)
            return
        order = Order(
            actor=f"command:{getpass.getuser()}"[:100],
            reason=options["reason"],
            rate=options["rate"],
        )
        check_order(order)
        if options["dry_run"]:
            self._say(_plan_as_json(_planned(options), order.rate), options)
            return
        replay = _begun(options, order)
        if not options["detach"]:
            replay = self._watch(replay, options)
        self._tell(replay, options)
        if not options["detach"] and replay.delivered < replay.total:
            raise SystemExit(1)

    def _watch(self, replay: Replay, options: dict[str, Any]) -> Replay:
        """Until it has ended, or Ctrl-C: it then goes on without being watched."""
        shown = options["format"] == "text" and self.stdout.isatty()
        bar = Progress(
            TextColumn(f"replay {replay.pk}"),
            BarColumn(),
            TextColumn("{task.completed:.0f} of {task.total:.0f}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not shown,
        )
        with bar:
            task = bar.add_task("", total=replay.total)
            try:
                while replay.state not in _OVER:
                    if not (options["here"] and run_replay()):
                        time.sleep(POLL_SECONDS)
                    replay = _replay(replay.pk)
                    bar.update(task, completed=_ended(replay))
            except KeyboardInterrupt:
                if options["here"]:
                    replay = pause_replay(replay.pk)
                else:
                    self.stderr.write(
                        f"It goes on: replay --pause {replay.pk} stops it."
                    )
        return replay

    def _tell(self, replay: Replay, options: dict[str, Any]) -> None:
        self._say(
            {
                "replay": replay.pk,
                "state": replay.state,
                "total": replay.total,
                "delivered": replay.delivered,
                "failed": replay.failed,
                "skipped": replay.skipped,
                "waiting": replay.total - _ended(replay),
                "remark": replay.remark,
            },
            options,
        )

    def _say(self, facts: dict[str, Any], options: dict[str, Any]) -> None:
        if options["format"] == "json":
            self.stdout.write(json.dumps(facts))
        else:
            known = [f"{name} {value}" for name, value in facts.items() if value != ""]
            self.stdout.write(", ".join(known))


def _planned(options: dict[str, Any]) -> Plan:
    if options["backfill"]:
        return plan_backfill(*_past(options))
    filters = _filters(options)
    check_filters(filters)
    return plan(filters)


def _begun(options: dict[str, Any], order: Order) -> Replay:
    if options["backfill"]:
        return start_backfill(*_past(options), order)
    return start_replay(_filters(options), order)


def _past(options: dict[str, Any]) -> tuple[int, datetime, datetime]:
    if options["webhook"] is None or options["since"] is None:
        raise CommandError("--backfill needs --webhook and --since.")
    return options["webhook"], options["since"], options["until"] or timezone.now()


def _filters(options: dict[str, Any]) -> Filters:
    event = options["event"]
    return Filters(
        webhook=options["webhook"],
        event=None if event is None else event_name(event),
        user=options["user"],
        connection=options["connection"],
        states=tuple(options["state"] or DEFAULT_STATES),
        since=options["since"],
        until=options["until"],
        ids=tuple(options["id"] or ()),
    )


def _plan_as_json(planned: Plan, rate: float) -> dict[str, Any]:
    return {
        "count": planned.count,
        "oldest": planned.oldest.isoformat() if planned.oldest else "",
        "newest": planned.newest.isoformat() if planned.newest else "",
        "bytes": planned.size,
        "seconds": round(planned.seconds(rate), 1),
    }


def _replay(number: int) -> Replay:
    replay = Replay.objects.filter(pk=number).first()
    if replay is None:
        raise CommandError(f"There is no replay {number}.")
    return replay


def _ended(replay: Replay) -> int:
    return replay.delivered + replay.failed + replay.skipped


def _instant(text: str) -> datetime:
    """A date or an instant; without a zone it is UTC."""
    whole = text if "T" in text or " " in text else f"{text}T00:00:00"
    moment = parse_datetime(whole)
    if moment is None:
        raise ValueError(text)
    return moment if moment.tzinfo else timezone.make_aware(moment)
