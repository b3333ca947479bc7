"""The log: stable keys for machines, lines for people, and nothing that is secret."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError
from structlog.contextvars import bound_contextvars

from tests.deployment import DEPLOY, PROJECT
from webhooks_project.celery import app
from webhooks_project.logs import STYLES, ToStderr, logging_config

ALWAYS = ["timestamp", "level", "logger", "message"]
IBAN = "FR7630006000011234567890189"
ERROR = IntegrityError(f"null value\nDETAIL:  Failing row contains ({IBAN}).\n")
# What `extra` may be about, and the rest that has a name in deploy/monitoring.md.
KEYS = set(re.findall(r"`(\w+)`", (DEPLOY / "monitoring.md").read_text()))
SOURCES = [
    *(PROJECT / "apps").rglob("*.py"),
    *(PROJECT / "webhooks_project").rglob("*.py"),
]


def formatted(style: str = "json", **fields: Any) -> str:
    """A record as it is written."""
    config = logging_config(level="INFO", style=style)
    given = dict(config["formatters"]["line"])
    formatter = given.pop("()")(**given)
    record = logging.makeLogRecord(
        {"name": "apps.example", "levelname": "WARNING", "msg": "It is so.", **fields}
    )
    return str(formatter.format(record))


def line(**fields: Any) -> dict[str, Any]:
    text = formatted(**fields)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def raised(error: Exception, cause: Exception | None = None) -> Any:
    """As `logger.exception` has it."""
    try:
        raise error from cause
    except type(error) as caught:
        return (type(caught), caught, caught.__traceback__)


def test_a_line_has_the_same_keys_first_and_then_what_it_is_about():
    found = line(msg="Webhook %s.", args=(7,), id_webhook=7, event="USER_SYNCED")
    assert list(found) == [*ALWAYS, "id_webhook", "event"]
    assert found["message"] == "Webhook 7."
    assert (found["level"], found["logger"]) == ("warning", "apps.example")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z", found["timestamp"])


def test_what_is_not_plain_is_left_out():
    found = line(data={"payload": IBAN}, body=b"secret", ids=[1], count=3, at=None)
    assert list(found) == [*ALWAYS, "count", "at"]


def test_of_a_request_there_is_its_number_and_not_its_url():
    request = SimpleNamespace(request_id=42, path="/auth/token/code?code=secret")
    found = line(
        msg="%s: %s", args=("Not Found", request.path), request=request, status_code=404
    )
    assert found["message"] == "Not Found: an unknown path"
    assert (found["request_id"], found["status_code"]) == (42, 404)
    assert "secret" not in str(found)


def test_of_a_path_there_is_the_route():
    match = SimpleNamespace(route="webhooks/<id:id_webhook>")
    request = SimpleNamespace(request_id=42, path="/webhooks/s3", resolver_match=match)
    found = line(msg="%s: %s", args=("Gone", "/webhooks/s3"), request=request)
    assert found["message"] == "Gone: /webhooks/<id:id_webhook>"


def test_lines_of_a_request_have_its_number():
    with bound_contextvars(request_id=43):
        assert line()["request_id"] == 43
    assert "request_id" not in line()


def test_an_error_has_its_way_and_its_first_line_only():
    error = IntegrityError(
        'null value in column "name"\nDETAIL:  Failing row contains (1, '
        f'{{"iban": "{IBAN}"}}).\n'
    )
    found = line(exc_info=raised(RuntimeError("It failed.\nSecond"), error))
    exception = found["exception"]
    assert 'django.db.utils.IntegrityError: null value in column "name"' in exception
    assert exception.splitlines()[-1] == "builtins.RuntimeError: It failed."
    assert "test_logs.py" in exception
    assert IBAN not in str(found)
    assert "DETAIL" not in str(found)
    assert len(line(exc_info=raised(ValueError("x" * 10_000)))["exception"]) < 1000


@pytest.mark.parametrize(
    ("msg", "args"),
    [
        ("Task %(name)s raised: %(exc)s", {"name": "sync", "exc": repr(ERROR)}),
        ("It failed: %r.", (ERROR,)),
        ("It failed: %s.", (ERROR,)),
        (ERROR, ()),
    ],
)
def test_an_error_in_a_sentence_has_its_first_line_only(msg, args):
    found = line(msg=msg, args=args, exc_info=raised(ERROR))
    assert "IntegrityError: null value" in found["message"]
    assert IBAN not in str(found)


@pytest.mark.parametrize("style", STYLES)
def test_nothing_secret_is_in_either_style(style):
    request = SimpleNamespace(request_id=42, path="/?token=secret")
    error = IntegrityError(f"duplicate key\nDETAIL:  Key (payload)=({IBAN}) exists.")
    text = formatted(style, request=request, exc_info=raised(error), data={"t": IBAN})
    assert IBAN not in text
    assert "secret" not in text
    assert "duplicate key" in text


def test_people_get_lines():
    text = formatted("human", id_webhook=7)
    assert text.count("\n") == 0
    assert "It is so." in text
    assert "id_webhook=7" in re.sub(r"\x1b\[\d+m", "", text)
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


def test_lines_go_to_what_stderr_is_now(monkeypatch):
    """A progress bar takes its place for a while."""
    handler = ToStderr()
    for name in ("one", "other"):
        now = io.StringIO()
        monkeypatch.setattr(sys, "stderr", now)
        handler.handle(logging.makeLogRecord({"msg": name}))
        assert now.getvalue() == f"{name}\n"


def test_a_worker_leaves_stderr_to_the_log():
    """In its place Celery would put a logger, and no line would arrive any more."""
    assert app.conf.worker_redirect_stdouts is False


def test_another_style_is_refused():
    with pytest.raises(ImproperlyConfigured, match="json, human"):
        logging_config(level="INFO", style="xml")


def test_statements_are_never_logged_and_nor_is_each_wake_of_a_pump():
    loggers = logging_config(level="DEBUG", style="json")["loggers"]
    assert loggers["django.db.backends"]["level"] == "INFO"
    assert loggers["celery.app.trace"]["level"] == "WARNING"
    assert loggers["celery.worker.strategy"]["level"] == "WARNING"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_what_lines_are_about_is_documented(path: Path):
    """Every key of every `extra`, and none that a record has itself."""
    source = path.read_text(encoding="utf-8")
    for given in re.findall(r"extra=\{(.*?)\}", source, re.DOTALL):
        keys = set(re.findall(r'"(\w+)":', given))
        assert keys
        assert keys <= KEYS
        assert not keys & set(vars(logging.makeLogRecord({})))
