"""The bare loop: libcurl's multi interface with nothing around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import pycurl

# More at once only makes each dearer when the receiver is fast.
IN_FLIGHT: Final = 64
WAIT_SECONDS: Final = 0.1


class Post(NamedTuple):
    """A request made beforehand; `id` of its webhook data."""

    id: int
    url: str
    headers: list[str]
    body: bytes


class Answer(NamedTuple):
    """What came back: the status, and how long it took."""

    id: int
    status: int
    total_us: int


def drive(posts: Iterator[Post], ended: Callable[[list[Answer]], None]) -> None:
    """Send all, `IN_FLIGHT` at a time over kept-alive connections."""
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_MAXCONNECTS, IN_FLIGHT)
    free = [_easy() for _ in range(IN_FLIGHT)]
    busy: dict[pycurl.Curl, int] = {}
    while True:
        while free and (post := next(posts, None)) is not None:
            easy = free.pop()
            easy.setopt(pycurl.URL, post.url)
            easy.setopt(pycurl.HTTPHEADER, post.headers)
            easy.setopt(pycurl.POSTFIELDS, post.body)
            busy[easy] = post.id
            multi.add_handle(easy)
        if not busy:
            break
        multi.perform()
        answers = _harvest(multi, busy, free)
        if answers:
            ended(answers)
        else:
            multi.select(WAIT_SECONDS)
    multi.close()


def _easy() -> pycurl.Curl:
    easy = pycurl.Curl()
    easy.setopt(pycurl.NOSIGNAL, 1)
    easy.setopt(pycurl.POST, 1)
    easy.setopt(pycurl.PROXY, "")
    return easy


def _harvest(
    multi: pycurl.CurlMulti, busy: dict[pycurl.Curl, int], free: list[pycurl.Curl]
) -> list[Answer]:
    answers: list[Answer] = []
    while True:
        queued, succeeded, failed = multi.info_read()
        if failed:
            raise OSError(f"A request failed: {failed[0][2]}")
        for easy in succeeded:
            status = easy.getinfo(pycurl.RESPONSE_CODE)
            total = easy.getinfo(pycurl.TOTAL_TIME_T)
            answers.append(Answer(busy.pop(easy), status, total))
            multi.remove_handle(easy)
            free.append(easy)
        if not queued:
            return answers
