"""A pytest plugin: real PostgreSQL and Redis for the run, and keys for the settings.

Loaded with `-p tests.services`, so that it acts before pytest-django reads the
settings. A run confined to tests/unit starts nothing.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from webhooks_project.embedded import ServiceError, Services, discard
from webhooks_project.embedded.keys import NOWHERE

PROJECT = Path(__file__).resolve().parent.parent
ROOT = PROJECT / ".services"
UNIT = PROJECT / "tests" / "unit"

KEYS = {
    "SECRET_KEY": "only for tests, and long enough to be taken for one of production",
    "WEBHOOKS_ENCRYPTION_KEYS": "test1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}

# What a server keeps when it is killed, but not when the machine is: tests kill only
# servers, and empty all tables hundreds of times. Drills and benchmarks sync.
FORGETFUL = {"fsync": "off", "full_page_writes": "off"}

RUNNING = pytest.StashKey[Services]()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Prepare the environment before anything reads the settings."""
    # A shell that starts the run in the background ignores Ctrl-C for all it starts,
    # and the processes that tests send it to would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name, value in KEYS.items():
        os.environ.setdefault(name, value)
    if _needs_no_services(early_config):
        for name, value in NOWHERE.items():
            os.environ.setdefault(name, value)
        return
    for name, value in NOWHERE.items():
        # Of the process that handed out the tests, which needed none.
        if os.environ.get(name) == value:
            del os.environ[name]
    # As after Ctrl-C: pytest then runs its clean-ups, and so ours.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _sweep()
    try:
        services = Services(
            ROOT / f"test-{os.getpid()}",
            fresh=True,
            keep=False,
            postgres_settings=FORGETFUL,
        )
        services.__enter__()
    except ServiceError as error:
        raise pytest.UsageError(str(error)) from error
    early_config.add_cleanup(services.stop)
    early_config.stash[RUNNING] = services
    os.environ.update(services.environment())


def _needs_no_services(config: pytest.Config) -> bool:
    options = config.known_args_namespace
    if options.help or options.version or options.collectonly:
        return True
    # With -n the tests are run by processes that come here on their own.
    if options.numprocesses and "PYTEST_XDIST_WORKER" not in os.environ:
        return True
    start = config.invocation_params.dir
    paths = [start / argument.split("::")[0] for argument in options.file_or_dir]
    return bool(paths) and all(path.resolve().is_relative_to(UNIT) for path in paths)


def _sweep() -> None:
    """Take away what runs that were killed left; others that run are left alone."""
    for folder in ROOT.glob("test-*"):
        try:
            discard(folder)
        except ServiceError:
            continue


@pytest.fixture(scope="session")
def services(pytestconfig: pytest.Config) -> Services:
    """The servers of this run, to be restarted or killed by drills."""
    running = pytestconfig.stash.get(RUNNING, None)
    if running is None:
        raise pytest.UsageError("This run is confined to tests/unit: no services.")
    return running
