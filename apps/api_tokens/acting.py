"""Whose doing a request is, for the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from apps.api_tokens.request_id import request_id
from apps.api_tokens.throttle import address_of
from apps.audit.actors import NOBODY, Actor, Kind, acting

CONSOLE: Final = "/admin/"


class ActingMiddleware:
    """Says who acts: in the console whoever is logged in; in the API nobody, until
    a token or a client's credentials are found to be good.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Around every view."""

        def who() -> Actor:
            if not request.path_info.startswith(CONSOLE):
                return NOBODY
            return Actor(kind=Kind.CONSOLE, id=request.user.pk)

        with acting(who, address=address_of(request), request_id=request_id(request)):
            return self.get_response(request)
