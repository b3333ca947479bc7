"""The one door out: everything that leaves the service goes through here.

libcurl's multi interface: hundreds of requests in flight from one thread, a total
deadline each, and the guard asked about the very address that is dialled.
"""

from __future__ import annotations

import time
from typing import Any, Final

import pycurl

from apps.outbound.handle import Handle, OutgoingRequest, TransportPolicy
from apps.outbound.outcome import Outcome

__all__ = ["MOST_SOCKETS", "OutgoingRequest", "Transport", "TransportPolicy"]

# libcurl waits with select(2), which sees file descriptors below 1024 only. In use
# and kept alive together, twice this number of sockets stays below.
MOST_SOCKETS: Final = 480


class Transport:
    """Many requests in flight, outcomes as they come. Not thread-safe."""

    def __init__(self, policy: TransportPolicy, *, sockets: int) -> None:
        if not 1 <= sockets <= MOST_SOCKETS:
            raise ValueError(f"A transport has 1 to {MOST_SOCKETS} sockets.")
        self._policy = policy
        self._sockets = sockets
        self._free: list[Handle] = []
        self._busy: dict[pycurl.Curl, Handle] = {}
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, sockets)

    @property
    def in_flight(self) -> int:
        """Requests submitted whose outcome has not been returned."""
        return len(self._busy)

    @property
    def room(self) -> int:
        """How many more requests may be submitted now."""
        return self._sockets - len(self._busy)

    def submit(self, request: OutgoingRequest, tag: Any) -> None:
        """Start a request; its outcome comes out of `completed` with `tag`."""
        handle = self._free.pop() if self._free else Handle(self._policy)
        handle.load(request, tag)
        self._busy[handle.easy] = handle
        self._multi.add_handle(handle.easy)

    def completed(self, wait: float) -> list[tuple[Any, Outcome]]:
        """What has ended; waits up to `wait` seconds if nothing has."""
        self._multi.perform()
        ended = self._harvest()
        if not ended and wait:
            if self._busy:
                self._multi.select(wait)
            else:
                # Without a socket to look at libcurl would return at once.
                time.sleep(wait)
            self._multi.perform()
            ended = self._harvest()
        return ended

    def close(self) -> None:
        """Drop what is in flight and all connections."""
        for handle in self._busy.values():
            self._multi.remove_handle(handle.easy)
            handle.easy.close()
        for handle in self._free:
            handle.easy.close()
        self._busy.clear()
        self._free.clear()
        self._multi.close()

    def _harvest(self) -> list[tuple[Any, Outcome]]:
        ended: list[tuple[Any, Outcome]] = []
        while True:
            queued, succeeded, failed = self._multi.info_read()
            for easy in succeeded:
                ended.append(self._finish(easy, pycurl.E_OK))
            for easy, code, _ in failed:
                ended.append(self._finish(easy, code))
            if not queued:
                return ended

    def _finish(self, easy: pycurl.Curl, code: int) -> tuple[Any, Outcome]:
        handle = self._busy.pop(easy)
        ended = handle.tag, handle.outcome(code)
        self._multi.remove_handle(easy)
        if handle.reusable:
            handle.unload()
            self._free.append(handle)
        else:
            easy.close()
        return ended
