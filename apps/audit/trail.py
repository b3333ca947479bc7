"""`record`: what whoever changes something calls, in the transaction that does."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.transaction import TransactionManagementError

from apps.audit.actions import Action
from apps.audit.actors import Kind, acting_now
from apps.audit.models import REASON_CHARACTERS, AuditEntry

HIDDEN: Final = "•••"
# Enough to tell what it was; a bundle of certificates has a hundred thousand.
TEXT_CHARACTERS: Final = 200
# Hidden wherever they come from, whatever else is.
SECRETS: Final = frozenset(
    {
        "access_token",
        "certificate_key",
        "client_secret",
        "code",
        "next_secret_key",
        "password",
        "private_key",
        "refresh_token",
        "secret",
        "secret_key",
        "token",
    }
)
# Where an end user calls from is the user's matter, not an operator's doing.
_WITHOUT_ADDRESS: Final = (Kind.USER, Kind.NOBODY)
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


def record(
    action: Action,
    target: int | None = None,
    *,
    old: Mapping[str, Any] = _NOTHING,
    new: Mapping[str, Any] = _NOTHING,
    hide: Collection[str] = (),
    reason: str = "",
) -> None:
    """Write one row of the trail, in the caller's transaction: both are, or neither.

    `old` and `new` are what there was and is; only what differs is kept. The values
    of `hide` and of whatever is called like a secret are hidden, as are the queries
    of URLs. Pass nothing by which a person could be told, but numbers. Raises
    `TransactionManagementError` outside a transaction.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError(f"{action} is recorded in no transaction.")
    now = acting_now()
    actor = now.who()
    hidden = SECRETS.union(hide)
    before, after = _plain(old), _plain(new)
    AuditEntry.objects.create(
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label,
        action=action,
        target_kind=action.partition(".")[0],
        target_id=target,
        old=_different(before, after, hidden),
        new=_different(after, before, hidden),
        reason=reason[:REASON_CHARACTERS],
        address="" if actor.kind in _WITHOUT_ADDRESS else now.address,
        request_id=now.request_id,
    )


def forget_reasons(kind: str, targets: Collection[int]) -> None:
    """Take out why things were done to targets of a kind, the only free text there is.

    For a person's erasure, whose own reason stays. The database allows no other change.
    """
    said = AuditEntry.objects.exclude(reason="").exclude(action=Action.USER_ERASE)
    said.filter(target_kind=kind, target_id__in=targets).update(reason="")


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON has them, so that both sides compare."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(values), cls=DjangoJSONEncoder))
    return plain


def _different(
    values: Mapping[str, Any], others: Mapping[str, Any], hidden: Collection[str]
) -> dict[str, Any]:
    return {
        name: _shown(name, value, hidden)
        for name, value in values.items()
        if others.get(name) != value
    }


def _shown(name: str, value: Any, hidden: Collection[str]) -> Any:
    if name in hidden and value is not None:
        return HIDDEN
    if isinstance(value, dict):
        return {part: _shown(part, inner, hidden) for part, inner in value.items()}
    if not isinstance(value, str):
        return value
    if value.startswith(("http://", "https://")):
        value = _without_secrets(value)
    return value if len(value) <= TEXT_CHARACTERS else f"{value[:TEXT_CHARACTERS]}…"


def _without_secrets(url: str) -> str:
    """An URL as far as it is shown: without passwords and the query's values."""
    parts = urlsplit(url)
    query = "&".join(f"{name}={HIDDEN}" for name, _ in parse_qsl(parts.query, True))
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query=query, fragment="").geturl()
