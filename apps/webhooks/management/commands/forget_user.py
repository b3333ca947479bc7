"""`manage.py forget_user`: leave nothing of a person."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.core.management.base import CommandParser

from apps.webhooks.erasure import (
    BATCHES_AT_ONCE,
    EVENTS_AT_ONCE,
    continue_erasure,
    what_is_known,
)
from apps.webhooks.management.operator import STATUSES, OperatorCommand
from apps.webhooks.registrations import Refused
from apps.webhooks.users import erase_user


class Command(OperatorCommand):
    """Erase in batches; interrupted, the workers go on, or the command told again."""

    help = (
        "Erase a person: cancel what is unsent, and remove bodies, answers, tokens, "
        "configuration and connections. Nobody is told, and nothing brings it back. "
        f"Interrupted, the workers go on with what is begun. {STATUSES}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whom, why, and how to say it."""
        parser.add_argument("user", type=int, metavar="ID")
        parser.add_argument("--reason", default="", help="for the audit trail")
        parser.add_argument("--dry-run", action="store_true", help="only count")
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Refused if there never was such a user."""
        user, is_real = options["user"], not options["dry_run"]
        try:
            found = what_is_known(user)
            if is_real:
                erase_user(user, reason=options["reason"])
        except Refused as refused:
            self.refuse(refused.sentence)
        if is_real:
            self._go_on(user, found["events"])
        done = "is" if is_real else "would be"
        self.say(
            {"user": user, "erased": is_real, **found},
            options,
            f"User {user} {done} erased: {found['events']} events, {found['unsent']} "
            f"deliveries that were unsent, {found['answers']} answers of receivers.",
        )

    def _go_on(self, user: int, events: int) -> None:
        """With what the first batches have left."""
        first = BATCHES_AT_ONCE * EVENTS_AT_ONCE
        with self.progress("events", events) as told:
            for done in count(first, EVENTS_AT_ONCE):
                told(min(done, events))
                if not continue_erasure(user):
                    break
            told(events)
