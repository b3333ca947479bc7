"""Payments as the platform tells of them (contract, section 1.4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.connections.connectors.sandbox_formats import CONNECTOR, date_time, iban


def payment_state_updated(
    number: int, *, now: datetime, state: str = "done"
) -> dict[str, Any]:
    """PAYMENT_STATE_UPDATED: a Payment, which belongs to no user."""
    amount = round(40 + 17.35 * (number % 23), 2)
    return {
        "id": number,
        "state": state,
        "state_detail": None,
        "action": None,
        "error_code": None,
        "error_description": None,
        "fields": {},
        "validate_uri": None,
        "connector_uuid": CONNECTOR,
        "validate_mechanism": "redirect",
        "register_date": date_time(now),
        "payer": {
            "scheme_name": "iban",
            "identification": iban(1),
            "label": "CLAIRE DURAND",
            "issuer": None,
        },
        "instructions": [
            {
                "reference_id": f"FACTURE-{now.year}-{number:05}",
                "amount": amount,
                "currency": "EUR",
                "label": f"Facture {number}",
                "execution_date_type": "instant",
                "execution_date": None,
                "beneficiary": {
                    "scheme_name": "iban",
                    "identification": iban(90),
                    "label": "ATELIER DES TILLEULS",
                },
                "state": state,
            }
        ],
        "payer_identity": None,
    }
