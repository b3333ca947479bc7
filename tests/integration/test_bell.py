"""The bell: coalesced, and harmless when it is lost."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Iterator

import pytest
from django.conf import settings
from redis.exceptions import RedisError

from apps.webhooks import tasks
from apps.webhooks.engine.bell import DEAF_SECONDS, Bell
from apps.webhooks.engine.mailbox import Mailbox


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mailbox of its own in the real Redis."""
    box = Mailbox.at(settings.REDIS_URL, prefix=f"test:{uuid.uuid4()}:")
    yield box
    for name in ("bell", "pumps", "posted", "waiting", "wake", "free"):
        box.redis.delete(box.prefix + name)
    box.redis.close()


@pytest.fixture
def nowhere() -> Iterator[Mailbox]:
    """A mailbox whose Redis takes connections and never answers."""
    server = socket.create_server(("127.0.0.1", 0))
    box = Mailbox.at(f"redis://127.0.0.1:{server.getsockname()[1]}/0")
    yield box
    box.redis.close()
    server.close()


def test_only_the_first_ring_posts_a_message(mailbox):
    assert [mailbox.ring() for _ in range(5)] == [True] + [False] * 4
    assert mailbox.count() == 5


def test_whoever_insists_does_not_trust_that_somebody_has_posted(mailbox):
    assert mailbox.ring()
    assert [mailbox.ring(), mailbox.ring(insist=True)] == [False, True]
    mailbox.enter("one")
    assert not mailbox.ring(insist=True)


def test_nothing_is_posted_while_a_message_waits_for_a_worker(mailbox):
    mailbox.redis.rpush(mailbox.prefix + mailbox.queue, "a message of Celery's")
    assert not mailbox.ring()
    mailbox.redis.delete(mailbox.prefix + mailbox.queue)
    assert mailbox.ring()


def test_the_queue_is_where_celery_keeps_it():
    """The mailbox looks at Celery's list itself; kombu names it so."""
    box = tasks.mailbox()
    box.redis.flushall()
    tasks.post()
    assert box.redis.llen(box.prefix + box.queue) == 1
    box.redis.flushall()


def test_nothing_is_posted_while_a_pump_is_awake(mailbox):
    mailbox.enter("one")
    assert not mailbox.ring()
    assert mailbox.leave("one", mailbox.count())
    assert mailbox.ring()


def test_a_pump_may_not_leave_when_it_rang_meanwhile(mailbox):
    mailbox.enter("one")
    seen = mailbox.count()
    mailbox.ring()
    assert not mailbox.leave("one", seen)
    assert mailbox.leave("one", mailbox.count())


def test_a_pump_out_of_time_leaves_whatever_rang(mailbox):
    mailbox.enter("one")
    mailbox.ring()
    assert mailbox.leave("one", None)


def test_after_a_flush_of_redis_the_next_ring_posts_again(mailbox):
    mailbox.ring()
    for name in ("bell", "pumps", "posted"):
        mailbox.redis.delete(mailbox.prefix + name)
    assert mailbox.ring()


def test_help_is_called_once_and_up_to_a_limit(mailbox):
    assert mailbox.enter("one").awake == 1
    assert [mailbox.call_help(2), mailbox.call_help(2)] == [True, False]
    assert mailbox.enter("two").awake == 2
    assert not mailbox.call_help(2)
    assert mailbox.stay("one", is_free=False).awake == 2


def test_a_pump_is_told_how_many_others_are_free(mailbox):
    mailbox.enter("one")
    # Whoever has just woken up is free.
    mailbox.enter("two")
    assert mailbox.stay("one", is_free=False) == (2, 1)
    assert mailbox.stay("two", is_free=True) == (2, 0)
    assert mailbox.stay("two", is_free=False) == (2, 0)
    assert mailbox.stay("one", is_free=True) == (2, 0)
    assert mailbox.stay("two", is_free=False) == (2, 1)
    mailbox.leave("one", None)
    assert mailbox.stay("two", is_free=False) == (1, 0)


def test_without_redis_a_ring_fails_once_and_then_costs_nothing(nowhere):
    assert not nowhere.ring()
    nowhere.redis.close()
    # The breaker is open: a call would raise, for there is nobody to answer.
    assert not nowhere.ring()
    with pytest.raises(RedisError):
        nowhere.count()


