"""Errors as the contract has them (section 2.5): one shape, and nothing internal."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response

from apps.api_tokens.authentication import CHALLENGE
from apps.api_tokens.request_id import request_id
from apps.configuration.keys import InvalidValue, UnknownKey
from apps.event_log.catalogue import UnknownEvent
from apps.webhooks.emit import IdempotencyConflict, PayloadTooLarge, UnknownUser
from apps.webhooks.engine.outage import is_outage
from apps.webhooks.formats.cfonb import CfonbError
from apps.webhooks.formats.json_body import InvalidJson
from apps.webhooks.intake import Overloaded
from apps.webhooks.registrations import Refused
from apps.webhooks.schema_check import PayloadInvalid

CONSOLE: Final = "/admin/"
# What is said with 503: what was wrong may have passed by then.
RETRY_SECONDS: Final = 5

DESCRIPTIONS: Final = {
    "missingParameter": "A parameter is missing.",
    "invalidValue": "A value is not allowed.",
    "unauthorized": "The token is missing or not valid.",
    "forbidden": "The token does not allow this.",
    "notFound": "There is nothing here.",
    "methodNotAllowed": "The method is not allowed here.",
    "conflict": "The state of the resource does not allow this.",
    "idempotencyConflict": "The idempotency key belongs to another event.",
    "connectionLocked": "The connection is being synchronised.",
    "tooManySync": "The connection was synchronised a moment ago.",
    "tooManyRequests": "This was done too often.",
    "bug": "The service has failed.",
    "unavailable": "The service cannot answer now.",
}
STATUSES: Final = {
    "missingParameter": 400,
    "invalidValue": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "notFound": 404,
    "methodNotAllowed": 405,
    "conflict": 409,
    "idempotencyConflict": 409,
    "connectionLocked": 409,
    "tooManySync": 409,
    "tooManyRequests": 429,
    "bug": 500,
    "unavailable": 503,
}
# Exceptions of ours whose text is a sentence for the caller.
_SENTENCES: Final[dict[type[Exception], str]] = {
    InvalidJson: "invalidValue",
    CfonbError: "invalidValue",
    UnknownEvent: "invalidValue",
    UnknownKey: "invalidValue",
    InvalidValue: "invalidValue",
    UnknownUser: "invalidValue",
    PayloadTooLarge: "invalidValue",
    PayloadInvalid: "invalidValue",
    IdempotencyConflict: "idempotencyConflict",
    Overloaded: "unavailable",
}
# Exceptions of others, whose text stays here.
_CODES: Final[dict[type[Exception], tuple[str, str | None]]] = {
    exceptions.NotAuthenticated: ("unauthorized", "Send Authorization: Bearer TOKEN."),
    exceptions.AuthenticationFailed: ("unauthorized", None),
    exceptions.Throttled: ("tooManyRequests", "Try again after Retry-After seconds."),
    exceptions.PermissionDenied: ("forbidden", None),
    PermissionDenied: ("forbidden", None),
    exceptions.NotFound: ("notFound", None),
    Http404: ("notFound", None),
    exceptions.MethodNotAllowed: ("methodNotAllowed", None),
    exceptions.UnsupportedMediaType: ("invalidValue", "Send application/json."),
    exceptions.ParseError: ("invalidValue", "The request cannot be read."),
    SuspiciousOperation: ("invalidValue", "The request cannot be read."),
}


def handle(exception: Exception, context: dict[str, Any]) -> Response | None:
    """The reply to an exception in a view; None, a bug, is Django's to log."""
    found = _code_and_message(exception)
    if found is None:
        return None
    code, message = found
    headers = {}
    if code == "unauthorized":
        # Wrong client credentials, too: a 401 always says how to do better (RFC 9110).
        headers["WWW-Authenticate"] = CHALLENGE
    if code == "unavailable":
        headers["Retry-After"] = str(RETRY_SECONDS)
    if wait := getattr(exception, "wait", None):
        headers["Retry-After"] = str(wait)
    return Response(
        problem(context["request"], code, message),
        status=STATUSES[code],
        headers=headers,
    )


def problem(request: HttpRequest, code: str, message: str | None) -> dict[str, Any]:
    """The body of an error."""
    return {
        "code": code,
        "description": DESCRIPTIONS[code],
        "message": message,
        "request_id": request_id(request),
    }


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`: what Django refuses before a view sees it."""
    if request.path.startswith(CONSOLE):
        return defaults.bad_request(request, exception)
    return _reply(request, "invalidValue", "The request cannot be read.")


@csrf_exempt
def unknown_route(request: HttpRequest) -> HttpResponse:
    """The view of all paths that no other has, whatever the method."""
    return _reply(request, "notFound", None)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler404`: what the console does not find."""
    if request.path.startswith(CONSOLE):
        return defaults.page_not_found(request, exception)
    return _reply(request, "notFound", None)


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`: bugs; what they were is in the log, under the request's id."""
    if request.path.startswith(CONSOLE):
        return defaults.server_error(request)
    return _reply(request, "bug", None)


def _code_and_message(exception: Exception) -> tuple[str, str | None] | None:
    if isinstance(exception, Refused):
        return exception.code, exception.sentence
    for kind, code in _SENTENCES.items():
        if isinstance(exception, kind):
            return code, str(exception)
    for other, known in _CODES.items():
        if isinstance(exception, other):
            return known
    if isinstance(exception, Error) and is_outage(exception):
        return "unavailable", None
    return None


def _reply(request: HttpRequest, code: str, message: str | None) -> HttpResponse:
    return JsonResponse(problem(request, code, message), status=STATUSES[code])
