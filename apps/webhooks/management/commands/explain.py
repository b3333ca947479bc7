"""`manage.py explain`: what became of a delivery or an event, and why."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.webhooks.explain.answer import Explanation
from apps.webhooks.explain.deliveries import explain_delivery
from apps.webhooks.explain.events import explain_event
from apps.webhooks.management.operator import STATUSES, OperatorCommand
from apps.webhooks.registrations import Refused


class Command(OperatorCommand):
    """What the delivery's page and the API say."""

    help = (
        "Say what became of a delivery, by its id_webhook_data, or with --event of an "
        "event: who was told and why not others, what holds it back, when it is tried "
        f"next, what to do. {STATUSES}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which, and how to say it."""
        parser.add_argument("id", type=int, help="id_webhook_data, or the event's id")
        parser.add_argument("--event", action="store_true", help="the id is an event's")
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """One answer."""
        explain = explain_event if options["event"] else explain_delivery
        try:
            told: Explanation = explain(options["id"])
        except Refused as why:
            self.refuse(why.sentence)
        self.say(told.as_json(), options, told.text)
