"""`manage.py emit EVENT`: emit an event from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
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


class Command(BaseCommand):
    """The same function as the API's."""

    help = "Emit an event; its payload is sent exactly as it is written."

    def add_arguments(self, parser: CommandParser) -> None:
        """The event and what belongs to it."""
        parser.add_argument("event", help="its name, as in CONNECTION_SYNCED")
        parser.add_argument("--user", type=int, metavar="ID")
        parser.add_argument(
            "--payload", metavar="FILE", help="a JSON object, - for stdin (default: {})"
        )
        parser.add_argument("--key", help="idempotency key: emit once only")
        parser.add_argument("--json", action="store_true", help="print ids as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the event's id and the ids of its webhook data."""
        key = options["key"]
        if key is not None and not 0 < len(key) <= KEY_CHARACTERS:
            raise CommandError(f"A key has 1 to {KEY_CHARACTERS} characters.")
        try:
            with transaction.atomic():
                emitted = emit(
                    options["event"],
                    read_payload(options["payload"]),
                    options["user"],
                    idempotency_key=key,
                    source=SOURCE,
                )
                record(Action.EVENT_EMIT, emitted.event)
        except REFUSALS as error:
            raise CommandError(str(error)) from error
        data = WebhookData.objects.filter(event=emitted.event).order_by("pk")
        ids = list(data.values_list("pk", flat=True))
        if options["json"]:
            answer = {"id_event": emitted.event, "id_webhook_data": ids}
            self.stdout.write(json.dumps(answer | {"repeated": emitted.repeated}))
            return
        verb = "had been emitted before" if emitted.repeated else "emitted"
        told = f"webhook data {', '.join(map(str, ids))}" if ids else "nobody is told"
        self.stdout.write(f"Event {emitted.event} {verb}: {told}.")


def read_payload(file: str | None) -> bytes:
    """The bytes of a payload, of one more than is allowed at most."""
    most = settings.WEBHOOKS_MAX_PAYLOAD_BYTES + 1
    if file is None:
        return b"{}"
    if file == "-":
        return sys.stdin.buffer.read(most)
    try:
        with Path(file).open("rb") as source:
            return source.read(most)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
