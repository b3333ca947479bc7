"""What each phase of a synchronisation tells (contract, 1.1 and 1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.connections.connectors.base import (
    AccountCategorised,
    AccountSynced,
    AttachmentsFound,
    Discovered,
    Ended,
    OwnershipFound,
    Phase,
    SubscriptionSynced,
)
from apps.connections.models import Account, child_id
from apps.connections.plugin import profile_of
from apps.connections.progress import Progress
from apps.connections.resources import (
    account_object,
    children,
    found_object,
    subscription_object,
    synced_object,
    user_object,
)
from apps.webhooks.conf import autosync_settings
from apps.webhooks.pushes import last_push

# An event, the id of what it is about within the synchronisation, its payload.
Told = tuple[str, int, Mapping[str, Any]]


def take(progress: Progress, phase: Phase, now: datetime) -> list[Told]:
    """Write what a phase changes; what it tells, in order."""
    match phase:
        case Discovered():
            return _discovered(progress, phase)
        case SubscriptionSynced():
            return _subscription_synced(progress, phase)
        case Ended():
            return _ended(progress, phase, now)
        case _:
            account = progress.account(phase.account)
            return [] if account is None else [_of_account(progress, phase, account)]


def _discovered(progress: Progress, phase: Discovered) -> list[Told]:
    """New ones, then all that are enabled; enabling at once is told, too."""
    accounts, subscriptions = progress.discover(phase)
    connection = progress.connection
    told: list[Told] = [
        ("ACCOUNT_FOUND", account.pk, found_object(account, connection))
        for account in accounts
    ]
    for subscription in subscriptions:
        found = {
            "id": subscription.pk,
            "id_user": connection.user_id,
            "id_connection": connection.pk,
        }
        told.append(("SUBSCRIPTION_FOUND", subscription.pk, found))
    told += [
        ("ACCOUNT_ENABLED", account.pk, _account(progress, account))
        for account in accounts
        if account.disabled_at is None
    ]
    fetched = synced_object(
        connection,
        profile_of(connection.id_connector),
        last_push=last_push(connection),
        accounts=[_account(progress, row) for row in progress.enabled_accounts()],
    )
    payload = {"user": user_object(connection.user), "connection": fetched}
    return [*told, ("ACCOUNTS_FETCHED", 0, payload)]


def _of_account(
    progress: Progress,
    phase: AccountSynced | AccountCategorised | AttachmentsFound | OwnershipFound,
    account: Account,
) -> Told:
    match phase:
        case AccountSynced():
            return _account_synced(progress, phase, account)
        case AccountCategorised():
            rows = children(account.pk, "id_account", phase.transactions)
            return "ACCOUNT_CATEGORIZED", account.pk, {"transactions": rows}
        case AttachmentsFound():
            return _attachments(progress, phase, account)
        case OwnershipFound():
            return _ownership(progress, phase, account)


def _account_synced(progress: Progress, phase: AccountSynced, account: Account) -> Told:
    found = {
        "transactions": children(account.pk, "id_account", phase.transactions),
        "investments": children(account.pk, "id_account", phase.investments),
    }
    progress.accounts.keep(account.pk, found, phase.transactions)
    return "ACCOUNT_SYNCED", account.pk, _account(progress, account) | found


def _attachments(progress: Progress, phase: AttachmentsFound, account: Account) -> Told:
    id_transaction = child_id(account.pk, phase.transaction)
    payload = {
        "id_connection": progress.connection.pk,
        "id_account": account.pk,
        "id_transaction": id_transaction,
        "attachments": [dict(each) for each in phase.attachments],
    }
    return "TRANSACTION_ATTACHMENTS_FOUND", id_transaction, payload


def _ownership(progress: Progress, phase: OwnershipFound, account: Account) -> Told:
    ownership = {
        "id_account": account.pk,
        "id_connection": progress.connection.pk,
        "id_user": progress.connection.user_id,
        "id_connector_source": progress.connection.id_connector,
        **phase.ownership,
    }
    return "ACCOUNT_OWNERSHIPS_FOUND", account.pk, {"account_ownerships": ownership}


def _subscription_synced(progress: Progress, phase: SubscriptionSynced) -> list[Told]:
    subscription = progress.subscription(phase.subscription)
    if subscription is None:
        return []
    found = {"documents": children(subscription.pk, "id_subscription", phase.documents)}
    progress.subscriptions.keep(subscription.pk, found, phase.documents)
    payload = subscription_object(subscription, progress.connection) | found
    return [("SUBSCRIPTION_SYNCED", subscription.pk, payload)]


def _ended(progress: Progress, phase: Ended, now: datetime) -> list[Told]:
    """CONNECTION_SYNCED, after a failure too: with what was found before it."""
    plan = autosync_settings()
    progress.settle(
        phase, period=plan.frequency, retry_wrongpass=plan.retry_wrongpass, now=now
    )
    connection = progress.connection
    accounts = [
        _account(progress, row) | progress.accounts.children[row.pk]
        for row in progress.enabled_accounts()
        if row.pk in progress.accounts.children
    ]
    subscriptions = [
        subscription_object(row, connection) | progress.subscriptions.children[row.pk]
        for row in progress.enabled_subscriptions()
        if row.pk in progress.subscriptions.children
    ]
    tree = synced_object(
        connection,
        profile_of(connection.id_connector),
        last_push=last_push(connection),
        accounts=accounts,
        subscriptions=subscriptions,
    )
    payload = {"user": user_object(connection.user), "connection": tree}
    return [("CONNECTION_SYNCED", 0, payload)]


def _account(progress: Progress, account: Account) -> dict[str, Any]:
    return account_object(account, progress.connection, progress.parents)
