"""Why a signature does not fit: the debugger for receivers. Pure, no I/O."""

from __future__ import annotations

from apps.auth_providers.diagnosis.diagnose import diagnose
from apps.auth_providers.diagnosis.findings import (
    BadInput,
    Cause,
    Diagnosis,
    Finding,
    Verdict,
)

__all__ = ["BadInput", "Cause", "Diagnosis", "Finding", "Verdict", "diagnose"]
