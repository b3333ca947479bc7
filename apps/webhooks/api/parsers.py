"""Request bodies: read up to a bound, parsed without a doubt left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import parse_qsl

from django.http import HttpRequest, UnreadablePostError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from apps.webhooks.formats.json_body import parse_strict
from apps.webhooks.registrations import Refused

# More parameters than any endpoint has.
MAX_PARAMETERS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonBody:
    """A body as it was written, and as it is understood."""

    text: bytes
    value: Any


class StrictJSONParser(BaseParser):
    """`application/json`, to a `JsonBody`."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Raise `InvalidJson` or `Refused`."""
        text = _read(stream, parser_context or {})
        return JsonBody(text=text, value=parse_strict(text))


class StrictFormParser(BaseParser):
    """`application/x-www-form-urlencoded`, to a dictionary of texts."""

    media_type = "application/x-www-form-urlencoded"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Raise `Refused`."""
        return parse_form(_read(stream, parser_context or {}))


def body_of(request: Request) -> JsonBody | Mapping[str, str]:
    """What came in the request's body; an empty mapping if nothing did."""
    if "HTTP_TRANSFER_ENCODING" in request.META:
        # WSGI has no end for such a body, and Django would take it for none at all.
        raise Refused("invalidValue", "", "Send the body with a Content-Length.")
    if request.META.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise Refused("invalidValue", "", "Send the body without a Content-Encoding.")
    data: Any = request.data
    body: JsonBody | Mapping[str, str] = data
    return body


def parse_form(encoded: bytes) -> dict[str, str]:
    """Parameters by name, each given once; a name alone has an empty value."""
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError as error:
        raise Refused(
            "invalidValue", "", "The parameters are not URL-encoded UTF-8."
        ) from error
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise Refused("invalidValue", "", "A parameter is given twice.")
    if any("\x00" in text for pair in pairs for text in pair):
        raise Refused("invalidValue", "", "A parameter has a NUL character.")
    return parameters


def _read(stream: IO[Any], context: Mapping[str, Any]) -> bytes:
    limit: int = context["view"].max_body_bytes
    request: HttpRequest = context["request"]
    length = int(request.META["CONTENT_LENGTH"])
    if length > limit:
        raise Refused("invalidValue", "", f"The body has more than {limit} bytes.")
    cut = Refused("invalidValue", "", "The body ended too early.")
    try:
        body: bytes = stream.read(length)
    except UnreadablePostError as error:
        raise cut from error
    if len(body) != length:
        raise cut
    return body
