"""`manage.py resume WEBHOOK`: send what has gathered while it was paused."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.webhooks.management.operator import STATUSES, OperatorCommand
from apps.webhooks.pauses import resume_webhook
from apps.webhooks.registrations import Refused


class Command(OperatorCommand):
    """What `POST /webhooks/{id}/resume` does."""

    help = (
        "Resume a paused webhook: one request at first, and one more at a time with "
        f"each success. {STATUSES}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which."""
        parser.add_argument("webhook", type=int, help="the webhook's id")
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Resume it, and say so."""
        try:
            webhook = resume_webhook(options["webhook"])
        except Refused as refused:
            self.refuse(refused.sentence)
        facts = {"webhook": webhook.pk, "paused": False, "until": None}
        self.say(facts, options, f"Webhook {webhook.pk} is resumed.")
