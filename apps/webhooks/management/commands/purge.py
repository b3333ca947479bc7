"""`manage.py purge`: remove what is old now, as the workers do by and by."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.webhooks.retention.kinds import KINDS, Kind
from apps.webhooks.retention.passes import count_old, horizons, purge_now


class Command(BaseCommand):
    """In small transactions: interrupted, what is done is done."""

    help = (
        "Remove bodies, attempts and rows that are older than the settings "
        "WEBHOOKS_KEEP_..._DAYS; what may still be sent is kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What, and how to say it."""
        parser.add_argument(
            "--only",
            action="append",
            choices=[kind.name for kind in KINDS],
            help="this kind of rows; may be given again",
        )
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        """A line for each kind; what is kept for ever has none."""
        only, dry = options["only"], options["dry_run"]
        told = {}
        for kind, horizon in horizons().items():
            if only and kind.name not in only:
                continue
            count = count_old(kind, horizon) if dry else self._purge(kind, horizon)
            told[kind.name] = count
            if options["format"] == "text":
                done = "would be removed" if dry else "removed"
                self.stdout.write(
                    f"{count} {kind.name} from before {horizon:%Y-%m-%d} {done}"
                )
        if options["format"] == "json":
            self.stdout.write(json.dumps({"removed": not dry, **told}))

    def _purge(self, kind: Kind, horizon: datetime) -> int:
        count = 0
        try:
            for removed in purge_now(kind, horizon):
                count += removed
        finally:
            if count:
                with transaction.atomic():
                    record(Action.DATA_PURGE, new={kind.name: count})
        return count
