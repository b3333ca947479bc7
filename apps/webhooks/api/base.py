"""What the API's views have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.api_tokens.models import Scope
from apps.webhooks.api.parsers import StrictFormParser, StrictJSONParser

BODY_BYTES: Final = 1_000_000


class ApiView(APIView):
    """Takes tokens with the scope `required_scope`, answers JSON."""

    required_scope: ClassVar[str] = Scope.CONFIG
    parser_classes: Sequence[type[BaseParser]] = (StrictJSONParser, StrictFormParser)
    http_method_names = ("get", "post", "put", "patch", "delete", "head")

    @property
    def max_body_bytes(self) -> int:
        """The most that the parsers read."""
        return BODY_BYTES

    def perform_content_negotiation(
        self, request: Request, force: bool = False
    ) -> tuple[BaseRenderer, str]:
        """JSON, whatever the caller would rather have."""
        return JSONRenderer(), "application/json"
