"""The text of API tokens."""

from __future__ import annotations

import hashlib
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.api_tokens.authentication import (
    REMEMBERED_CALLERS,
    Caller,
    RecentCallers,
)
from apps.api_tokens.tokens import is_well_formed, token_hash, token_text

ALPHABET = string.digits + string.ascii_letters
few = settings(max_examples=50, deadline=None)


@few
@given(st.binary(min_size=32, max_size=32))
def test_a_token_is_well_formed_and_of_one_length(randomness):
    text = token_text(randomness)
    assert is_well_formed(text)
    assert text.startswith("bkh_")
    assert len(text) == 53
    assert set(text[4:]) <= set(ALPHABET)


@few
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_different_randomness_makes_different_tokens(one, other):
    assert (token_text(one) == token_text(other)) == (one == other)


@few
@given(
    st.binary(min_size=32, max_size=32), st.integers(4, 52), st.sampled_from(ALPHABET)
)
def test_one_wrong_character_is_noticed(randomness, place, character):
    text = token_text(randomness)
    changed = text[:place] + character + text[place + 1 :]
    assert is_well_formed(changed) == (changed == text)


@pytest.mark.parametrize(
    "text",
    ["", "bkh_", "x" * 53, token_text(bytes(32))[:-1], token_text(bytes(32)) + "0",
     token_text(bytes(32)).upper(), "bkh_" + "é" * 49, "bkh_" + "\x00" * 49],
)  # fmt: skip
def test_what_is_no_token_is_noticed(text):
    assert not is_well_formed(text)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_token_takes_exactly_32_random_bytes(size):
    with pytest.raises(ValueError, match="32 random bytes"):
        token_text(bytes(size))


def test_the_hash_is_the_sha256_of_the_text():
    text = token_text(bytes(range(32)))
    assert token_hash(text) == hashlib.sha256(text.encode()).digest()


def test_a_caller_is_remembered_for_a_second():
    recent = RecentCallers()
    caller = Caller(token=1, scopes=frozenset())
    recent.keep(b"hash", caller, now=10.0)
    assert recent.get(b"hash", now=10.999) is caller
    assert recent.get(b"hash", now=11.0) is None
    assert recent.get(b"other", now=10.0) is None


def test_the_remembered_callers_are_bounded():
    recent = RecentCallers()
    caller = Caller(token=1, scopes=frozenset())
    for number in range(REMEMBERED_CALLERS + 1):
        recent.keep(b"%d" % number, caller, now=0.0)
    assert recent.get(b"0", now=0.0) is None
    assert recent.get(b"%d" % REMEMBERED_CALLERS, now=0.0) is caller
