"""What a check of a receiver found, and the grade that follows: values, no I/O.

passed      as it should be
warning     works, and will be a nuisance
failed      deliveries will be lost on it, or forgeries believed
skipped     could not be told, or does not apply
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Verdict(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class Check(StrEnum):
    """What is tried, in this order."""

    GENUINE = "genuine"
    FORGED = "forged"
    STALE = "stale"
    DUPLICATE = "duplicate"
    DURATION = "duration"
    REDIRECT = "redirect"
    TLS = "tls"
    GZIP = "gzip"
    LARGE = "large"
    SLOW = "slow"
    IPV6 = "ipv6"


# What a failure of a check costs. Who believes forgeries need not be reached at all;
# who takes no delivery will be sent everything again and again.
_GRADES: Final = {
    Check.FORGED: "F",
    Check.STALE: "D",
    Check.GENUINE: "D",
    Check.REDIRECT: "D",
    Check.TLS: "D",
}
_OTHERWISE: Final = "C"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check: what was seen, in a sentence, and how to mend it, if it is to be."""

    check: Check
    verdict: Verdict
    title: str
    says: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of them, of one webhook."""

    id_webhook: int
    url: str
    findings: Sequence[Finding]

    @property
    def grade(self) -> str:
        """A: nothing to mend; B: warnings; C, D, F: by the worst failure."""
        failed = [each for each in self.findings if each.verdict is Verdict.FAILED]
        if failed:
            return max(_GRADES.get(each.check, _OTHERWISE) for each in failed)
        warned = any(each.verdict is Verdict.WARNING for each in self.findings)
        return "B" if warned else "A"

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "id_webhook": self.id_webhook,
            "url": self.url,
            "grade": self.grade,
            "checks": [
                {
                    "check": each.check,
                    "verdict": each.verdict,
                    "says": each.says,
                    "fix": each.fix or None,
                }
                for each in self.findings
            ],
        }
