"""Mutants: each finds the guard that it removes, or its drill would show nothing."""

from __future__ import annotations

import pytest

from tests.drills.all_mutants import MUTANTS


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_applies_to_the_service_as_it_is(name):
    for owner, attribute, value in MUTANTS[name].changed():
        assert getattr(owner, attribute) != value
