"""The engine's settings during the benchmark, for the record."""

from __future__ import annotations

from dataclasses import asdict

from apps.webhooks.conf import engine_settings
from benchmarks.talk import say

if __name__ == "__main__":
    say(asdict(engine_settings()))
