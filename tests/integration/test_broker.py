"""Celery's line to Redis: what a worker loses with it, it does not look for."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import kombu
import pytest
import redis
from celery import current_app
from kombu.common import ignore_errors

from webhooks_project.embedded.redis import Redis


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of the test's own."""
    server = Redis(tmp_path)
    server.start()
    yield server
    server.kill()


def test_a_worker_outlives_a_redis_that_dies_with_a_message_in_hand(mortal: Redis):
    """Celery has a second channel, for orders, and closes both as is done here."""
    queue, orders = (kombu.Queue(f"test-{uuid.uuid4()}") for _ in range(2))
    connection = current_app.connection_for_read(mortal.url)
    held: list[object] = []
    with connection.Producer() as producer:
        producer.publish("ring", routing_key=queue.name, declare=[queue])
    connection.Consumer(queue, on_message=held.append).consume()
    kombu.Consumer(connection.channel(), orders, on_message=held.append).consume()
    connection.drain_events(timeout=2)
    assert len(held) == 1
    with redis.Redis.from_url(mortal.url) as client:
        assert not client.keys("*unacked*")
    with pytest.raises(TimeoutError):
        connection.drain_events(timeout=0.05)
    mortal.kill()
    with contextlib.suppress(redis.ConnectionError):
        connection.collect()
    ignore_errors(connection, connection.close)
    assert not connection.connected
