"""The records of CFONB 120 and what they are made of: contract, section 6.2."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from apps.webhooks.formats.cfonb_records import (
    Heading,
    Operation,
    complement,
    movement,
    new_balance,
    old_balance,
    signed,
    six_digits,
)
from apps.webhooks.formats.cfonb_text import fold, wrap
from apps.webhooks.formats.cfonb_values import CfonbError
from apps.webhooks.formats.interbank import interbank_code
from apps.webhooks.formats.rib import Rib, rib_from_iban, rib_key, rib_of

HEADING = Heading(
    rib=Rib(bank="30004", branch="00001", account="00000123456"),
    currency="EUR",
    decimals=2,
)
DAY = date(2026, 6, 15)
# From the contract: known to be read.
SAMPLE = [
    "0130004    00001EUR2 00000123456  150626"
    "                                                  0000000001904}",
    "0430004    00001EUR2 0000012345605160626  160626VIR SEPA ACME SARL"
    "               0000000000000000000125{REF1",
    "0530004    00001EUR2 0000012345605160626     LIBFACTURE 42",
    "0730004    00001EUR2 00000123456  160626"
    "                                                  0000000002101J",
]


@pytest.mark.parametrize(
    ("units", "zone"),
    [
        (-19040, "0000000001904}"),
        (-3221, "0000000000322J"),
        (0, "0000000000000{"),
        *((digit, f"{0:013}{sign}") for digit, sign in enumerate("{ABCDEFGHI")),
        *((-10 - digit, f"{1:013}{sign}") for digit, sign in enumerate("}JKLMNOPQR")),
        (99_999_999_999_999, "9999999999999I"),
        (-99_999_999_999_999, "9999999999999R"),
    ],
)
def test_the_last_digit_of_an_amount_tells_its_sign(units, zone):
    assert signed(units) == zone


@pytest.mark.parametrize("units", [10**14, -(10**14)])
def test_an_amount_over_fourteen_digits_is_refused(units):
    with pytest.raises(CfonbError, match="14 digits"):
        signed(units)


def test_records_are_those_that_another_library_is_known_to_read():
    operation = Operation(code="05", day=date(2026, 6, 16))
    records = [
        old_balance(HEADING, date(2026, 6, 15), -19040),
        movement(
            HEADING,
            operation,
            value_day=date(2026, 6, 16),
            label="VIR SEPA ACME SARL",
            units=1250,
            reference="REF1",
        ),
        complement(HEADING, operation, "LIB", "FACTURE 42"),
        new_balance(HEADING, date(2026, 6, 16), -210_11),
    ]
    assert records == [record.ljust(120) for record in SAMPLE]


def test_zones_too_long_are_cut_and_the_record_keeps_its_length():
    operation = Operation(code="99", day=DAY)
    moved = movement(
        HEADING,
        operation,
        value_day=DAY,
        label="L" * 99,
        units=1,
        reference="R" * 99,
    )
    assert len(moved) == 120
    assert moved[48:79] == "L" * 31
    assert moved[104:] == "R" * 16
    assert len(complement(HEADING, operation, "LIB", "D" * 99)) == 120


def test_dates_are_six_digits():
    assert six_digits(date(2026, 1, 2)) == "020126"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Élan d'été à Noël", "ELAN D ETE A NOEL"),
        ("cœur, æther & Straße", "COEUR. AETHER STRASSE"),
        ("  a\tb\r\nc  ", "A B C"),
        ("12,50 € \u2013 n°4_b", "12.50 EUR - N 4-B"),
        ("½ ﬁn Łódź", "1/2 FIN LODZ"),
        ("a*b-c.d/e\\f", "A*B-C.D/E/F"),
        ("☕ 漢字 \ud800", ""),
        ("{}|~", ""),
    ],
)
def test_words_are_put_into_the_alphabet(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("ABCDE", ["ABCDE"]),
        ("ABC DEF GHI JKL", ["ABC", "DEF GHI", "JKL"]),
        ("ABCDEFGHIJKLMNOP", ["ABCDE", "FGHIJKLM", "NOP"]),
    ],
)
def test_long_labels_go_on_in_further_lines(text, lines):
    assert wrap(text, 5, 8) == lines


@pytest.mark.parametrize(
    ("bank", "branch", "account", "key"),
    [
        ("30006", "00001", "12345678901", 89),
        ("20041", "01005", "0500013M026", 6),
        ("99999", "00001", "00012345678", 9),
    ],
)
def test_the_key_of_a_rib(bank, branch, account, key):
    assert rib_key(bank, branch, account) == key


@pytest.mark.parametrize("country", ["FR14", "MC58"])
def test_a_french_or_monegasque_iban_holds_a_rib(country):
    rib = rib_from_iban(f"{country}20041010050500013M02606")
    assert rib == Rib(bank="20041", branch="01005", account="0500013M026")


@pytest.mark.parametrize(
    "iban",
    [
        "",
        "FR1420041010050500013M02607",
        "DE89370400440532013000",
        "FR1420041010050500013M0260",
        "FR142O041010050500013M02606",
    ],
)
def test_other_ibans_hold_none(iban):
    assert rib_from_iban(iban) is None


@pytest.mark.parametrize(
    ("account", "zone"),
    [
        ({"number": "LU 28-0019400644750"}, "19400644750"),
        ({"number": "é-12"}, "00000000E12"),
        ({"number": 77, "iban": "DE89370400440532013000"}, "00000000077"),
        ({"number": None, "iban": "DE89 3704 0044 0532 0130 00"}, "40532013000"),
        ({"number": "--", "iban": "", "id": 5}, "00000000005"),
        ({"number": ["x"], "iban": {}, "id": None}, "00000000000"),
    ],
)
def test_an_account_without_a_rib_has_zeros_and_the_end_of_its_number(account, zone):
    assert rib_of(account) == Rib(bank="00000", branch="00000", account=zone)


@pytest.mark.parametrize(
    ("type_", "value", "code"),
    [
        ("check", -1, "01"),
        ("transfer", 1, "05"),
        ("transfer", 0, "05"),
        ("transfer", -1, "06"),
        ("order", -1, "08"),
        ("card", -1, "11"),
        ("deferred_card", -1, "11"),
        ("summary_card", -1, "11"),
        ("withdrawal", -1, "11"),
        ("bank", -1, "62"),
        ("fee", -1, "62"),
        ("market_fee", -1, "62"),
        ("profit", 1, "99"),
        ("of_tomorrow", 1, "99"),
        (None, 1, "99"),
        (["card"], 1, "99"),
    ],
)
def test_each_type_has_an_interbank_code(type_, value, code):
    assert interbank_code(type_, Decimal(value)) == code
