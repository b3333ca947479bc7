"""`manage.py replay`: send webhook data again; a plan first, then a run."""

from __future__ import annotations

import getpass
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NoReturn

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from apps.event_log.catalogue import UnknownEvent, event_name
from apps.webhooks.management.operator import (
    INTERRUPTED,
    STATUSES,
    UNFINISHED,
    OperatorCommand,
    given_instant,
)
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


class Command(OperatorCommand):
    """Plan, begin, watch or steer a replay."""

    help = (
        "Send webhook data again: what failed, unless other states are named. Ctrl-C "
        "ends watching, and the replay goes on; one that is sent from here is paused. "
        f"{STATUSES} 3: not all of it was accepted."
    )

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
        chosen.add_argument("--since", type=given_instant, metavar="DATE")
        chosen.add_argument("--until", type=given_instant, metavar="DATE")
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
        self.add_format(parser)
        one = parser.add_argument_group("one that was begun")
        for word in ("show", *_STEERING):
            one.add_argument(f"--{word}", type=int, metavar="REPLAY")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked; what is refused is one line."""
        try:
            self._handle(options)
        except (Refused, UnknownEvent) as refused:
            self.refuse(refused)

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
            facts = _plan_as_json(_planned(options), order.rate)
            self.say(facts, options, _listed(facts))
            return
        replay = _begun(options, order)
        if options["detach"]:
            self._tell(replay, options)
            return
        try:
            self._watch(replay, here=options["here"])
        except KeyboardInterrupt:
            self._stop_watching(replay, options)
        replay = _replay(replay.pk)
        self._tell(replay, options)
        if replay.delivered < replay.total:
            sys.exit(UNFINISHED)

    def _watch(self, replay: Replay, *, here: bool) -> None:
        """Until it has ended."""
        with self.progress(f"replay {replay.pk}", replay.total) as told:
            while replay.state not in _OVER:
                if not (here and run_replay()):
                    time.sleep(POLL_SECONDS)
                replay = _replay(replay.pk)
                told(replay.ended)

    def _stop_watching(self, replay: Replay, options: dict[str, Any]) -> NoReturn:
        """Ctrl-C: what others send they go on sending."""
        if options["here"] and not _replay(replay.pk).is_over:
            replay = pause_replay(replay.pk)
            self.stderr.write(f"It is paused: replay --resume {replay.pk} goes on.")
        elif not options["here"]:
            self.stderr.write(f"It goes on: replay --pause {replay.pk} stops it.")
        self._tell(_replay(replay.pk), options)
        sys.exit(INTERRUPTED)

    def _tell(self, replay: Replay, options: dict[str, Any]) -> None:
        facts = {
            "replay": replay.pk,
            "state": replay.state,
            "total": replay.total,
            "delivered": replay.delivered,
            "failed": replay.failed,
            "skipped": replay.skipped,
            "cancelled": replay.cancelled,
            "waiting": replay.waiting,
            "remark": replay.remark,
        }
        self.say(facts, options, _listed(facts))


def _listed(facts: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items() if value != "")


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