def test_whoever_insists_finds_redis_back_before_the_breaker_closes(mailbox, nowhere):
    assert not nowhere.ring()
    nowhere.redis.close()
    nowhere.redis.connection_pool = mailbox.redis.connection_pool
    nowhere.prefix = mailbox.prefix
    assert not nowhere.ring()
    assert nowhere.ring(insist=True)


def test_a_bell_hears_each_ring_once(mailbox):
    bell = Bell(mailbox, pump="one", pumps=2, post=lambda: None)
    bell.enter()
    assert not bell.rang(0.0)
    mailbox.ring()
    mailbox.ring()
    assert bell.rang(0.1)
    assert not bell.rang(0.2)
    assert bell.may_leave()


def test_a_bell_posts_for_a_pump_that_wants_help(mailbox):
    posted: list[bool] = []
    bell = Bell(mailbox, pump="one", pumps=2, post=lambda: posted.append(True))
    bell.enter()
    assert bell.keep(0.0, is_free=False, wants_help=False) == (1, 0)
    assert bell.keep(1.0, is_free=False, wants_help=True) == (1, 0)
    mailbox.enter("two")
    assert bell.keep(2.0, is_free=False, wants_help=True) == (2, 1)
    assert posted == [True]


def test_a_bell_calls_nobody_while_another_pump_is_free(mailbox):
    posted: list[bool] = []
    bell = Bell(mailbox, pump="one", pumps=3, post=lambda: posted.append(True))
    bell.enter()
    mailbox.enter("two")
    assert bell.keep(0.0, is_free=False, wants_help=True) == (2, 1)
    # What was found out just now is not told twice.
    assert bell.keep(0.01, is_free=False, wants_help=True) == (2, 0)
    assert posted == []
    mailbox.stay("two", is_free=False)
    assert bell.keep(1.0, is_free=False, wants_help=True) == (2, 0)
    assert posted == [True]


def test_a_deaf_bell_looks_into_the_database_now_and_then(nowhere):
    bell = Bell(nowhere, pump="one", pumps=2, post=lambda: None)
    bell.enter()
    assert bell.rang(0.0)
    heard = [bell.rang(tick / 100) for tick in range(1, int(DEAF_SECONDS * 100))]
    assert 40 <= sum(heard) <= 50
    assert bell.may_leave()


def test_without_a_mailbox_a_pump_looks_for_itself():
    bell = Bell(None, pump="one", pumps=1, post=lambda: None)
    bell.enter()
    assert [bell.rang(tick / 10) for tick in range(3)] == [True, True, True]
    assert bell.keep(0.0, is_free=True, wants_help=True) == (1, 0)
    bell.ring()
    assert bell.may_leave()


def test_a_pump_that_waits_is_woken_by_the_next_ring(mailbox):
    seen = mailbox.count()
    ringer = threading.Timer(0.1, mailbox.ring)
    ringer.start()
    assert mailbox.wait(seen, 0.4)
    ringer.join()
    assert not mailbox.wait(mailbox.count(), 0.05)


def test_a_ring_before_the_wait_is_not_missed(mailbox):
    seen = mailbox.count()
    mailbox.ring()
    assert mailbox.wait(seen, 0.4)


def test_a_hundred_rings_wake_a_pump_once(mailbox):
    assert not mailbox.wait(mailbox.count(), 0.05)
    mailbox.redis.set(mailbox.prefix + "waiting", 1)
    for _ in range(100):
        mailbox.ring()
    assert mailbox.redis.llen(mailbox.prefix + "wake") == 1


def test_a_wait_without_redis_makes_the_bell_deaf(nowhere):
    bell = Bell(nowhere, pump="one", pumps=1, post=lambda: None)
    assert not bell.wait(0.0, 0.01)
    assert not bell.wait(0.1, 0.01)
    assert bell.rang(0.1)


def test_whoever_waits_for_a_turn_rings_for_those_who_come_meanwhile(mailbox):
    mailbox.ring()
    mailbox.redis.client_pause(10_000, all=False)
    first = threading.Thread(target=mailbox.ring)
    second = threading.Thread(target=mailbox.ring)
    try:
        first.start()
        while not mailbox._turn.locked():
            pass
        second.start()
        while not mailbox._is_next:
            pass
        assert not mailbox.ring()
    finally:
        mailbox.redis.client_unpause()
        first.join()
        second.join()
    assert mailbox.count() == 3
