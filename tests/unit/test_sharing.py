"""What a pump leaves to others, and how often it looks."""

from __future__ import annotations

from apps.webhooks.engine.pace import BUSY_POLL_SECONDS, MANY, POLL_SECONDS, Pace
from apps.webhooks.engine.sharing import (
    ABSTAIN_SECONDS,
    HELP_SECONDS,
    Company,
    Sharing,
)

TOO_MUCH = {"saturated": True}


def test_help_is_wanted_once_it_has_been_too_much_for_a_while():
    sharing = Sharing(0.0)
    assert not sharing.wants_help(HELP_SECONDS, **TOO_MUCH)
    assert sharing.wants_help(HELP_SECONDS * 1.1, **TOO_MUCH)
    assert not sharing.wants_help(HELP_SECONDS * 1.2, saturated=False)
    assert not sharing.wants_help(HELP_SECONDS * 2, **TOO_MUCH)


def test_those_that_are_free_get_their_share_however_long_they_are_awake():
    sharing = Sharing(0.0)
    assert sharing.kept(100, Company(2, 0), 1.0, wants_help=True) == 100
    assert sharing.kept(100, Company(2, 1), 1.0, wants_help=False) == 100
    assert sharing.kept(100, Company(2, 1), 1.0, wants_help=True) == 50
    assert sharing.kept(100, Company(8, 1), 1.0, wants_help=True) == 88
    assert sharing.kept(100, Company(8, 7), 1.0, wants_help=True) == 13


def test_the_last_webhook_is_not_handed_to_and_fro():
    sharing = Sharing(0.0)
    assert sharing.kept(1, Company(2, 1), 1.0, wants_help=True) == 1
    assert sharing.may_acquire(1.0)


def test_what_was_left_to_others_is_not_taken_back_at_once():
    sharing = Sharing(0.0)
    sharing.kept(2, Company(2, 1), 1.0, wants_help=True)
    assert not sharing.may_acquire(1.0 + ABSTAIN_SECONDS / 2)
    # Nor is more left to them before it shows what they do with it.
    assert not sharing.wants_help(1.0 + HELP_SECONDS * 0.9, **TOO_MUCH)
    assert sharing.may_acquire(1.0 + ABSTAIN_SECONDS)
    sharing.kept(2, Company(2, 1), 2.0, wants_help=True)
    sharing.forget()
    assert sharing.may_acquire(2.0)


def test_a_pump_whose_requests_end_fast_looks_less_often():
    pace = Pace()
    pace.looked(1.0, 1.0, rings=0, ended=0)
    assert pace.next_look == 1.0 + POLL_SECONDS
    pace.looked(1.01, 1.01, rings=0, ended=int(MANY * 0.01) + 1)
    assert pace.next_look == 1.01 + BUSY_POLL_SECONDS


def test_the_more_it_rang_the_longer_a_pump_rests_from_a_look():
    """And so fewer looks serve as many rings; a single ring waits no longer."""
    rests = []
    for rings in (0, 1, 3, 1_000):
        pace = Pace()
        pace.looked(1.0, 1.001, rings=rings, ended=0)
        pace.rang()
        rests.append(round(pace.next_look - 1.0, 6))
    assert rests == [0.002, 0.002, 0.006, BUSY_POLL_SECONDS]


def test_requests_that_hang_keep_no_pump_from_looking():
    """However many are in flight: a few that end beside them are few."""
    pace = Pace()
    pace.looked(1.0, 1.0, rings=0, ended=0)
    pace.looked(1.01, 1.01, rings=0, ended=5)
    assert pace.next_look == 1.01 + POLL_SECONDS
