"""Connecting, synchronising on request, enabling and deleting: what the API does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, TypeVar

from django.db import transaction
from django.utils import timezone

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.connections.claims import (
    Busy,
    Claim,
    UpToDate,
    claim,
    live,
    lock_temporary,
)
from apps.connections.models import Account, Connection, Subscription
from apps.connections.plugin import connector, profile_of
from apps.connections.resources import account_object, connection_object
from apps.event_log.models import EndUser, Event
from apps.webhooks.emit import emit
from apps.webhooks.pushes import last_push
from apps.webhooks.registrations import Refused
from apps.webhooks.sync import synchronise

# Nobody's bank has news so soon.
APART: Final = timedelta(minutes=1)
MAX_CHARACTERS: Final = 1000
_ENABLED_EVENT: Final = {True: "ACCOUNT_ENABLED", False: "ACCOUNT_DISABLED"}

Child = TypeVar("Child", Account, Subscription)


def connect(
    user: int,
    /,
    *,
    id_connector: object = None,
    connector_uuid: object = None,
    activate: object = False,
    **credentials: object,
) -> Connection:
    """A new connection, synchronised; its state says how that went.

    `activate`: what is found is enabled at once. Raises `Refused`.
    """
    if not isinstance(activate, bool):
        raise Refused("invalidValue", "activate", "activate must be true or false.")
    profile = _profile(id_connector, connector_uuid)
    fields = _credentials(credentials)
    for name in sorted(connector().required_fields - fields.keys()):
        raise Refused("missingParameter", name, f"The parameter {name} is missing.")
    with transaction.atomic():
        users = EndUser.objects.filter(pk=user, deleted_at__isnull=True)
        if not users.select_for_update(no_key=True).values_list("pk").first():
            raise Refused("notFound", "id_user", f"There is no user {user}.")
        row = Connection.objects.create(
            user_id=user,
            id_connector=profile["id"],
            fields=json.dumps(fields),
            activate=activate,
        )
        new = {"id_user": user, "id_connector": row.id_connector, "activate": activate}
        record(Action.CONNECTION_CREATE, row.pk, new=new | fields, hide=fields)
        claimed = _claimed(row.pk, {}, APART)
    return _synchronised(claimed)


def synchronise_now(
    connection: int,
    credentials: Mapping[str, object] = MappingProxyType({}),
    *,
    apart: timedelta = APART,
) -> Connection:
    """Synchronise on request, with credentials changed first if any are given.

    Raises `Refused`, having told nothing, if that is going on, or nothing can be new.
    """
    fields = _credentials(credentials)
    with transaction.atomic():
        claimed = _claimed(connection, fields, apart)
        record(Action.CONNECTION_SYNC, connection, new=fields, hide=fields)
    return _synchronised(claimed)


def synchronise_any() -> Connection:
    """Synchronise a random connection, through the real path (contract, 2.1)."""
    now = timezone.now()
    free = live().exclude(syncing_until__gt=now)
    connection = free.order_by("?").values_list("pk", flat=True).first()
    if connection is None:
        raise Refused("conflict", "", "There is no connection to synchronise.")
    return synchronise_now(connection, apart=timedelta(0))


def disconnect(user: int, connection: int) -> Connection:
    """Delete a connection: its credentials go, CONNECTION_DELETED is told."""
    with transaction.atomic():
        row = end_connection(user, connection)
        record(Action.CONNECTION_DELETE, connection, old={"id_user": user})
    return row


def end_connection(user: int, connection: int) -> Connection:
    """The same for whoever puts more than that on record."""
    with transaction.atomic():
        lock_temporary(user)
        rows = live().select_for_update(of=("self",), no_key=True)
        row = rows.filter(pk=connection, user=user).first()
        if row is None:
            raise _unknown("connection", connection)
        row.deleted_at, row.fields, row.next_sync_at = timezone.now(), None, None
        row.save()
        profile = profile_of(row.id_connector)
        payload = connection_object(row, profile, last_push=last_push(row))
        emit("CONNECTION_DELETED", payload, user, origin=Event.Origin.API)
    return row


def enable_account(user: int, account: int, *, enabled: bool) -> Account:
    """Enable or disable, and tell of it if that changes anything."""
    with transaction.atomic():
        row, has_changed = _enable(Account, user, account, enabled=enabled)
        if has_changed:
            siblings = row.connection.accounts.values_list("reference", "pk")
            payload = account_object(row, row.connection, dict(siblings))
            emit(_ENABLED_EVENT[enabled], payload, user, origin=Event.Origin.API)
        action = Action.ACCOUNT_ENABLE if enabled else Action.ACCOUNT_DISABLE
        record(action, account)
    return row


def enable_subscription(user: int, subscription: int, *, enabled: bool) -> Subscription:
    """The same, of which nothing is told."""
    with transaction.atomic():
        row, _ = _enable(Subscription, user, subscription, enabled=enabled)
        action = Action.SUBSCRIPTION_ENABLE if enabled else Action.SUBSCRIPTION_DISABLE
        record(action, subscription)
    return row


def _claimed(connection: int, fields: dict[str, str], apart: timedelta) -> Claim:
    """The right to synchronise, with these credentials changed; raises `Refused`."""
    now = timezone.now()
    try:
        claimed = claim(connection, now=now, apart=timedelta(0) if fields else apart)
    except Busy as error:
        raise Refused(
            "connectionLocked", "", "The connection is being synchronised."
        ) from error
    except UpToDate as error:
        raise Refused("tooManySync", "", "The connection is up to date.") from error
    if claimed is None:
        raise _unknown("connection", connection)
    if fields:
        row = Connection.objects.get(pk=connection)
        row.fields = json.dumps(row.credentials | fields)
        row.save(update_fields=["fields"])
    return claimed


def _synchronised(claimed: Claim) -> Connection:
    synchronise(claimed, origin=Event.Origin.API)
    return Connection.objects.get(pk=claimed.connection)


def _enable(
    model: type[Child], user: int, child: int, *, enabled: bool
) -> tuple[Child, bool]:
    """Its connection is locked first, as a synchronisation's phases do.

    Enabled again, it is synchronised from its beginning, and need not wait for it.
    """
    lock_temporary(user)
    rows = model._default_manager.filter(pk=child, connection__user=user)
    connection = rows.values_list("connection", flat=True).first()
    locked = live().select_for_update(of=("self",), no_key=True)
    if connection is None or not locked.filter(pk=connection).first():
        raise _unknown(model._meta.model_name or "", child)
    row = rows.select_related("connection").get()
    if enabled == (row.disabled_at is None):
        return row, False
    row.disabled_at = None if enabled else timezone.now()
    row.synced_at = None
    row.save(update_fields=["disabled_at", "synced_at"])
    if enabled:
        Connection.objects.filter(pk=connection).update(synced_at=None)
    return row, True


def _profile(id_connector: object, uuid: object) -> Mapping[str, Any]:
    if id_connector is None and uuid is None:
        raise Refused(
            "missingParameter",
            "id_connector",
            "The parameter id_connector or connector_uuid is missing.",
        )
    for profile in connector().profiles:
        if id_connector in (None, profile["id"]) and uuid in (None, profile["uuid"]):
            return profile
    raise Refused("invalidValue", "id_connector", "There is no such connector.")


def _credentials(given: Mapping[str, object]) -> dict[str, str]:
    known = connector().required_fields | connector().optional_fields
    fields = {}
    for name, value in given.items():
        if name not in known:
            raise Refused(
                "invalidValue", name[:80], f"There is no parameter {name[:80]!r}."
            )
        text = str(value) if isinstance(value, int) else value
        if not isinstance(text, str) or not 0 < len(text) <= MAX_CHARACTERS:
            raise Refused(
                "invalidValue",
                name,
                f"{name} must be text of 1 to {MAX_CHARACTERS} characters.",
            )
        fields[name] = text
    return fields


def _unknown(kind: str, number: int) -> Refused:
    return Refused("notFound", "id", f"There is no {kind} {number}.")
