"""Connections as the contract writes them (sections 1.3 and 1.4).

`write` says how moments are written: payloads have wall time without a zone, the
API's own answers have UTC. Rows need not be saved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.conf import settings

from apps.connections.models import Account, Connection, Subscription, child_id
from apps.event_log.models import EndUser

Writer = Callable[[datetime], str]

_NAMES: Final = {"EUR": ("Euro", "€", 2), "USD": ("US Dollar", "$", 2)}


def wall(moment: datetime) -> str:
    """As the original writes moments: of Paris, without a zone (contract, 0.10)."""
    return moment.astimezone(settings.PAYLOAD_ZONE).strftime("%Y-%m-%d %H:%M:%S")


def user_object(user: EndUser) -> dict[str, Any]:
    """A User."""
    return {"id": user.pk, "signin": wall(user.signin)}


def connection_object(
    connection: Connection,
    profile: Mapping[str, Any],
    *,
    last_push: datetime | None,
    write: Writer = wall,
) -> dict[str, Any]:
    """A bare Connection, never with its credentials.

    `id_provider` and `id_bank` are former names of `id_connector`, for who reads those.
    `last_push`: when what it told was last accepted.
    """
    return {
        "id": connection.pk,
        "id_user": connection.user_id,
        "id_connector": connection.id_connector,
        "id_provider": connection.id_connector,
        "id_bank": connection.id_connector,
        "state": connection.state,
        "error": connection.state,
        "error_message": connection.error_message,
        "fields": None,
        "last_update": _moment(connection.last_update_at, write),
        "created": write(connection.created_at),
        "active": connection.deleted_at is None,
        "last_push": _moment(last_push, write),
        "expire": _moment(connection.expire_at, write),
        "connector_uuid": profile["uuid"],
        "next_try": _moment(connection.next_sync_at, write),
    }


def synced_object(
    connection: Connection,
    profile: Mapping[str, Any],
    *,
    last_push: datetime | None,
    accounts: Sequence[Mapping[str, Any]],
    subscriptions: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The `connection` of ACCOUNTS_FETCHED, which has no subscriptions, and of
    CONNECTION_SYNCED.
    """
    more = {} if subscriptions is None else {"subscriptions": list(subscriptions)}
    return {
        **connection_object(connection, profile, last_push=last_push),
        "connector": dict(profile),
        "sources": [_source(connection)],
        "accounts": list(accounts),
        **more,
    }


def account_object(
    account: Account,
    connection: Connection,
    parents: Mapping[str, int],
    write: Writer = wall,
) -> dict[str, Any]:
    """A bare BankAccount; `parents`: ids of the connection's accounts by reference."""
    return {
        "id": account.pk,
        "id_connection": connection.pk,
        "id_user": connection.user_id,
        "id_source": connection.pk,
        "id_parent": parents.get(account.parent or ""),
        "number": account.number,
        "original_name": account.name.upper(),
        "name": account.name,
        "balance": amount(account.balance),
        "coming": None if account.coming is None else amount(account.coming),
        "display": True,
        "last_update": _moment(account.synced_at, write),
        "deleted": None,
        "disabled": _moment(account.disabled_at, write),
        "iban": account.iban,
        "currency": _currency(account.currency),
        "type": account.type,
        "id_type": account.id_type,
        "bookmarked": False,
        "error": None,
        "usage": account.usage,
        "ownership": "owner",
        "company_name": None,
        "loan": None,
    }


def found_object(account: Account, connection: Connection) -> dict[str, Any]:
    """ACCOUNT_FOUND: disabled by default, since its discovery."""
    return {
        "id": account.pk,
        "id_user": connection.user_id,
        "id_connection": connection.pk,
        "disabled": wall(account.found_at),
        "type": account.type,
    }


def subscription_object(
    subscription: Subscription, connection: Connection, write: Writer = wall
) -> dict[str, Any]:
    """A bare Subscription."""
    return {
        "id": subscription.pk,
        "id_connection": connection.pk,
        "id_user": connection.user_id,
        "id_source": connection.pk,
        "number": subscription.number,
        "label": subscription.label,
        "subscriber": subscription.subscriber,
        "validity": None,
        "renewdate": None,
        "last_update": _moment(subscription.synced_at, write),
        "deleted": None,
        "disabled": _moment(subscription.disabled_at, write),
        "error": None,
    }


def children(
    parent: int, key: str, rows: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What a connector told of a parent, with ids instead of indexes."""
    found = []
    for row in rows:
        rest = {name: _plain(value) for name, value in row.items() if name != "index"}
        found.append({"id": child_id(parent, row["index"]), key: parent, **rest})
    return found


def amount(value: Decimal) -> float:
    """A JSON number. Exact up to fifteen digits, more than any bank's amount has."""
    return float(value)


def _plain(value: Any) -> Any:
    return amount(value) if isinstance(value, Decimal) else value


def _moment(moment: datetime | None, write: Writer) -> str | None:
    return None if moment is None else write(moment)


def _source(connection: Connection) -> dict[str, Any]:
    """The one way in to the bank; its id is the connection's."""
    return {
        "id": connection.pk,
        "id_connection": connection.pk,
        "id_connector_source": connection.id_connector,
        "name": "openapi",
        "last_update": _moment(connection.last_update_at, wall),
        "disabled": None,
        "created": wall(connection.created_at),
        "state": connection.state,
        "access_expire": _moment(connection.expire_at, wall),
        "expire": _moment(connection.expire_at, wall),
        "next_try": _moment(connection.next_sync_at, wall),
    }


def _currency(code: str) -> dict[str, Any]:
    name, symbol, precision = _NAMES.get(code, (code, code, 2))
    return {
        "id": code,
        "name": name,
        "symbol": symbol,
        "prefix": False,
        "crypto": False,
        "precision": precision,
        "marketcap": None,
        "datetime": None,
    }
