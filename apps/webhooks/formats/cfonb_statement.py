"""From one account of a payload to the records of its statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from apps.webhooks.formats.cfonb_complements import complements_of
from apps.webhooks.formats.cfonb_records import (
    DETAIL,
    LABEL,
    REFERENCE,
    Heading,
    Operation,
    complement,
    movement,
    new_balance,
    old_balance,
)
from apps.webhooks.formats.cfonb_text import text_of, wrap
from apps.webhooks.formats.cfonb_values import (
    CfonbError,
    amount_of,
    common_decimals,
    currency_of,
    day_of,
    rows_of,
    units,
)
from apps.webhooks.formats.interbank import interbank_code
from apps.webhooks.formats.rib import rib_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    row: Mapping[str, Any]
    value: Decimal
    operation: Operation
    value_day: date


def statement(account: Mapping[str, Any], synced: date | None) -> list[str]:
    """The records of a BankAccount with its `transactions` (contract, 1.4).

    The new balance is the account's; the old one is that minus the movements. These
    are in the order of their dates; what is coming or deleted is not in the balance
    and is left out. Raise `CfonbError`, naming the account, if there is no balance,
    currency or date to write. `synced`: for an account that does not say when it was.
    """
    with _named("Account", account):
        currency, usual = currency_of(account, "currency")
        balance = amount_of(account, "balance")
        moves = sorted(_moves(account), key=lambda move: move.operation.day)
        decimals = common_decimals([balance, *(move.value for move in moves)], usual)
        heading = Heading(rib=rib_of(account), currency=currency, decimals=decimals)
        new = units(balance, decimals)
        old = new - sum(units(move.value, decimals) for move in moves)
        first, last = _period(account, moves, synced)
        return [
            old_balance(heading, first, old),
            *(record for move in moves for record in _records(heading, move)),
            new_balance(heading, last, new),
        ]


def _moves(account: Mapping[str, Any]) -> Iterator[_Move]:
    for row in rows_of(account, "transactions"):
        if not row.get("coming") and not row.get("deleted"):
            with _named("Transaction", row):
                yield _move(row)


def _move(row: Mapping[str, Any]) -> _Move:
    """`date`, else the day it was done; the value date is that too if null."""
    day = day_of(row, "date", "application_date", "rdate")
    if day is None:
        raise CfonbError("'date' is missing.")
    value = amount_of(row, "value")
    return _Move(
        row=row,
        value=value,
        operation=Operation(code=interbank_code(row.get("type"), value), day=day),
        value_day=day_of(row, "vdate") or day,
    )


def _period(
    account: Mapping[str, Any], moves: Sequence[_Move], synced: date | None
) -> tuple[date, date]:
    """The days of the old and the new balance; `moves` are in order.

    Without movements both are the day of the synchronisation: of the day before,
    nothing is known.
    """
    if moves:
        return moves[0].operation.day - timedelta(days=1), moves[-1].operation.day
    day = day_of(account, "last_update") or synced
    if day is None:
        raise CfonbError("'last_update' is missing, and there are no movements.")
    return day, day


def _records(heading: Heading, move: _Move) -> Iterator[str]:
    """A record 04 and its complements; what is too long for its label goes on there.

    The reference is the transaction's `id`: consumers know corrections by it.
    """
    label, *more = wrap(_label(move.row), LABEL, DETAIL)
    reference = text_of(move.row, "id")
    yield movement(
        heading,
        move.operation,
        value_day=move.value_day,
        label=label,
        units=units(move.value, heading.decimals),
        # Half an id is another transaction's.
        reference=reference if len(reference) <= REFERENCE else "",
    )
    details = [*(("LIB", line) for line in more), *complements_of(move.row, move.value)]
    for qualifier, detail in details:
        yield complement(heading, move.operation, qualifier, detail)


def _label(row: Mapping[str, Any]) -> str:
    """The bank's words, else the platform's; blank if there are none."""
    names = ("original_wording", "simplified_wording", "wording")
    return next(filter(None, (text_of(row, name) for name in names)), "")


@contextmanager
def _named(kind: str, row: Mapping[str, Any]) -> Iterator[None]:
    """Errors say of which row they speak, by its id alone."""
    try:
        yield
    except CfonbError as error:
        raise CfonbError(f"{kind} {text_of(row, 'id') or '?'}: {error}") from error
