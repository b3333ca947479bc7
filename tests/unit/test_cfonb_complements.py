"""Records 05: what they add to a movement."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from apps.webhooks.formats.cfonb_complements import complements_of

CHF = {"id": "CHF", "precision": 2}
JPY = {"id": "JPY", "precision": 0}
IBAN = "DE89 3704 0044 0532 0130 00"


def details(value: str = "-1", **members: Any) -> list[tuple[str, str]]:
    return list(complements_of(members, Decimal(value)))


@pytest.mark.parametrize(
    ("type_", "value", "qualifiers"),
    [
        ("debtor", "-1", ("NPY", "CPY")),
        ("creditor", "1", ("NBE", "CBE")),
        (None, "1", ("NPY", "CPY")),
        ("someone", "-1", ("NBE", "CBE")),
        ({}, "-1", ("NBE", "CBE")),
    ],
)
def test_the_other_party_is_named_by_its_role(type_, value, qualifiers):
    party = {"label": "Café", "account_identification": IBAN, "type": type_}
    expected = list(zip(qualifiers, ("CAFE", "DE89370400440532013000"), strict=True))
    assert details(value, counterparty=party) == expected


def test_names_are_cut_but_account_numbers_are_not():
    party = {"label": "N" * 99, "account_identification": "1" * 36, "type": "debtor"}
    assert details(counterparty=party) == [("NPY", "N" * 70)]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"end_to_end_id": "e2e_1"}, [("RCN", "E2E-1".ljust(35))]),
        ({"purpose": "SALA"}, [("RCN", " " * 35 + "SALA")]),
        (
            {"payment_information_id": "P" * 35, "instruction_id": "I" * 35},
            [("REF", "P" * 35 + "I" * 35)],
        ),
        (
            {"mandate_id": "M1", "sequence_type": "RCUR"},
            [("RUM", "M1".ljust(35) + "RCUR")],
        ),
        (
            {"mandate_id": "M1", "sequence_type": "RECURRENT"},
            [("RUM", "M1".ljust(35))],
        ),
        ({"mandate_id": "M" * 36}, []),
        ({"creditor_reference": "RF18 5390"}, [("LCS", "RF18 5390")]),
        ({"creditor_reference": "R" * 71}, []),
        ({"remittance_information": "mai"}, [("LCC", "MAI")]),
        (
            {"remittance_information": "A" * 70 + "B" * 80},
            [("LCC", "A" * 70), ("LC2", "B" * 70)],
        ),
    ],
)
def test_references_keep_to_their_zones_or_are_left_out(members, expected):
    assert details(**members) == expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {"original_value": -20.5, "original_currency": CHF},
            [("MMO", "CHF200000000002050")],
        ),
        (
            {"original_value": "1500", "original_currency": JPY},
            [("MMO", "JPY000000000001500")],
        ),
        (
            {"commission": Decimal("0.123"), "commission_currency": "EUR"},
            [("FEE", "EUR300000000000123")],
        ),
        ({"original_value": 1, "original_currency": None}, []),
        ({"original_value": None, "original_currency": CHF}, []),
        ({"original_value": 1e15, "original_currency": CHF}, []),
        ({"original_value": 10**13, "original_currency": CHF}, []),
        ({"commission": "1e-12", "commission_currency": CHF}, []),
    ],
)
def test_other_amounts_have_their_own_currency_and_no_sign(members, expected):
    exact: dict[str, Any] = {
        name: Decimal(str(value)) if isinstance(value, float) else value
        for name, value in members.items()
    }
    assert details(**exact) == expected


def test_a_plain_transaction_has_no_complements():
    assert details(counterparty=None, original_value=None, comment="mine") == []
