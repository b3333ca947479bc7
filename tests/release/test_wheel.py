"""The wheel: everything is in it, and somebody else's project runs from it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.webhooks.demo.processes import kill_group
from tests.databases import REGISTER, Surroundings, surroundings
from tests.deployment import PROJECT
from tests.make import SECRET
from tests.processes import CELERY

PACKAGES = ("apps", "webhooks_project")
# Read by people who have the sources.
LEFT_OUT = {".po", ".md"}
PAY = """
from django.test import Client
for path in ("/orders/7/pay", "/orders/8/pay?refuse=1"):
    print(Client(headers={"host": "localhost"}).post(path).content.decode())
from django.contrib import admin
print(sorted(model.__name__ for model in admin.site._registry))
from orders.models import Order
print(list(Order.objects.values_list("number", "paid")))
"""


SERVICE = (
    ("migrate", "--verbosity", "0"),
    ("findstatic", "--first", "console/console.css"),
    ("create_token", "shop"),
)


def sources() -> list[str]:
    """What is tracked, or about to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(
        command, cwd=PROJECT, check=True, capture_output=True, text=True
    )
    return [name for name in done.stdout.splitlines() if (PROJECT / name).exists()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, for building leaves folders behind."""
    folder = tmp_path_factory.mktemp("sources")
    for name in sources():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / name, target, follow_symlinks=False)
    command = ["build", "--wheel", "--no-isolation", "--outdir", "dist"]
    subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, check=True, capture_output=True
    )
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def site(wheel: Path) -> Path:
    """Where the wheel is installed, apart from what it depends on."""
    target = wheel.parent / "site"
    pip = ["pip", "install", "--quiet", "--no-deps", "--no-index", "--target"]
    subprocess.run([sys.executable, "-m", *pip, target, wheel], check=True)
    return target


@pytest.fixture
def environment(site: Path, services: object) -> Iterator[Surroundings]:
    """An empty database, and the wheel instead of what is here."""
    with surroundings("somebody_elses") as given:
        yield {**given, "PYTHONPATH": str(site)}


def test_everything_that_is_needed_is_in_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    wanted = {
        name
        for name in sources()
        if name.startswith(PACKAGES)
        and Path(name).suffix not in LEFT_OUT
        and not (PROJECT / name).is_symlink()
    }
    assert wanted - packed == set()
    kinds = ("templates/", "static/", "locale/", "migrations/")
    assert all(any(kind in name for name in packed) for kind in kinds)
    ours = {name for name in packed if ".dist-info/" not in name}
    assert all(name.startswith(PACKAGES) for name in ours)


def test_somebody_elses_project_emits_in_its_transactions(
    environment, receiver, site, tmp_path
):
    shop = tmp_path / "shop"
    shutil.copytree(PROJECT / "examples" / "shop", shop)

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=shop,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    program = "import apps.webhooks, webhooks_project.embedding as e; print(e.__file__)"
    assert run("-c", program).startswith(str(site))
    assert "no issues" in run("manage.py", "check")
    run("manage.py", "migrate", "--verbosity", "0")
    assert "No changes" in run("manage.py", "makemigrations", "--check")
    program = REGISTER % ("PAYMENT_STATE_UPDATED", receiver.url("/"), SECRET)
    run("manage.py", "shell", "-c", program)
    with (tmp_path / "pump.log").open("wb") as log:
        pump = subprocess.Popen(
            [sys.executable, *CELERY, "worker", "-Q", "pump", "-c", "1"],
            cwd=shop,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        said = run("manage.py", "shell", "-v", "0", "-c", PAY).splitlines()
        assert said == [
            '{"paid": true, "told": 1}',
            '{"paid": false}',
            "['Group', 'Order', 'User']",
            "[(7, True)]",
        ]
        log_text = (tmp_path / "pump.log").read_text
        assert receiver.record.wait_for(1, 30), log_text()
    finally:
        pump.terminate()
        pump.wait(30)
        kill_group(pump.pid)
    (delivery,) = receiver.record.deliveries()
    assert delivery.genuine
    # And the service itself, beside it on the same database.
    for command in SERVICE:
        run(str(site / "bin" / "bankhooks"), *command)
