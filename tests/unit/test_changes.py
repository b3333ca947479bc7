"""`trigger --set PATH=VALUE`: changes to a sample."""

from __future__ import annotations

import pytest

from apps.webhooks.management.changes import ChangeRefused, changed

SAMPLE = {"id": 1, "list": [{"name": "a"}], "nested": {"deep": {"x": None}}}


@pytest.mark.parametrize(
    ("change", "place", "value"),
    [
        ("id=7", ["id"], 7),
        ("id=", ["id"], ""),
        ("id=a=b", ["id"], "a=b"),
        ("new=1.50", ["new"], 1.5),
        ('id="7"', ["id"], "7"),
        ("nested.deep.x=true", ["nested", "deep", "x"], True),
        ('nested.deep={"y": []}', ["nested", "deep"], {"y": []}),
        ("list.0.name=b", ["list", 0, "name"], "b"),
        ("list.1=null", ["list", 1], None),
    ],
)
def test_a_change_is_made_where_its_path_leads(change, place, value):
    found = changed(SAMPLE, [change])
    for part in place:
        found = found[part]
    assert found == value


def test_changes_are_made_in_their_order_and_to_a_copy():
    assert changed(SAMPLE, ["list.1={}", "list.1.name=b"])["list"][1] == {"name": "b"}
    assert SAMPLE["list"] == [{"name": "a"}]


@pytest.mark.parametrize(
    "change", ["id", "=1", "a..b=1", "no.such=1", "list.2=1", "list.x=1", "id.x=1"]
)
def test_a_change_that_leads_nowhere_is_refused(change):
    with pytest.raises(ChangeRefused):
        changed(SAMPLE, [change])
