"""What the sandbox tells: objects of contract section 1.4, without their ids."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from apps.connections.connectors.base import AccountRecord, SubscriptionRecord
from apps.connections.connectors.sandbox_formats import date_time, iban
from apps.connections.connectors.sandbox_tables import INVESTMENTS, Move

CENT: Final = Decimal("0.01")
CUSTOMER: Final = "CLAIRE DURAND"


def transaction(
    move: Move, moment: datetime, now: datetime, card: int, chance: random.Random
) -> dict[str, Any]:
    """A Transaction of `moment`, wall time; `card`: the last digits of the card."""
    day = moment.date().isoformat()
    value = Decimal(str(round(chance.uniform(move.low, move.high), 2)))
    by_card = move.type in ("card", "deferred_card")
    instant = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    original = move.wording
    if by_card:
        original = f"PAIEMENT CB {moment:%d%m} {original} CARTE {card}"
    return {
        "application_date": day,
        "date": day,
        "datetime": instant if by_card else None,
        "vdate": day,
        "vdatetime": None,
        "rdate": (moment - timedelta(days=by_card)).date().isoformat(),
        "rdatetime": instant if by_card else None,
        "value": value,
        "gross_value": None,
        "type": move.type,
        "original_wording": original,
        "simplified_wording": move.label,
        "wording": move.label,
        "categories": [{"code": move.category, "parent_code": move.parent_category}],
        "date_scraped": date_time(now),
        "coming": False,
        "active": True,
        "id_cluster": None,
        "comment": None,
        "last_update": date_time(now),
        "deleted": None,
        "original_value": None,
        "original_gross_value": None,
        "original_currency": None,
        "commission": None,
        "commission_currency": None,
        "country": None,
        "card": f"{card}" if by_card else None,
        "counterparty": _counterparty(move, value),
    }


def investment(place: int, now: datetime) -> dict[str, Any]:
    """An Investment; always the same at the same place."""
    model = INVESTMENTS[place % len(INVESTMENTS)]
    valuation = model.quantity * model.unit_value
    gain = valuation - model.quantity * model.unit_price
    security = uuid.uuid5(uuid.NAMESPACE_URL, model.code).int % 100_000
    return {
        "label": model.label,
        "code": model.code,
        "code_type": "ISIN",
        "source": "",
        "description": None,
        "quantity": model.quantity,
        "unitprice": model.unit_price,
        "unitvalue": model.unit_value,
        "valuation": valuation.quantize(CENT),
        "diff": gain.quantize(CENT),
        "diff_percent": round(gain / (valuation - gain), 4),
        "prev_diff": None,
        "portfolio_share": round(Decimal(1) / len(INVESTMENTS), 4),
        "vdate": now.date().isoformat(),
        "prev_vdate": None,
        "id_security": security,
        "original_valuation": None,
        "original_unitvalue": None,
        "original_currency": None,
        "last_update": date_time(now),
        "deleted": None,
        "pockets": [],
    }


def document(
    subscription: SubscriptionRecord, place: int, now: datetime
) -> dict[str, Any]:
    """A Document: the bill of a month, `place` months before this one ends."""
    month = (now.replace(day=1) - timedelta(days=30 * (place - 1))).replace(day=1)
    total = Decimal(30 + month.month) + Decimal("0.49")
    untaxed = (total / Decimal("1.2")).quantize(CENT)
    return {
        "id_type": 1,
        "id_category": None,
        "id_file": None,
        "id_thumbnail": None,
        "name": f"{subscription.label} {month:%m/%Y}",
        "timestamp": date_time(now),
        "date": month.date().isoformat(),
        "duedate": (month + timedelta(days=14)).date().isoformat(),
        "total_amount": total,
        "untaxed_amount": untaxed,
        "vat": total - untaxed,
        "income": False,
        "readonly": True,
        "number": f"{subscription.number}-{month:%Y%m}",
        "issuer": subscription.label,
        "last_update": date_time(now),
        "has_file_on_website": True,
        "currency": "EUR",
    }


def attachments(transaction: dict[str, Any]) -> list[dict[str, Any]]:
    """The one Attachment of a transaction."""
    return [
        {
            "id": transaction["index"],
            "name": "justificatif.pdf",
            "description": transaction["wording"],
            "mime_type": "application/pdf",
            "size": 18_244,
            "created_date": transaction["date"],
            "created_datetime": transaction["datetime"],
            "last_update": transaction["last_update"],
            "url": None,
        }
    ]


def ownership(account: AccountRecord) -> dict[str, Any]:
    """An AccountOwnership."""
    scheme = "account_number" if account.iban is None else "iban"
    return {
        "name": account.name,
        "bank_name": "Banque des Exemples",
        "multiple_holders": False,
        "calculated": [],
        "usage": account.usage,
        "parties": [
            {"role": "holder", "identity": {"is_user": True, "full_name": CUSTOMER}}
        ],
        "identifications": [
            {"scheme_name": scheme, "identification": account.iban or account.number}
        ],
    }


def _counterparty(move: Move, value: Decimal) -> dict[str, Any] | None:
    if move.type != "transfer":
        return None
    return {
        "label": move.label,
        "account_scheme_name": "iban",
        "account_identification": iban(60 + len(move.label)),
        "type": "debtor" if value > 0 else "creditor",
    }
