"""JSON bodies: what is refused, and bytes that stay as they were written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.webhooks.formats.json_body import (
    MAX_DEPTH,
    CheckedPayload,
    InvalidJson,
    checked_payload,
    dump,
    parse_strict,
    raw_member,
    raw_member_of_each,
    splice_id,
)

# The unit tier is to end within seconds; the texts below matter more than their number.
few = settings(max_examples=25, deadline=None)
texts = st.text(
    st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=6,
)
objects = st.dictionaries(texts, values, max_size=4)
separators = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")])


def nested(levels: int, inner: bytes = b"1") -> bytes:
    return b"[" * levels + inner + b"]" * levels


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b"{",
        b'{"a":1,}',
        b"{'a':1}",
        b'{"a":1} 2',
        b'"\x00"',
        b'"\n"',
        b"\xff",
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"NaN",
        b'{"a":Infinity}',
        b"[-Infinity]",
        b'{"a":1,"a":1}',
        b'[{"b":{"a":1,"a":2}}]',
        b'{"a":1,"\\u0061":1}',
        b'"\\u0000"',
        b'{"\\u0000":1}',
        b'"\\ud800"',
        b'"\\uDC00"',
        b'["\\ud83d\\ud83d\\ude00"]',
        b'{"a":["\\udfffx"]}',
        b"1" * 5000,
        nested(MAX_DEPTH + 1),
        nested(1000),
        nested(100_000),
        b"[" * 1000,
        b'{"a":' * 1000 + b"1" + b"}" * 1000,
    ],
)
def test_what_receivers_would_read_differently_is_refused(text):
    with pytest.raises(InvalidJson, match=r"\.$"):
        parse_strict(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b' {"a" : [1, 2.50, "x"]} ', {"a": [1, 2.5, "x"]}),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\\\\u0000 \\\\ud800"', r"\u0000 \ud800"),
        (b'{"a":"[[[[{{{{\\"[["}', {"a": '[[[[{{{{"[['}),
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, json.loads("[" * 64 + "]" * 64)),
        (b'["%s"]' % (b"[" * 1000), ["[" * 1000]),
        (b'["\\"%s"]' % (b"[" * 1000), ['"' + "[" * 1000]),
        (b"[%s]" % b",".join([b"[]"] * 100), [[]] * 100),
    ],
)
def test_what_is_json_is_parsed(text, value):
    assert parse_strict(text) == value


@few
@given(values, separators, st.booleans())
def test_any_json_is_parsed(value, written, ascii_only):
    text = json.dumps(value, separators=written, ensure_ascii=ascii_only).encode()
    assert parse_strict(text) == value


@pytest.mark.parametrize(
    "text", [b'{"a":"' + b'\\"' * 500_000, b"[" + b'"[",' * 500_000, b'"' * 999_999]
)
def test_a_hostile_text_takes_no_more_time_than_its_length(text):
    # Quadratic work on a megabyte would not end within the hour.
    with pytest.raises(InvalidJson):
        parse_strict(text)


@few
@given(objects, separators, st.data())
def test_a_member_is_cut_out_as_it_was_written(value, written, data):
    text = json.dumps(value, separators=written, ensure_ascii=False).encode()
    for key, member in value.items():
        raw = raw_member(text, key)
        assert raw is not None
        assert raw in text
        assert json.loads(raw) == member
    missing = data.draw(texts.filter(lambda key: key not in value))
    assert raw_member(text, missing) is None


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        (b'{"p":1.10}', b"1.10"),
        (b' { "q" : { "p" : 2 } , "p" : [ 1.0,2 ] } ', b"[ 1.0,2 ]"),
        (b'{"\\u0070":"\\u0041"}', b'"\\u0041"'),
        (b'{"a":"}","p":{}}', b"{}"),
        ('{"é€😀":"é€😀","p":"é€😀"}'.encode(), '"é€😀"'.encode()),
        (b"{}", None),
        (b'{"a":{"p":1}}', None),
    ],
)
def test_a_members_digits_and_blanks_are_kept(text, raw):
    assert raw_member(text, "p") == raw


@few
@given(st.lists(objects, max_size=3), separators, texts)
def test_members_of_a_list_are_cut_out_as_one_by_one(items, written, key):
    parts = [json.dumps(item, separators=written).encode() for item in items]
    alone = [raw_member(part, key) for part in parts]
    listed = b" [ " + b" , ".join(parts) + b" ] "
    assert raw_member_of_each(listed, key) == alone
    within = b'{"before":[{"%s":1}],"list":%s,"after":[{}]}' % (b"x", listed)
    assert raw_member_of_each(within, key, within="list") == alone


@pytest.mark.parametrize(
    ("raw", "checked"),
    [
        (b" {\t} ", b"{}"),
        (b"\n{ 'a': 1}\t", b"{ 'a': 1}"),
        (b'{"a":1.0}', b'{"a":1.0}'),
    ],
)
def test_a_checked_payload_has_no_blanks_around_it(raw, checked):
    payload = checked_payload(raw, {"a": 1} if b"a" in raw else {})
    assert isinstance(payload, CheckedPayload)
    assert payload == checked


@pytest.mark.parametrize("value", [None, 1, "{}", [], [{}], {"id_webhook_data": 1}])
def test_what_is_not_an_object_of_the_platforms_is_no_payload(value):
    with pytest.raises(InvalidJson):
        checked_payload(json.dumps(value).encode(), value)


@few
@given(objects)
def test_the_id_is_the_last_member_and_the_rest_untouched(payload):
    payload.pop("id_webhook_data", None)
    raw = checked_payload(dump(payload), payload)
    body = splice_id(raw, 2**40)
    assert json.loads(body) == payload | {"id_webhook_data": 2**40}
    assert body.startswith(raw[:-1])
    assert parse_strict(body)


@few
@given(objects, st.dictionaries(texts, texts, min_size=1, max_size=3))
def test_what_is_added_stands_between_the_payload_and_the_id(payload, added):
    for name in ("id_webhook_data", *added):
        payload.pop(name, None)
    added.pop("id_webhook_data", None)
    raw = checked_payload(dump(payload), payload)
    body = splice_id(raw, 7, dump(added) if added else None)
    # It refuses a name that is there twice.
    assert parse_strict(body) == payload | added | {"id_webhook_data": 7}
    assert list(json.loads(body)) == [*payload, *added, "id_webhook_data"]


@pytest.mark.parametrize(
    "payload",
    [{"a": "\x00"}, {"a": "\ud800"}, {"\udfff": 1}, {"a": float("nan")}, {"a": {1}},
     {"a": float("inf")}, {"a": b"bytes"}],
)  # fmt: skip
def test_values_that_are_no_json_are_refused(payload):
    with pytest.raises(InvalidJson):
        dump(payload)
