"""Account statements for accounting software: events as CFONB 120 files.

Contract, section 6. A statement is a record 01 (old balance), records 04
(movements), each with records 05 (complements), and a record 07 (new balance).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from apps.webhooks.formats.cfonb_statement import statement
from apps.webhooks.formats.cfonb_values import CfonbError, day_of, rows_of

__all__ = ["CONTENT_TYPE", "CfonbError", "render"]

CONTENT_TYPE: Final = "text/plain; charset=us-ascii"
LINE_END: Final = "\r\n"
# The documented ACCOUNT_FOUND has neither.
_UNREAD: Final = {"balance": 0, "currency": "EUR"}


def render(event: str, payload: str) -> bytes:
    """The CFONB file of an event: US-ASCII, records of 120 characters and CRLF.

    `payload` is the JSON text that was stored for a CONNECTION_SYNCED, a USER_SYNCED
    or an ACCOUNT_FOUND. One statement per account, in the payload's order; no account,
    as after a failed synchronisation, is an empty file.

    Raise `CfonbError` rather than write a figure that the payload does not hold: no
    balance, value, date or currency, amounts over 14 digits, years that two digits
    do not tell. Other gaps have stated fallbacks: see `_found`, `rib.rib_of`,
    `cfonb_statement`, `cfonb_complements.complements_of`, `cfonb_values.amount_of`.
    """
    records = [
        record
        for account, synced in _accounts(event, _parsed(payload))
        for record in statement(account, synced)
    ]
    return "".join(record + LINE_END for record in records).encode("ascii")


def _parsed(payload: str) -> dict[str, Any]:
    try:
        value = json.loads(payload, parse_float=Decimal)
    except (ValueError, InvalidOperation, RecursionError) as error:
        raise CfonbError("The payload cannot be read as JSON.") from error
    return _object(value, "The payload")


def _accounts(
    event: str, payload: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], date | None]]:
    """Each account, and the day to take if it does not say when it was synced."""
    if event == "ACCOUNT_FOUND":
        # Here it is the moment of discovery.
        yield _found(payload), day_of(payload, "disabled")
        return
    for connection in _connections(event, payload):
        synced = day_of(connection, "last_update", "last_push")
        for account in rows_of(connection, "accounts"):
            yield account, synced


def _connections(event: str, payload: dict[str, Any]) -> list[dict[str, Any]]:
    if event == "CONNECTION_SYNCED":
        return [_object(payload.get("connection"), "'connection'")]
    if event == "USER_SYNCED":
        return rows_of(payload, "connections")
    raise CfonbError(f"{event} has no CFONB form.")


def _found(account: dict[str, Any]) -> dict[str, Any]:
    """An account without movements, whatever the payload says of them.

    The documented payload names the account by its id alone and has no balance:
    zero euros stand for it, since nothing of the account has been read. A balance
    that is there is written, and one that is there but null is an error.
    """
    known = account if "balance" in account else _UNREAD | account
    return {**known, "transactions": []}


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CfonbError(f"{name} is not a JSON object.")
    return value
