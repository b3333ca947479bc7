"""Figures of processes: counted cheaply, merged rightly, off unless wished."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from apps.metrics import files, process
from apps.metrics.files import (
    begin_anew,
    file_place,
    free_place,
    take_place,
    taken_place,
)
from apps.metrics.process import BATCHES, LONG, Gathered, new_figures
from apps.outbound.outcome import Cause
from apps.webhooks.engine.settle import Settlement
from apps.webhooks.engine.watch import HAND_ON_SECONDS, Watch
from tests.deployment import PROJECT

# Two processes of one role, one after the other and at once.
ROLE = """
import os, sys
import django
django.setup()
from apps.metrics.files import take_place
from apps.metrics.process import figures
place, count = sys.argv[1:]
take_place(place)
figures().emitted_events.inc(int(count))
figures().emit_duration.observe(0.02)
figures().pump_in_flight.set(int(count))
"""
SHOW = """
import django
django.setup()
from apps.webhooks.scrape import scrape
print(scrape(database=False).decode())
"""


def settlement(cause: Cause = Cause.ACCEPTED, total_us: int = 1_000) -> Settlement:
    rest = (None,) * 5
    return Settlement(
        1,
        2,
        3,
        4,
        5,
        cause is Cause.ACCEPTED,
        6,
        cause.value,
        *rest,
        total_us,
        None,
        7,
        8,
    )


def samples(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if line and line[0] != "#"]
    return {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in lines)
    }


def run(code: str, folder: Path | str, *arguments: str) -> str:
    """A process of its own, with figures kept in the folder."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "webhooks_project.settings",
        "PROMETHEUS_MULTIPROC_DIR": str(folder),
    }
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_nothing_is_kept_without_a_folder_or_a_place(tmp_path):
    assert process.figures() is None
    kept = "import django; django.setup(); from apps.metrics.process import figures; "
    placed = kept + "from apps.metrics.files import take_place; take_place('w0'); "
    assert run(kept + "print(figures())", tmp_path) == "None\n"
    assert list(tmp_path.iterdir()) == []
    assert run(placed + "print(figures())", "") == "None\n"
    assert run(placed + "print(figures() is None)", tmp_path) == "False\n"


@pytest.mark.parametrize(
    "command",
    [
        ("manage.py", "check"),
        ("-m", "celery", "-A", "webhooks_project", "report"),
    ],
)
def test_a_command_leaves_no_files_of_figures(tmp_path, command):
    """A health check comes every minute, and would fill the folder in a day."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        check=True,
    )
    assert list(tmp_path.iterdir()) == []


def test_processes_are_added_up_and_successors_go_on(tmp_path):
    for own, count in (("w0", "3"), ("w1", "4"), ("w0", "5")):
        run(ROLE, tmp_path, own, count)
    found = samples(run(SHOW, tmp_path))
    assert found["bankhooks_emitted_events_total"] == 12
    assert found["bankhooks_emit_duration_seconds_count"] == 3
    # Of who has the place now.
    assert found["bankhooks_pump_in_flight"] == 4 + 5
    assert len(list(tmp_path.glob("counter_*.db"))) == 2


def test_a_role_that_starts_begins_anew(tmp_path):
    run(ROLE, tmp_path, "w0", "3")
    begin_anew(str(tmp_path))
    assert list(tmp_path.glob("*.db")) == []
    begin_anew(str(tmp_path / "new" / "folder"))
    assert (tmp_path / "new" / "folder").is_dir()
    begin_anew("")


def test_a_place_is_its_processs_own():
    assert taken_place() is None
    take_place("w7")
    try:
        assert file_place() == taken_place() == "w7"
        child = os.fork()
        if child == 0:
            os._exit(int(taken_place() is not None or file_place() == "w7"))
        assert os.waitpid(child, 0)[1] == 0
    finally:
        files._places.clear()


@pytest.mark.parametrize(
    ("taken", "free"), [(set(), 0), ({0}, 1), ({1, 2}, 0), ({0, 1, 3}, 2)]
)
def test_the_lowest_place_that_is_free_is_given(taken, free):
    assert free_place(taken) == free


@pytest.mark.parametrize("values", [[], [1], [1, 2, 500, 501], [200] * 7])
def test_what_was_gathered_is_as_if_observed_one_by_one(values):
    one, other = CollectorRegistry(), CollectorRegistry()
    figures, expected = new_figures(one), new_figures(other)
    gathered = Gathered(figures.settle_batch_size, BATCHES)
    for _ in range(2):
        gathered.observe(values)
        gathered.hand_on()
        for value in values:
            expected.settle_batch_size.observe(value)
    assert _without_dates(one) == _without_dates(other)


def _without_dates(registry: CollectorRegistry) -> dict[str, float]:
    found = samples(generate_latest(registry).decode())
    return {name: value for name, value in found.items() if "_created" not in name}


def test_a_watch_hands_on_once_a_second_and_at_its_end():
    registry = CollectorRegistry()
    figures = new_figures(registry)
    watch = Watch(figures, sample=0.0, sockets=400, now=10.0)
    watch.settled([settlement(), settlement(Cause.TIMEOUT, 10_000_000)], took=0.003)
    watch.looked(9, 10.0 + HAND_ON_SECONDS / 2)
    assert registry.get_sample_value("bankhooks_pump_in_flight") == 0
    watch.looked(9, 10.0 + HAND_ON_SECONDS)
    found = samples(generate_latest(registry).decode())
    assert found["bankhooks_pump_in_flight"] == 9
    assert found["bankhooks_pump_sockets"] == 400
    assert found["bankhooks_pump_awake_seconds_total"] == HAND_ON_SECONDS
    assert found['bankhooks_attempts_total{outcome="accepted"}'] == 1
    assert found['bankhooks_attempts_total{outcome="timeout"}'] == 1
    assert found["bankhooks_attempt_duration_seconds_sum"] == 10.001
    assert found['bankhooks_attempt_duration_seconds_bucket{le="5.0"}'] == 1
    assert found['bankhooks_attempt_duration_seconds_bucket{le="10.0"}'] == 2
    assert found["bankhooks_settle_batch_size_sum"] == 2
    assert found['bankhooks_settle_duration_seconds_bucket{le="0.005"}'] == 1
    watch.settled([settlement()], took=0.001)
    watch.ended(13.0)
    found = samples(generate_latest(registry).decode())
    assert found['bankhooks_attempts_total{outcome="accepted"}'] == 2
    assert found["bankhooks_pump_in_flight"] == found["bankhooks_pump_sockets"] == 0
    assert found["bankhooks_pump_runs_total"] == 1
    assert found["bankhooks_pump_awake_seconds_total"] == 3


def test_the_longest_deadline_has_a_bucket():
    assert max(LONG) >= 30
