"""Celery's line to Redis, whose messages are bells: taken when read, never put back."""

from __future__ import annotations

from kombu.transport import redis


class Channel(redis.Channel):
    """Keeps no account of what was not acknowledged.

    A worker that loses Redis would put such messages back while it closes the
    connection; where Redis refuses the one that this takes, kombu 5.7 fails and the
    worker ends.
    """

    ack_emulation = False
    do_restore = False


class Transport(redis.Transport):
    """For CELERY_BROKER_TRANSPORT; takes `redis://` and `rediss://`."""

    Channel = Channel
