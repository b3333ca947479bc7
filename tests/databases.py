"""An empty database beside the tests' own, for processes that bring their schema."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import redis

from tests.processes import ENVIRONMENT
from tests.services import KEYS

Surroundings = dict[str, str]
# For `manage.py shell -c`: an event, an URL, the provider's secret.
REGISTER: Final = """
import json
from apps.auth_providers.models import AuthProvider
from apps.webhooks.models import Webhook
event, url, secret = "%s", "%s", "%s"
provider = AuthProvider.objects.create(
    type="hmac_signature", name="of a test", config=json.dumps({"secret_key": secret}))
Webhook.objects.create(event=event, url=url, auth_provider=provider)
"""


@contextmanager
def surroundings(name: str) -> Iterator[Surroundings]:
    """The environment of processes with this database, and a Redis database, alone."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}")
    bell = urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path="/7"))
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    _execute(f"CREATE DATABASE {name}")
    try:
        yield {
            **kept,
            **KEYS,
            **ENVIRONMENT,
            "DATABASE_URL": urlunsplit(database),
            "REDIS_URL": bell,
        }
    finally:
        _execute(f"DROP DATABASE {name} WITH (FORCE)")
        with redis.Redis.from_url(bell) as client:
            client.flushdb()


def _execute(statement: str) -> None:
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
