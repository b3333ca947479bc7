"""A span of each request, within the trace of whoever calls."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from apps.tracing.tracer import tracer


class TraceMiddleware:
    """Not there at all without a tracer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        spans = tracer()
        if spans is None:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self._spans = spans

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response; its span has the route's name, never the query."""
        traceparent = request.headers.get("traceparent")
        with self._spans.request(request.method or "", traceparent) as told:
            response = self.get_response(request)
            match = request.resolver_match
            told(match.route if match else None, response.status_code)
        return response
