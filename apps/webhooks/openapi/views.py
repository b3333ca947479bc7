"""`/openapi.json`, and `/docs`: a page to read it and to try it."""

from __future__ import annotations

import json
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from apps.webhooks.openapi.inspector import RouteGenerator


@cache
def document() -> bytes:
    """The description as JSON. The same for everybody, so a process makes it once."""
    schema = RouteGenerator().document()
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":")).encode()


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """To anybody: it says nothing of this installation."""
    return HttpResponse(document(), content_type="application/json")


class DocsView(TemplateView):
    """Swagger UI from our own static files; nothing in the page is inline."""

    template_name = "openapi/docs.html"
