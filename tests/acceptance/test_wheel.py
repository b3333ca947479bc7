"""The wheel: everything is in it, and somebody else's project runs from it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
import redis

from apps.webhooks.demo.processes import kill_group
from tests.deployment import PROJECT
from tests.make import SECRET
from tests.processes import CELERY, ENVIRONMENT
from tests.services import KEYS

PACKAGES = ("apps", "webhooks_project")
# Read by people who have the sources.
LEFT_OUT = {".po", ".md"}
NAME = "somebody_elses"
REGISTER = """
import json
from apps.auth_providers.models import AuthProvider
from apps.webhooks.models import Webhook
config = json.dumps({"secret_key": "%s"})
provider = AuthProvider.objects.create(
    type="hmac_signature", name="shop", config=config)
Webhook.objects.create(
    event="PAYMENT_STATE_UPDATED", url="%s", auth_provider=provider)
"""
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
def surroundings(site: Path, services: object) -> Iterator[dict[str, str]]:
    """An empty database, another Redis database, and the wheel instead of here."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    bell = urlsplit(os.environ["REDIS_URL"])._replace(path="/7")
    given = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "LANG")
    }
    _execute(f"CREATE DATABASE {NAME}")
    try:
        yield {
            **given,
            **KEYS,
            **ENVIRONMENT,
            "DATABASE_URL": urlunsplit(parts._replace(path=f"/{NAME}")),
            "REDIS_URL": urlunsplit(bell),
            "PYTHONPATH": str(site),
        }
    finally:
        _execute(f"DROP DATABASE {NAME} WITH (FORCE)")
        with redis.Redis.from_url(urlunsplit(bell)) as client:
            client.flushdb()


def _execute(statement: str) -> None:
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)


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
    surroundings, receiver, site, tmp_path
):
    shop = tmp_path / "shop"
    shutil.copytree(PROJECT / "examples" / "shop", shop)

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=shop,
            env=surroundings,
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
    run("manage.py", "shell", "-c", REGISTER % (SECRET, receiver.url("/")))
    with (tmp_path / "pump.log").open("wb") as log:
        pump = subprocess.Popen(
            [sys.executable, *CELERY, "worker", "-Q", "pump", "-c", "1"],
            cwd=shop,
            env=surroundings,
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
