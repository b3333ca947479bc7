"""A number for each request: in the logs, in the reply's header, in its errors."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bound_contextvars

# JavaScript reads larger integers wrongly.
BITS: Final = 53
HEADER: Final = "X-Request-Id"


class RequestIdMiddleware:
    """Gives the request a random id, and names it in the reply."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Around every view; `request.request_id` is an integer."""
        number = secrets.randbits(BITS)
        setattr(request, "request_id", number)  # noqa: B010
        with bound_contextvars(request_id=number):
            response = self.get_response(request)
        response[HEADER] = str(number)
        return response


def request_id(request: HttpRequest) -> int | None:
    """The request's id; None where the middleware did not run."""
    number: int | None = getattr(request, "request_id", None)
    return number
