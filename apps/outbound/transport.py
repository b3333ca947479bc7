"""The one door out: everything that leaves the service goes through here.

libcurl's multi interface on epoll: hundreds of requests in flight from one thread,
a total deadline each, and the guard asked about the very address that is dialled.
"""

from __future__ import annotations

import select
import time
from typing import Any, Final

import pycurl

from apps.outbound.handle import Handle, OutgoingRequest, TransportPolicy
from apps.outbound.outcome import Outcome

__all__ = ["OutgoingRequest", "Transport", "TransportPolicy"]

_EPOLL_EVENTS: Final = {
    pycurl.POLL_IN: select.EPOLLIN,
    pycurl.POLL_OUT: select.EPOLLOUT,
    pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
}
_KNOWN_EVENTS: Final = (
    select.EPOLLIN | select.EPOLLOUT | select.EPOLLERR | select.EPOLLHUP
)
_CURL_EVENTS: Final = {
    mask: (pycurl.CSELECT_IN if mask & (select.EPOLLIN | select.EPOLLHUP) else 0)
    | (pycurl.CSELECT_OUT if mask & select.EPOLLOUT else 0)
    | (pycurl.CSELECT_ERR if mask & select.EPOLLERR else 0)
    for mask in range(_KNOWN_EVENTS + 1)
}


class Transport:
    """Many requests in flight, outcomes as they come. Not thread-safe."""

    def __init__(self, policy: TransportPolicy, *, sockets: int) -> None:
        self._policy = policy
        self._sockets = sockets
        self._free: list[Handle] = []
        self._busy: dict[pycurl.Curl, Handle] = {}
        self._epoll = select.epoll()
        self._due: float | None = None
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, 2 * sockets)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)

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
        """Let things move for `wait` seconds at most; what ended meanwhile."""
        self._fire_timer()
        for fd, events in self._epoll.poll(self._patience(wait)):
            self._multi.socket_action(fd, _CURL_EVENTS[events & _KNOWN_EVENTS])
        self._fire_timer()
        return self._harvest()

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
        self._epoll.close()

    def _patience(self, wait: float) -> float:
        if self._due is None:
            return wait
        return max(0.0, min(wait, self._due - time.monotonic()))

    def _fire_timer(self) -> None:
        if self._due is not None and self._due <= time.monotonic():
            self._due = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def _set_timer(self, milliseconds: int) -> None:
        self._due = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000

    def _watch(self, what: int, fd: int, _multi: object, _data: object) -> None:
        if what == pycurl.POLL_REMOVE:
            self._epoll.unregister(fd)
            return
        mask = _EPOLL_EVENTS[what]
        try:
            self._epoll.modify(fd, mask)
        except FileNotFoundError:
            self._epoll.register(fd, mask)

    def _harvest(self) -> list[tuple[Any, Outcome]]:
        ended: list[tuple[Any, Outcome]] = []
        while True:
            queued, succeeded, failed = self._multi.info_read()
            ended.extend(self._finish(easy, pycurl.E_OK) for easy in succeeded)
            ended.extend(self._finish(easy, code) for easy, code, _ in failed)
            if not queued:
                return ended

    def _finish(self, easy: pycurl.Curl, code: int) -> tuple[Any, Outcome]:
        handle = self._busy.pop(easy)
        outcome = handle.outcome(code)
        tag = handle.tag
        self._multi.remove_handle(easy)
        if handle.reusable:
            handle.unload()
            self._free.append(handle)
        else:
            easy.close()
        return tag, outcome
