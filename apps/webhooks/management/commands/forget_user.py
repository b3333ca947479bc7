"""`manage.py forget_user`: leave nothing of a person."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.webhooks.erasure import continue_erasure, what_is_known
from apps.webhooks.registrations import Refused
from apps.webhooks.users import erase_user


class Command(BaseCommand):
    """Erase in batches; interrupted, the workers go on, or the command told again."""

    help = (
        "Erase a person: cancel what is unsent, and remove bodies, answers, tokens, "
        "configuration and connections. Nobody is told, and nothing brings it back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whom, why, and how to say it."""
        parser.add_argument("user", type=int, metavar="ID")
        parser.add_argument("--reason", default="", help="for the audit trail")
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Status 1 if there never was such a user."""
        user = options["user"]
        try:
            found = what_is_known(user)
            if not options["dry_run"]:
                erase_user(user, reason=options["reason"])
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        if not options["dry_run"]:
            while continue_erasure(user):
                continue
        self._say(user, found, options)

    def _say(self, user: int, found: dict[str, int], options: dict[str, Any]) -> None:
        if options["format"] == "json":
            told = {"user": user, "erased": not options["dry_run"], **found}
            self.stdout.write(json.dumps(told))
            return
        done = "would be" if options["dry_run"] else "is"
        self.stdout.write(
            f"User {user} {done} erased: {found['events']} events, {found['unsent']} "
            f"deliveries that were unsent, {found['answers']} answers of receivers."
        )
