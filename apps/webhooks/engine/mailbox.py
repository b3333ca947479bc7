"""The bell: one Redis counter that emitters ring and pumps watch.

Nothing here is the truth. A lost, doubled or late ring changes latency only; the
sweep and the flusher find in PostgreSQL whatever the bell forgot.

    bell     counts the rings; a pump compares it with what it saw last
    pumps    the pumps awake now, each with the second until which it counts as such
    free     those among them that have less to do than they could
    posted   set while a Celery message is on its way between two processes
    queue    Celery's own list: while a message waits there, none is added
    waiting  set while an idle pump waits for a ring
    wake     what that pump waits for: the ring that finds `waiting` puts it there
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from apps.webhooks.engine.sharing import Company

# A pump that dies is believed awake this long: emitters do not post meanwhile.
AWAKE_SECONDS: Final = 3
# From the decision to post until a worker has taken the message and said so. A
# worker that dies in between costs the rings of so long.
POSTED_SECONDS: Final = 5
# Longer than a healthy Redis ever takes; the most that a first emit waits.
TIMEOUT_SECONDS: Final = 0.5
# After a failure nobody asks Redis again for so long: a burst of emits pays once.
BREAKER_SECONDS: Final = 5.0

_AWAKE: Final = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local awake = redis.call('ZCARD', KEYS[2])
"""
_POST: Final = """
if redis.call('LLEN', KEYS[4]) > 0 then return 0 end
if redis.call('SET', KEYS[3], 1, 'NX', 'EX', ARGV[1]) then return 1 end
return 0
"""
_WAKE: Final = """
redis.call('LPUSH', KEYS[6], 1)
redis.call('PEXPIRE', KEYS[6], 1000)
"""
_RING: Final = (
    f"""
redis.call('INCR', KEYS[1])
if redis.call('DEL', KEYS[5]) == 1 then {_WAKE} end
"""
    + _AWAKE
    + """
if awake > 0 then return 0 end
if ARGV[2] == '1' then redis.call('DEL', KEYS[3]) end
"""
    + _POST
)
_HELP: Final = (
    _AWAKE
    + """
if awake >= tonumber(ARGV[2]) then return 0 end
"""
    + _POST
)
_STAY: Final = (
    _AWAKE
    + """
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[2]), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', now)
redis.call('ZREM', KEYS[7], ARGV[1])
local free = redis.call('ZCARD', KEYS[7])
if ARGV[3] == '1' then
  redis.call('ZADD', KEYS[7], now + tonumber(ARGV[2]), ARGV[1])
end
return {redis.call('ZCARD', KEYS[2]), free}
"""
)
_ENTER: Final = "redis.call('DEL', KEYS[3])\n" + _STAY
_WAIT: Final = f"""
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then {_WAKE}
else redis.call('SET', KEYS[5], 1, 'PX', ARGV[2]) end
"""
_LEAVE: Final = """
if ARGV[2] ~= '' and (redis.call('GET', KEYS[1]) or '0') ~= ARGV[2] then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[7], ARGV[1])
return 1
"""


# In the order of the scripts' KEYS; the nameless one is Celery's.
_KEYS: Final = ("bell", "pumps", "posted", "", "waiting", "wake", "free")


@dataclass(slots=True)
class Mailbox:
    """The bell at one Redis. Raises `RedisError`, save where said otherwise."""

    redis: Redis
    prefix: str = "bankhooks:"
    queue: str = "pump"
    _closed_until: float = 0.0
    # One thread rings, and one may wait to do so after it.
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _is_next: bool = False
    _scripts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def at(cls, url: str, prefix: str = "bankhooks:") -> Mailbox:
        """A mailbox that answers or gives up within a second."""
        client = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        return cls(redis=client, prefix=prefix)

    def ring(self, *, insist: bool = False) -> bool:
        """Say that there is work; True if a message must be posted to wake a pump.

        Never raises: when Redis is away the breaker opens, and the flusher finds
        the work. Who may be kept waiting can `insist`, and believes neither the
        breaker nor `posted`: a Redis that was frozen obeys rings of long ago, whose
        ringers have gone without posting.
        """
        is_open = not insist and time.monotonic() < self._closed_until
        if self._is_next or is_open:
            # Whoever is next rings after this moment, and so for this work as well.
            return False
        self._is_next = True
        with self._turn:
            self._is_next = False
            try:
                return bool(self._run(_RING, POSTED_SECONDS, int(insist)))
            except RedisError:
                self._closed_until = time.monotonic() + BREAKER_SECONDS
                return False

    def call_help(self, most: int) -> bool:
        """True if one more pump is allowed and a message must be posted for it."""
        return bool(self._run(_HELP, POSTED_SECONDS, most))

    def count(self) -> int:
        """How often the bell rang."""
        return int(self.redis.get(self.prefix + "bell") or 0)

    def enter(self, pump: str) -> Company:
        """A pump wakes up, and is free."""
        return Company(*self._run(_ENTER, pump, AWAKE_SECONDS, 1))

    def stay(self, pump: str, *, is_free: bool) -> Company:
        """A pump is still awake."""
        return Company(*self._run(_STAY, pump, AWAKE_SECONDS, int(is_free)))

    def wait(self, seen: int, seconds: float) -> bool:
        """Wait for a ring after `seen` of them; False if none came in time.

        A wake-up may come for nothing: it then was another pump's.
        """
        # In one trip, and in this order: a ring between the two is not missed.
        trip = self.redis.pipeline(transaction=False)
        trip.eval(_WAIT, len(_KEYS), *self._keys, seen, int(seconds * 1000))
        trip.blpop([self.prefix + "wake"], timeout=seconds)
        return trip.execute()[1] is not None

    def leave(self, pump: str, seen: int | None) -> bool:
        """A pump goes to sleep; False if the bell rang since it counted `seen`.

        With `seen` None it goes whatever rang.
        """
        return bool(self._run(_LEAVE, pump, "" if seen is None else seen))

    def _run(self, source: str, *arguments: Any) -> Any:
        script = self._scripts.get(source)
        if script is None:
            script = self._scripts[source] = self.redis.register_script(source)
        return script(keys=self._keys, args=arguments)

    @property
    def _keys(self) -> list[str]:
        return [self.prefix + (name or self.queue) for name in _KEYS]
