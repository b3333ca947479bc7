"""Bodies for reading, and numbers and dates in the reader's way of writing."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.utils import translation

from apps.webhooks.console.paging import CappedCount
from apps.webhooks.console.printing import SHOWN_BYTES, pretty
from apps.webhooks.console.tags import distance, duration, percent


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"a":1}', '{\n  "a": 1\n}'),
        (b'{"a":{},"b":[ ]}', '{\n  "a": {},\n  "b": []\n}'),
        (b'[1,"x, {y}",null]', '[\n  1,\n  "x, {y}",\n  null\n]'),
        (
            b'{ "a" : [ {"b":true} ] }',
            '{\n  "a": [\n    {\n      "b": true\n    }\n  ]\n}',
        ),
        (b'{"a\\":{":"\\\\"}', '{\n  "a\\":{": "\\\\"\n}'),
    ],
)
def test_json_is_laid_out(body, text):
    printed = pretty(body)
    assert printed.is_json
    assert printed.text == text


def test_numbers_and_strings_stay_as_they_were_written():
    text = pretty(b'{"n":1.10,"big":12345678901234567890,"e":1E+2,"s":"\\u00e9"}').text
    for written in ("1.10", "12345678901234567890", "1E+2", '"\\u00e9"'):
        assert written in text


@pytest.mark.parametrize(
    "body", [b"<html>", b'{"a":', b'"text"', b"", b"\xff\xfe", None]
)
def test_what_is_no_json_is_shown_as_it_is(body):
    printed = pretty(body)
    assert not printed.is_json
    assert printed.text == (body or b"").decode("utf-8", "replace")


def test_no_more_than_a_bounded_part_is_shown():
    body = b'{"a":"' + b"x" * SHOWN_BYTES + b'"}'
    printed = pretty(body)
    assert (printed.is_cut, printed.is_json) == (True, False)
    assert (len(printed.text), printed.size) == (SHOWN_BYTES, len(body))


def test_nesting_does_not_fill_the_memory():
    deep = b"[" * 900 + b"1" + b",1" * 20_000 + b"]" * 900
    printed = pretty(deep)
    assert printed.is_json
    assert len(printed.text) < 60 * len(deep)
    assert not pretty(b"[" * 30_000 + b"]" * 30_000).is_json


def test_what_a_page_would_obey_is_not_shown():
    shown = pretty('{"a":"\x1b[31m\u202etxt"}').text
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_a_body_is_escaped():
    page = Template("{% load console %}{% body data %}")
    shown = page.render(Context({"data": b'{"<script>":"</pre><img onerror=x>"}'}))
    assert "<script>" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize(
    ("seconds", "english", "french"),
    [
        (0.2, "now", "maintenant"),
        (39.9, "in 39 s", "dans 39\u00a0s"),
        (-200, "3 min ago", "il y a 3\u00a0min"),
        (7300, "in 2 h", "dans 2\u00a0h"),
        (-3 * 86400, "3 days ago", "il y a 3\u00a0jours"),
    ],
)
def test_distances_are_said_in_words(seconds, english, french):
    assert distance(seconds) == english
    with translation.override("fr"):
        assert distance(seconds) == french


def test_what_is_not_known_is_a_dash():
    assert percent(None) == duration(None) == "\u2013"


def test_shares_and_durations():
    assert [percent(part) for part in (0, 0.5, 0.9999, 1.0)] == [
        "0%",
        "50%",
        "99.9%",
        "100%",
    ]
    assert [duration(seconds) for seconds in (0.0004, 0.34, 2.04, 61)] == [
        "0 ms",
        "340 ms",
        "2.0 s",
        "61.0 s",
    ]
    with translation.override("fr"):
        assert percent(0.985) == "98,5\u00a0%"
        assert duration(2.1) == "2,1\u00a0s"


def test_capped_counts_say_so():
    assert str(CappedCount(999)) == "999"
    assert str(CappedCount(10_000, is_capped=True)) == "10,000+"
    with translation.override("fr"):
        assert str(CappedCount(10_000, is_capped=True)) == "10\u00a0000+"
