"""What a webhook adds to its bodies, changed one member at a time (contract, 2.1).

`Webhook.add_to_data` has the members' names, each with the key of the user's
configuration that holds its value. The statement `fan_out.EMIT` looks the values up.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.webhooks.addition_fields import additions
from apps.webhooks.models import Webhook
from apps.webhooks.registrations import Refused, locked_webhook


def add_to_data(webhook_id: int, given: Mapping[str, object]) -> Webhook:
    """Add members, or give them other keys; None takes one away. All or none."""
    with transaction.atomic():
        webhook = locked_webhook(webhook_id)
        return _saved(webhook, {**webhook.add_to_data, **given})


def clear_added(webhook_id: int) -> Webhook:
    """Add nothing any more."""
    with transaction.atomic():
        return _saved(locked_webhook(webhook_id), {})


def remove_added(webhook_id: int, name: str) -> Webhook:
    """Do not add this member any more; raises `Refused` if it is not added."""
    with transaction.atomic():
        webhook = locked_webhook(webhook_id)
        check_added(webhook, name)
        return _saved(webhook, {**webhook.add_to_data, name: None})


def check_added(webhook: Webhook, name: str) -> None:
    """Raise `Refused` unless the webhook adds this member."""
    if name not in webhook.add_to_data:
        raise Refused(
            "notFound", name, f"Webhook {webhook.pk} adds no member {name[:80]!r}."
        )


def _saved(webhook: Webhook, wanted: Mapping[str, object]) -> Webhook:
    kept = {name: key for name, key in wanted.items() if key is not None}
    before, webhook.add_to_data = webhook.add_to_data, additions(kept)
    webhook.save(update_fields=["add_to_data", "updated_at"])
    record(
        Action.WEBHOOK_UPDATE,
        webhook.pk,
        old={"add_to_data": before or None},
        new={"add_to_data": webhook.add_to_data or None},
    )
    return webhook
