"""What `emit` and `trigger` share: an emission, or what it would be."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.event_log.catalogue import UnknownEvent
from apps.webhooks.emit import (
    IdempotencyConflict,
    PayloadTooLarge,
    UnknownUser,
    emit,
)
from apps.webhooks.formats.json_body import InvalidJson
from apps.webhooks.management.operator import OperatorCommand
from apps.webhooks.models import WebhookData
from apps.webhooks.schema_check import PayloadInvalid

SOURCE: Final = "command"
KEY_CHARACTERS: Final = 255
REFUSALS: Final = (
    UnknownEvent,
    InvalidJson,
    PayloadTooLarge,
    PayloadInvalid,
    UnknownUser,
    IdempotencyConflict,
)


class EmittingCommand(OperatorCommand):
    """Emits one event by the function that the API calls."""

    def add_emission(self, parser: ArgumentParser) -> None:
        """What goes with any event."""
        parser.add_argument("event", help="its name, as in CONNECTION_SYNCED")
        parser.add_argument("--user", type=int, metavar="ID", help="whose event it is")
        parser.add_argument("--key", help="idempotency key: emit once only")
        parser.add_argument(
            "--dry-run", action="store_true", help="only say who would be told"
        )

    def emit(
        self, payload: bytes | Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Facts: the event's id, those of its webhook data, and of the webhooks.

        A dry run is the same, taken back: what it would refuse is refused.
        """
        key, dry_run = options["key"], options["dry_run"]
        if key is not None and not 0 < len(key) <= KEY_CHARACTERS:
            self.refuse(f"A key has 1 to {KEY_CHARACTERS} characters.")
        try:
            with transaction.atomic():
                emitted = emit(
                    options["event"],
                    payload,
                    options["user"],
                    idempotency_key=key,
                    source=SOURCE,
                )
                record(Action.EVENT_EMIT, emitted.event)
                rows = WebhookData.objects.filter(event=emitted.event).order_by("pk")
                told = list(rows.values_list("pk", "webhook"))
                transaction.set_rollback(dry_run)
        except REFUSALS as error:
            self.refuse(error)
        webhooks = [webhook for _, webhook in told]
        if dry_run:
            return {"dry_run": True, "webhooks": webhooks, "repeated": emitted.repeated}
        return {
            "id_event": emitted.event,
            "id_webhook_data": [data for data, _ in told],
            "webhooks": webhooks,
            "repeated": emitted.repeated,
        }


def sentence(facts: Mapping[str, Any]) -> str:
    """Who is told, or would be."""
    webhooks = ", ".join(map(str, facts["webhooks"]))
    if "dry_run" in facts:
        if facts["repeated"]:
            return "It has been emitted before: nobody would be told again."
        whom = f"webhooks {webhooks} would be told" if webhooks else "nobody would be"
        return f"Nothing is emitted: {whom}."
    verb = "had been emitted before" if facts["repeated"] else "emitted"
    ids = ", ".join(map(str, facts["id_webhook_data"]))
    told = f"webhook data {ids}" if ids else "nobody is told"
    return f"Event {facts['id_event']} {verb}: {told}."
