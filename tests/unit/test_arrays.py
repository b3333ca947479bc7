"""Columns as PostgreSQL array literals."""

from __future__ import annotations

import pytest

from apps.webhooks.engine.arrays import array


@pytest.mark.parametrize(
    ("column", "literal"),
    [
        ([], "{}"),
        ([1, 2, 3], "{1,2,3}"),
        ([7, 7], "{7,7}"),
        ([None, None], "{NULL,NULL}"),
        ([1, None], "{1,NULL}"),
        ([None, 1], "{NULL,1}"),
        ([True, False], "{True,False}"),
        (["a", ""], '{"a",""}'),
        (["", ""], '{"",""}'),
        (["null", None], '{"null",NULL}'),
        (['say "hi"', "back\\slash"], '{"say \\"hi\\"","back\\\\slash"}'),
        ([b"\x00\xff", b""], '{"\\\\x00ff",""}'),
        ([b"\x00", b"\x00"], '{"\\\\x00","\\\\x00"}'),
    ],
)
def test_a_column_becomes_one_literal(column, literal):
    assert array(column) == literal
