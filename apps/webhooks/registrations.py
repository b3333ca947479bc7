"""Registering webhooks: what the API, the console and commands share.

Fields have the names of the contract (section 2.1). Whatever is not allowed raises
`Refused`, and then nothing has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.auth_providers.models import AuthProvider
from apps.auth_providers.providers import (
    Refused,
    delete_provider,
    in_use,
    locked_provider,
    locked_providers,
)
from apps.webhooks.models import Webhook, WebhookData
from apps.webhooks.registration_fields import deletion_date, model_values, resolve_auth

__all__ = [
    "Refused",
    "create_webhook",
    "delete_all_auth",
    "delete_all_webhooks",
    "delete_auth",
    "delete_webhook",
    "locked_webhook",
    "resolve_auth",
    "restore_webhook",
    "update_webhook",
]


def create_webhook(**fields: object) -> Webhook:
    """A new webhook; all fields but `event` may be left out, `url` comes later then.

    `id_auth` is a provider's id or name, `id_user` restricts to one user's events.
    """
    if fields.get("event") is None:
        raise Refused("missingParameter", "event", "The parameter event is missing.")
    with transaction.atomic():
        webhook = Webhook.objects.create(**model_values(fields))
        record(Action.WEBHOOK_CREATE, webhook.pk, new=_registered(webhook))
    return webhook


def update_webhook(webhook_id: int, /, **changes: object) -> Webhook:
    """Change the fields given. `deleted`: a date disables, None enables again."""
    with transaction.atomic():
        webhook = locked_webhook(webhook_id)
        before = _registered(webhook)
        if "deleted" in changes:
            _set_deleted(webhook, deletion_date(changes.pop("deleted")))
        for attribute, value in model_values(changes).items():
            setattr(webhook, attribute, value)
        webhook.save()
        after = _registered(webhook)
        record(_action(before, after), webhook_id, old=before, new=after)
    return webhook


def delete_webhook(webhook_id: int) -> Webhook:
    """Disable a webhook and cancel, for good, what it has not received."""
    return update_webhook(webhook_id, deleted=timezone.now())


def restore_webhook(webhook_id: int) -> Webhook:
    """Enable a deleted webhook again, for events to come."""
    return update_webhook(webhook_id, deleted=None)


def delete_all_webhooks() -> int:
    """Delete every webhook; returns how many there were."""
    now = timezone.now()
    with transaction.atomic():
        live = Webhook.objects.filter(deleted_at__isnull=True).order_by("pk")
        ids = list(live.select_for_update(no_key=True).values_list("pk", flat=True))
        Webhook.objects.filter(pk__in=ids).update(deleted_at=now, updated_at=now)
        _cancel_unsent(ids)
        record(Action.WEBHOOK_DELETE_ALL, new={"webhooks": ids})
    return len(ids)


def delete_auth(provider_id: int, *, force: bool = False) -> AuthProvider:
    """Delete an auth provider; refused while a webhook that is not deleted uses it.

    With `force` such a webhook stays, without a provider: it then carries the user's
    token, as contract section 5.1 has it.
    """
    with transaction.atomic():
        provider = locked_provider(provider_id)
        _detach([provider], force=force)
        delete_provider(provider)
        old = {"name": provider.name, "type": provider.type}
        record(Action.PROVIDER_DELETE, provider_id, old=old, new={"force": force})
    return provider


def delete_all_auth(*, force: bool = False) -> int:
    """Delete every auth provider, or none; returns how many there were."""
    with transaction.atomic():
        providers = locked_providers()
        _detach(providers, force=force)
        for provider in providers:
            delete_provider(provider)
        ids = [provider.pk for provider in providers]
        record(Action.PROVIDER_DELETE_ALL, new={"providers": ids, "force": force})
    return len(providers)


def locked_webhook(webhook_id: int) -> Webhook:
    """The webhook, kept from other changes in this transaction."""
    webhooks = Webhook.objects.select_for_update(no_key=True)
    webhook = webhooks.filter(pk=webhook_id).first()
    if webhook is None:
        raise Refused("notFound", "id", f"There is no webhook {webhook_id}.")
    return webhook


def _registered(webhook: Webhook) -> dict[str, Any]:
    """What the audit trail compares."""
    return {
        "event": webhook.event,
        "url": webhook.url,
        "id_auth": webhook.auth_provider_id,
        "id_user": webhook.user_id,
        "compression": webhook.compression,
        "deadline": webhook.deadline,
        "max_in_flight": webhook.max_in_flight,
        "add_to_data": webhook.add_to_data or None,
        "deleted": webhook.deleted_at,
    }


def _action(before: dict[str, Any], after: dict[str, Any]) -> Action:
    if (before["deleted"] is None) == (after["deleted"] is None):
        return Action.WEBHOOK_UPDATE
    return Action.WEBHOOK_RESTORE if before["deleted"] else Action.WEBHOOK_DELETE


def _detach(providers: Sequence[AuthProvider], *, force: bool) -> None:
    """Let deleted webhooks go of providers; raise `Refused` if another holds on."""
    webhooks = Webhook.objects.filter(auth_provider__in=providers)
    live = webhooks.filter(deleted_at__isnull=True).select_related("auth_provider")
    user = None if force else live.first()
    if user is not None and user.auth_provider is not None:
        raise in_use(user.auth_provider)
    webhooks.update(auth_provider=None)


def _set_deleted(webhook: Webhook, moment: datetime | None) -> None:
    """Both ways cancel: an event emitted while the deletion was being committed may
    have left data behind, which must not be sent once the webhook is enabled."""
    if (moment is None) == (webhook.deleted_at is None):
        return
    webhook.deleted_at = moment
    _cancel_unsent([webhook.pk])


def _cancel_unsent(webhooks: Sequence[int]) -> None:
    # Two arms, so that each finds its partial index; `IN (0, 1)` would read all.
    WebhookData.objects.filter(
        Q(state=WebhookData.State.PENDING, webhook__in=webhooks)
        | Q(state=WebhookData.State.HELD, webhook__in=webhooks)
    ).update(state=WebhookData.State.CANCELLED)
