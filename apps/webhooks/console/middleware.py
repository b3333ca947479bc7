"""What only people need: languages, sessions, and messages.

The API has tokens and one language; what is here would cost each of its requests a
tenth of its time, and would have nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin
from django_otp.middleware import OTPMiddleware

CONSOLE: Final = "/admin/"


class ConsoleLanguageMiddleware(LocaleMiddleware):
    """Django's choice of a language, on the pages of the console alone."""

    def process_request(self, request: HttpRequest) -> None:
        """A thread remembers its language, so elsewhere it is set as well."""
        if request.path_info.startswith(CONSOLE):
            super().process_request(request)
        else:
            translation.activate(settings.LANGUAGE_CODE)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Answers of the API do not vary with Accept-Language."""
        if request.path_info.startswith(CONSOLE):
            return super().process_response(request, response)
        return response


class _ConsoleOnly(MiddlewareMixin):
    """Passes on what is not for the console."""

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(CONSOLE):
            return super().__call__(request)
        return self.get_response(request)


class ConsoleSessionMiddleware(_ConsoleOnly, SessionMiddleware):
    """Who is logged in."""


class ConsoleAuthenticationMiddleware(_ConsoleOnly, AuthenticationMiddleware):
    """`request.user`."""


class SecondFactorMiddleware:
    """`request.user.otp_device`: by what a session has proven more than a password."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._of_console = OTPMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """For the console alone."""
        if request.path_info.startswith(CONSOLE):
            reply: HttpResponse = self._of_console(request)
            return reply
        return self.get_response(request)


class ConsoleMessageMiddleware(_ConsoleOnly, MessageMiddleware):
    """What the next page says."""
