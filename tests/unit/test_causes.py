"""Why it failed, in plain language: a sentence and a next step for every cause."""

from __future__ import annotations

import pytest
from django.utils import translation

from apps.outbound.outcome import Cause
from apps.webhooks.causes import explain
from apps.webhooks.console.badges import Tone, of_cause, of_state
from apps.webhooks.models import WebhookData

FAILURES = [cause for cause in Cause if cause is not Cause.ACCEPTED]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("cause", FAILURES)
def test_every_cause_has_a_sentence_and_a_next_step(cause, language):
    with translation.override(language):
        plain = explain(cause, 418 if cause is Cause.STATUS else None)
    assert plain.sentence.endswith(".")
    assert plain.next_step.endswith(".")
    assert plain != explain("no such cause")


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (101, "receipt"),
        (302, "Redirects"),
        (400, "sample"),
        (401, "secret"),
        (403, "forbids"),
        (404, "path"),
        (405, "POST"),
        (410, "Delete"),
        (413, "compression"),
        (418, "answer"),
        (429, "Retry-After"),
        (500, "log"),
        (503, "sent again"),
        (600, "log"),
    ],
)
def test_a_status_has_advice_of_its_own(status, word):
    plain = explain("status", status)
    assert str(status) in plain.sentence
    assert word in plain.next_step


def test_both_languages_say_something_else():
    english = explain("timeout")
    with translation.override("fr"):
        french = explain("timeout")
        answered = explain("status", 503)
    assert english.sentence != french.sentence
    assert english.next_step != french.next_step
    assert answered.sentence == "Le récepteur a répondu 503."


def test_what_was_accepted_needs_no_next_step():
    assert explain("accepted", 204).next_step == ""


def test_a_cause_of_a_later_version_is_no_failure_of_the_page():
    assert explain("quantum").sentence
    assert of_cause("quantum").tone is Tone.BAD


def test_badges_differ_by_word_and_tone():
    assert of_cause("accepted", 204).tone is Tone.GOOD
    assert of_cause("status", 503).detail == "503"
    words = {str(of_state(state).text) for state in WebhookData.State}
    assert len(words) == len(WebhookData.State)
    assert of_state(1, attempts=2).tone is Tone.WARNING
