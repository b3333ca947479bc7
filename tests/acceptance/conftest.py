"""Fixtures: the service's own processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.webhooks import tasks
from tests.processes import Process, running


@pytest.fixture
def start(transactional_db: None, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start a role: `pump`, `control` or `beat`. The broker begins empty."""
    tasks.mailbox().redis.flushall()
    with running(tmp_path) as starter:
        yield starter
    tasks.mailbox().redis.flushall()
