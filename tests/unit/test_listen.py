"""What `manage.py listen --forward` takes for new, and where it goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.receiver.following import UNSETTLED, Following
from apps.receiver.service import Row, is_loopback, place

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OLD, YOUNG = NOW - UNSETTLED - timedelta(seconds=1), NOW - timedelta(seconds=1)


def row(number: int, state: str = "pending", created: datetime = OLD) -> Row:
    return Row(number, "USER_CREATED", state, created)


def look(following: Following, *rows: Row) -> list[int]:
    """One look at what comes after the position; what it takes for new."""
    later = [each for each in rows if each.id > following.position]
    new = [each for each in later if following.is_new(each)]
    for each in new:
        following.settle(each)
    following.advance(later, NOW)
    return [each.id for each in new]


def test_each_is_new_once_and_the_position_follows():
    following = Following(4)
    assert look(following, row(4), row(5), row(6)) == [5, 6]
    assert following.position == 6
    assert look(following, row(5), row(6)) == []


def test_what_is_young_is_looked_at_again_for_a_lower_id_may_still_appear():
    following = Following(0)
    assert look(following, row(1), row(3, created=YOUNG)) == [1, 3]
    assert following.position == 1
    assert look(following, row(2, created=YOUNG), row(3, created=YOUNG)) == [2]
    assert look(following, row(2), row(3)) == []
    assert following.position == 3


def test_what_is_held_is_new_when_it_is_released():
    following = Following(0)
    assert look(following, row(1, "held"), row(2)) == [2]
    assert following.position == 0
    assert look(following, row(1), row(2)) == [1]
    assert following.position == 2


@pytest.mark.parametrize("state", ["cancelled", "quarantined", "planned"])
def test_what_is_not_delivered_is_not_forwarded(state):
    following = Following(0)
    assert look(following, row(1, state), row(2, "delivered")) == [2]
    assert following.position == 2


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:3000/hook", True),
        ("http://127.0.0.1", True),
        ("http://127.8.8.8/", True),
        ("http://[::1]:3000/", True),
        ("http://app.localhost/", True),
        ("http://localhost.example.com/", False),
        ("http://192.168.0.7/", False),
        ("http://0.0.0.0/", False),
        ("https://example.com/?x=localhost", False),
        ("http://localhost@example.com/", False),
    ],
)
def test_only_this_machine_is_this_machine(url, expected):
    try:
        found = is_loopback(place(url, name="--forward"))
    except ValueError:
        found = False
    assert found is expected


TO = ["--forward", "http://localhost:3000/hook"]
FROM = ["--api", "https://hooks.example.com", "--webhook", "7", "--token", "t"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--api", "https://a.example"], "--api goes with --forward."),
        (["--token", "t"], "--token goes with --forward."),
        ([*TO, *FROM[2:]], "--forward needs --api."),
        ([*TO, *FROM[:2]], "--forward needs --webhook."),
        ([*TO, *FROM, "--port", "1"], "--port does not go with --forward."),
        ([*TO, *FROM, "--fail-rate", "1"], "--fail-rate does not go with --forward."),
        ([*TO, *FROM, "--every", "0"], "--every is more than 0."),
        ([*TO, *FROM[:4]], "Give the API's token: in the variable TOKEN, or --token."),
        (
            [*TO, *FROM, "--api", "http://hooks.example.com"],
            "--api must be https: the token would be read on the way.",
        ),
        ([*TO, *FROM, "--api", "ftp://x"], "--api is no http or https URL: ftp://x"),
        (["--forward", "nonsense", *FROM], "--forward is no http or https URL"),
        (
            ["--forward", "http://u:p@localhost/", *FROM],
            "--forward must not have a user name or password.",
        ),
        (
            ["--forward", "https://example.com/", *FROM],
            "example.com is not this machine. Deliveries are bank data: "
            "--allow-host example.com lets them go there.",
        ),
        (
            ["--forward", "https://a.example/", *FROM, "--allow-host", "b.example"],
            "a.example is not this machine.",
        ),
    ],
)
def test_what_must_not_be_called_is_refused_in_a_sentence(
    arguments, sentence, monkeypatch
):
    monkeypatch.delenv("TOKEN", raising=False)
    with pytest.raises(CommandError) as refusal:
        call_command("listen", *arguments, stdout=StringIO())
    assert str(refusal.value).startswith(sentence)
    assert refusal.value.returncode == 2
