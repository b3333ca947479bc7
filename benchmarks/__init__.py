"""The targets of the engine's speed, measured: `python -m benchmarks --only P1,P2`."""

from __future__ import annotations
