"""`manage.py rotate_keys`: let the newest encryption key alone be needed."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.encryption.fields import keyring
from apps.encryption.resealing import Column, columns, seal_anew, sealed_with_older_keys
from apps.webhooks.management.operator import REFUSED, STATUSES, OperatorCommand


class Command(OperatorCommand):
    """In batches: interrupted, what is done is done, and it goes on when told again."""

    help = (
        "Seal all secrets with the newest of WEBHOOKS_ENCRYPTION_KEYS. Once nothing is "
        "left and every process has been started with it, take the older keys away. "
        f"{STATUSES}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether, and how to say it."""
        parser.add_argument("--dry-run", action="store_true", help="only count")
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Status 1 if there is something that no key of the ring opens."""
        facts: dict[str, Any] = {"key": keyring().primary, "sealed": 0, "broken": 0}
        if not options["dry_run"]:
            for column in columns():
                sealed, broken = self._seal(column)
                facts["sealed"] += sealed
                facts["broken"] += broken
        left = {each.name: sealed_with_older_keys(each) for each in columns()}
        facts["left"] = {name: count for name, count in left.items() if count}
        self.say(facts, options, _sentence(facts))
        if facts["broken"]:
            sys.exit(REFUSED)

    def _seal(self, column: Column) -> tuple[int, int]:
        """A row of the trail for each batch, in its transaction."""
        sealed, broken, batches = 0, 0, seal_anew(column)
        while True:
            with transaction.atomic():
                batch = next(batches, None)
                if batch is None:
                    return sealed, broken
                if batch.sealed:
                    record(Action.KEYS_ROTATE, new={column.name: batch.sealed})
            sealed, broken = sealed + batch.sealed, broken + batch.broken


def _sentence(facts: dict[str, Any]) -> str:
    left = ", ".join(f"{count} of {name}" for name, count in facts["left"].items())
    end = (
        f"still sealed with older keys: {left}"
        if left
        else "the older keys are needed by nothing that is in the database"
    )
    broken = f"; {facts['broken']} do not open" if facts["broken"] else ""
    return f"{facts['sealed']} secrets are sealed with {facts['key']}{broken}; {end}."
