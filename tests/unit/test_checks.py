"""System checks of the settings."""

from __future__ import annotations

import pytest
from django.core.checks import Error, run_checks
from django.core.checks.registry import registry

from apps.encryption.keyring import new_key
from apps.webhooks import checks
from webhooks_project import settings as project

GOOD = {
    "WEBHOOKS_LEASE": 20.0,
    "WEBHOOKS_DEADLINE": 10.0,
    "WEBHOOKS_SETTLE": 10.0,
    "WEBHOOKS_ENCRYPTION_KEYS": [new_key("k1")],
    "WEBHOOKS_ALLOWED_NETWORKS": "10.1.0.0/16",
    "WEBHOOKS_ALLOW_HTTP": False,
    "WEBHOOKS_SCHEMA_CHECK": "enforce",
    "HTTPS_ONLY": True,
    "SECRET_KEY": "an-example-of-fifty-characters-0123456789-and-more!",
}


def broker(**changes: object) -> dict[str, object]:
    """The options of the connection to Redis, one of them changed."""
    name = "CELERY_BROKER_TRANSPORT_OPTIONS"
    return {name: getattr(project, name) | changes}


def found(settings, deploy: bool = True, **changes) -> set[str]:
    """The ids of what our checks say of these settings."""
    for name, value in (GOOD | changes).items():
        setattr(settings, name, value)
    messages = run_checks(include_deployment_checks=deploy)
    return {m.id for m in messages if m.id and m.id.startswith("webhooks.")}


def test_good_settings_pass(settings):
    assert found(settings) == set()


@pytest.mark.parametrize(
    ("changes", "identifier"),
    [
        ({"WEBHOOKS_LEASE": 19.9}, "webhooks.E001"),
        ({"WEBHOOKS_DEADLINE": 10.1}, "webhooks.E001"),
        ({"WEBHOOKS_SETTLE": 10.1}, "webhooks.E001"),
        ({"WEBHOOKS_ENCRYPTION_KEYS": []}, "webhooks.E002"),
        ({"WEBHOOKS_ENCRYPTION_KEYS": ["k1:short"]}, "webhooks.E002"),
        ({"WEBHOOKS_ENCRYPTION_KEYS": ["nonsense"]}, "webhooks.E002"),
        ({"WEBHOOKS_ALLOWED_NETWORKS": "everything"}, "webhooks.E003"),
        ({"WEBHOOKS_ALLOWED_NETWORKS": "10.0.0.1/8"}, "webhooks.E003"),
        ({"WEBHOOKS_SCHEMA_CHECK": "enforced"}, "webhooks.E005"),
        ({"CELERY_TASK_IGNORE_RESULT": False}, "webhooks.E007"),
        ({"CELERY_RESULT_BACKEND": "redis://127.0.0.1/1"}, "webhooks.E007"),
        ({"CELERY_TASK_ACKS_LATE": True}, "webhooks.E007"),
        ({"CELERY_TASK_REJECT_ON_WORKER_LOST": True}, "webhooks.E007"),
        ({"CELERY_TASK_PUBLISH_RETRY": True}, "webhooks.E007"),
        ({"CELERY_WORKER_PREFETCH_MULTIPLIER": 4}, "webhooks.E007"),
        ({"CELERY_ACCEPT_CONTENT": ["json", "pickle"]}, "webhooks.E007"),
        (broker(socket_timeout=None), "webhooks.E007"),
        (broker(socket_timeout=1), "webhooks.E007"),
        (broker(socket_connect_timeout=30), "webhooks.E007"),
        (broker(health_check_interval=0), "webhooks.E007"),
        ({"CELERY_TASK_SOFT_TIME_LIMIT": 59}, "webhooks.E008"),
        ({"CELERY_TASK_TIME_LIMIT": 75}, "webhooks.E008"),
        ({"WEBHOOKS_PUMP_RUN": 36.0}, "webhooks.E008"),
    ],
)
def test_what_makes_deliveries_wrong_is_an_error_everywhere(
    settings, changes, identifier
):
    assert found(settings, deploy=False, **changes) == {identifier}


@pytest.mark.parametrize(
    ("changes", "identifier"),
    [
        ({"SECRET_KEY": "short"}, "webhooks.E004"),
        ({"SECRET_KEY": "a" * 60}, "webhooks.E004"),
        ({"SECRET_KEY": f"django-insecure-{GOOD['SECRET_KEY']}"}, "webhooks.E004"),
        ({"WEBHOOKS_ALLOWED_NETWORKS": "127.0.0.1"}, "webhooks.E006"),
        ({"WEBHOOKS_ALLOWED_NETWORKS": "10.1.0.0/16, ::1"}, "webhooks.E006"),
        ({"WEBHOOKS_ALLOWED_NETWORKS": "0.0.0.0/0"}, "webhooks.E006"),
    ],
)
def test_what_is_for_a_developers_machine_is_refused_in_production(
    settings, changes, identifier
):
    assert found(settings, deploy=False, **changes) == {identifier}
    changes["HTTPS_ONLY"] = False
    assert found(settings, deploy=False, **changes) == set()


def test_unencrypted_receivers_are_a_warning_at_deployment(settings):
    changes = {"WEBHOOKS_ALLOW_HTTP": True}
    assert found(settings, **changes) == {"webhooks.W002"}
    assert found(settings, deploy=False, **changes) == set()


def test_no_check_tells_a_key(settings):
    settings.WEBHOOKS_ENCRYPTION_KEYS = ["k1:secretsecret"]
    (error,) = checks.encryption_keys_are_readable()
    assert isinstance(error, Error)
    assert "secretsecret" not in str(error)


def test_the_checks_are_registered():
    known = registry.registered_checks | registry.deployment_checks
    assert checks.lease_outlives_request in known
    assert checks.http_is_closed in known
