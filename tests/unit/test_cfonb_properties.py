"""Whatever the payload: files that hold it, and that `python-cfonb` reads.

Where that reader goes astray it is spared: it needs a line end after each record, at
least one decimal, and different account numbers; it divides foreign amounts wrongly.
"""

from __future__ import annotations

import io
import json
import re
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from cfonb import StatementReader  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.webhooks.formats.cfonb import CfonbError, render
from apps.webhooks.formats.cfonb_text import fold

Json = dict[str, Any]
ALLOWED = re.compile(r"[0-9A-Z*./ -]{120}")
DIGITS = dict(zip("{ABCDEFGHI}JKLMNOPQR", "01234567890123456789", strict=True))

# No deadline: a busy machine is no fault.
patient = settings(deadline=None)
days = st.dates(date(1970, 1, 1), date(2059, 12, 31))
words = st.one_of(st.none(), st.text(max_size=200), st.from_regex(r"[A-Z0-9 ]{0,120}"))
references = st.one_of(st.none(), st.from_regex(r"\A[A-Z0-9./-]{1,35}\Z"))

JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=20),
        st.sampled_from(["1e999", "-1e-999999", "NaN", "0000-00-00", "0001-01-01"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["id", "precision"]), inner),
    ),
    max_leaves=4,
)


def amounts(decimals: int) -> st.SearchStrategy[str | float]:
    """JSON numbers and texts alike; sums of some stay below fourteen digits."""
    exact = st.integers(-(10**12), 10**12).map(lambda n: Decimal(n).scaleb(-decimals))
    return st.one_of(exact.map(str), exact.map(float))


def transactions(decimals: int) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {
            "id": st.integers(1, 10**12),
            "date": days.map(str),
            "vdate": st.one_of(st.none(), days.map(str)),
            "value": amounts(decimals),
            "type": st.sampled_from(["card", "transfer", "order", "new", None]),
            "original_wording": words,
            "coming": st.booleans(),
            "deleted": st.sampled_from([None, None, "2026-01-01 00:00:00"]),
            "end_to_end_id": references,
            "instruction_id": references,
            "mandate_id": references,
            "counterparty": st.one_of(
                st.none(), st.fixed_dictionaries({"label": words})
            ),
        }
    )


@st.composite
def accounts(draw: st.DrawFn) -> Json:
    decimals = draw(st.integers(1, 9))
    return {
        "id": draw(st.integers(1, 10**9)),
        "number": draw(st.one_of(words, st.integers(0, 10**12))),
        "iban": draw(words),
        "balance": draw(amounts(decimals)),
        "last_update": f"{draw(days)} 12:00:00",
        "currency": {"id": "EUR", "precision": decimals},
        "transactions": draw(st.lists(transactions(decimals), max_size=5)),
    }


def file_of(*several: Json) -> str:
    connection = {"accounts": list(several)}
    return render("CONNECTION_SYNCED", json.dumps({"connection": connection})).decode()


def listed(account: Json) -> list[Json]:
    """The transactions that a statement has, in its order."""
    rows = [
        row
        for row in account["transactions"]
        if not row["coming"] and row["deleted"] is None
    ]
    return sorted(rows, key=lambda row: row["date"])


def figure(record: str) -> int:
    """An independent reading of the amount of a record, in its smallest unit."""
    zone = record[90:104]
    value = int(zone[:13] + DIGITS[zone[13]])
    return -value if zone[13] in "}JKLMNOPQR" else value


def joined(*texts: str) -> str:
    """Without blanks, which the ends of lines may stand for."""
    return "".join(texts).replace(" ", "")


@patient
@given(st.lists(accounts(), max_size=3))
def test_records_are_120_allowed_characters(several):
    *records, end = file_of(*several).split("\r\n")
    assert end == ""
    for record in records:
        amount = "" if record[:2] == "05" else record[90:104]
        assert len(record) == 120
        assert re.fullmatch(r"([0-9]{13}[{}A-R])?", amount)
        assert ALLOWED.fullmatch(record.replace(amount, "0" * len(amount)))


@patient
@given(accounts())
def test_the_old_balance_and_the_movements_make_the_new_one(account):
    records = file_of(account).splitlines()
    old, *moves = (figure(each) for each in records[:-1] if each[:2] != "05")
    assert old + sum(moves) == figure(records[-1])
    assert {each[2:32] for each in records if each[:2] != "05"} == {records[0][2:32]}


@patient
@given(accounts())
def test_another_library_reads_what_was_written(account):
    (read,) = StatementReader().parse(io.StringIO(file_of(account), newline=None))
    rows = listed(account)
    assert read.footer.next_amount == Decimal(str(account["balance"]))
    assert len(read.lines) == len(rows)
    total = sum(line.amount for line in read.lines)
    assert read.header.prev_amount + total == read.footer.next_amount
    if not rows:
        return
    first = date.fromisoformat(rows[0]["date"])
    assert read.header.prev_date == str(first - timedelta(days=1))
    assert read.footer.next_date == rows[-1]["date"]
    for line, row in zip(read.lines, rows, strict=True):
        assert line.amount == Decimal(str(row["value"]))
        assert line.operation_date == row["date"]
        assert line.value_date == (row["vdate"] or row["date"])
        assert line["_4:"] == str(row["id"])


@patient
@given(accounts())
def test_another_library_reads_labels_names_and_references(account):
    (read,) = StatementReader().parse(io.StringIO(file_of(account), newline=None))
    for line, row in zip(read.lines, listed(account), strict=True):
        label = fold(row["original_wording"] or "")
        more = [value for key, value in line.items() if key.startswith("label_")]
        assert joined(line.label, *more) == joined(label)
        assert_zone(line, "end2end_identification", row["end_to_end_id"])
        assert_zone(line, "instruction_id", row["instruction_id"])
        assert_zone(line, "mandate_identification", row["mandate_id"])
        party = fold((row["counterparty"] or {}).get("label") or "")[:70].strip()
        incoming = Decimal(str(row["value"])) > 0
        assert_zone(line, "debtor_name" if incoming else "creditor_name", party)


@patient
@given(accounts(), st.data())
def test_whatever_a_member_holds_nothing_else_is_raised(account, data):
    rows = [account, *account["transactions"]]
    row = data.draw(st.sampled_from(rows))
    row[data.draw(st.sampled_from(sorted(row)))] = data.draw(JUNK)
    row["counterparty"] = {"label": data.draw(JUNK), "type": data.draw(JUNK)}
    row["original_value"] = data.draw(JUNK)
    row["original_currency"] = data.draw(JUNK)
    with suppress(CfonbError):
        assert {len(each) for each in file_of(account).splitlines()} == {120}


def assert_zone(line: Json, name: str, expected: str | None) -> None:
    assert line.get(name, "").strip() == (expected or "")
