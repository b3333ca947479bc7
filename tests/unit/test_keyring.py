"""The key ring."""

from __future__ import annotations

import pytest

from apps.encryption.keyring import Keyring, KeyringError, new_key

OLD, NEW = new_key("old"), new_key("new")


def test_what_it_seals_it_opens():
    ring = Keyring.parse([NEW])
    sealed = ring.seal("sécret", "table.column")
    assert "sécret" not in sealed
    assert sealed.startswith("new.")
    assert ring.open(sealed, "table.column") == "sécret"


def test_the_same_secret_never_looks_the_same():
    ring = Keyring.parse([NEW])
    assert ring.seal("a", "t.c") != ring.seal("a", "t.c")


def test_an_old_key_still_opens_and_the_newest_seals():
    sealed = Keyring.parse([OLD]).seal("a", "t.c")
    ring = Keyring.parse([NEW, OLD])
    assert ring.open(sealed, "t.c") == "a"
    assert ring.seal("a", "t.c").startswith("new.")


def test_a_secret_moved_to_another_column_does_not_open():
    ring = Keyring.parse([NEW])
    with pytest.raises(KeyringError, match="does not open"):
        ring.open(ring.seal("a", "t.c"), "t.other")


@pytest.mark.parametrize("damage", ["gone.AAAA", "new.!!!!", "new.AAAA", "new", ""])
def test_damage_is_an_error(damage):
    with pytest.raises(KeyringError):
        Keyring.parse([NEW]).open(damage, "t.c")


@pytest.mark.parametrize(
    "entries",
    [[], [""], ["k:short"], ["k:AAAA"], ["k k:" + "A" * 43 + "="], [NEW, NEW]],
)
def test_a_bad_setting_is_an_error(entries):
    with pytest.raises(KeyringError):
        Keyring.parse(entries)
