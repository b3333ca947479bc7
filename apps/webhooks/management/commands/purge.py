"""`manage.py purge`: remove what is old now, as the workers do by and by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.webhooks.management.operator import STATUSES, OperatorCommand
from apps.webhooks.retention.kinds import KINDS, Kind
from apps.webhooks.retention.passes import count_old, horizons, purge_now


class Command(OperatorCommand):
    """In small transactions: interrupted, what is done is done, and on record."""

    help = (
        "Remove bodies, attempts and rows that are older than the settings "
        "WEBHOOKS_KEEP_..._DAYS; what may still be sent is kept. Interrupted, it is "
        f"told again to go on. {STATUSES}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What, and how to say it."""
        parser.add_argument(
            "--only",
            action="append",
            choices=[kind.name for kind in KINDS],
            help="this kind of rows; may be given again",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="only count; what goes only after other rows have gone is left out",
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """A line for each kind; what is kept for ever has none."""
        only, dry = options["only"], options["dry_run"]
        counts, lines = {}, []
        for kind, horizon in horizons().items():
            if only and kind.name not in only:
                continue
            count = count_old(kind, horizon) if dry else self._purge(kind, horizon)
            counts[kind.name] = count
            done = "would be removed" if dry else "removed"
            lines.append(f"{count} {kind.name} from before {horizon:%Y-%m-%d} {done}")
        self.say({"removed": not dry, **counts}, options, "\n".join(lines))

    def _purge(self, kind: Kind, horizon: datetime) -> int:
        """How many were removed; what was before an interruption is on record too."""
        count = 0
        try:
            with self.progress(kind.name, None) as told:
                for removed in purge_now(kind, horizon):
                    count += removed
                    told(count)
        finally:
            if count:
                with transaction.atomic():
                    record(Action.DATA_PURGE, new={kind.name: count})
        return count
