"""Languages: the console speaks the reader's; the API has one, and says so nowhere."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

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
