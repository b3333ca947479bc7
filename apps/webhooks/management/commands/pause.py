"""`manage.py pause WEBHOOK`: send nothing to it for a while, and lose nothing."""

from __future__ import annotations

import getpass
from typing import Any

from django.core.management.base import CommandParser

from apps.webhooks.formats.instants import instant
from apps.webhooks.management.operator import (
    STATUSES,
    OperatorCommand,
    given_instant,
)
from apps.webhooks.pauses import pause_webhook
from apps.webhooks.registrations import Refused


class Command(OperatorCommand):
    """What `POST /webhooks/{id}/pause` does."""

    help = (
        "Pause a webhook: its data is kept, and goes out once it is resumed. Told "
        f"again, it changes the end and the note. {STATUSES}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which, until when, and why."""
        parser.add_argument("webhook", type=int, help="the webhook's id")
        parser.add_argument(
            "--until",
            type=given_instant,
            metavar="DATE",
            help="when it ends by itself, in UTC (default: when it is resumed)",
        )
        parser.add_argument("--note", default="", metavar="TEXT", help="why")
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Pause it, and say so."""
        try:
            webhook = pause_webhook(
                options["webhook"],
                actor=f"command:{getpass.getuser()}"[:100],
                until=options["until"],
                note=options["note"],
            )
        except Refused as refused:
            self.refuse(refused.sentence)
        until = None if webhook.paused_until is None else instant(webhook.paused_until)
        facts = {"webhook": webhook.pk, "paused": True, "until": until}
        told = f"Webhook {webhook.pk} is paused until {until or 'it is resumed'}."
        self.say(facts, options, told)
