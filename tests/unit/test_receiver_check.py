"""The grade of a receiver, from what the checks found."""

from __future__ import annotations

import pytest

from apps.outbound.outcome import Distrust
from apps.webhooks.receiver_check.checks import DISTRUSTS, TITLES
from apps.webhooks.receiver_check.report import Check, Finding, Report, Verdict


def grade(**verdicts: Verdict) -> str:
    """Everything passed but what is named."""
    findings = [
        Finding(
            check=check,
            verdict=verdicts.get(check.value, Verdict.PASSED),
            title="",
            says="",
        )
        for check in Check
    ]
    return Report(id_webhook=1, url="https://a.example/", findings=findings).grade


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ({}, "A"),
        ({"ipv6": Verdict.SKIPPED, "stale": Verdict.SKIPPED}, "A"),
        ({"duration": Verdict.WARNING}, "B"),
        ({"tls": Verdict.WARNING, "gzip": Verdict.WARNING}, "B"),
        ({"large": Verdict.FAILED}, "C"),
        ({"duplicate": Verdict.FAILED, "tls": Verdict.WARNING}, "C"),
        ({"slow": Verdict.FAILED, "gzip": Verdict.FAILED}, "C"),
        ({"stale": Verdict.FAILED, "large": Verdict.FAILED}, "D"),
        ({"genuine": Verdict.FAILED, "redirect": Verdict.FAILED}, "D"),
        ({"tls": Verdict.FAILED}, "D"),
        ({"forged": Verdict.FAILED}, "F"),
        ({"forged": Verdict.FAILED, "stale": Verdict.FAILED}, "F"),
    ],
)
def test_the_worst_that_was_found_is_the_grade(verdicts, expected):
    assert grade(**verdicts) == expected


def test_every_check_has_a_title():
    assert set(TITLES) == set(Check)


def test_each_distrust_has_its_sentence_and_its_mend():
    assert set(DISTRUSTS) == set(Distrust)
