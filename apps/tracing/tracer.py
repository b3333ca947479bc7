"""This process's tracer, or none."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from apps.tracing.spans import Spans


@cache
def tracer() -> Spans | None:
    """What makes spans; None where no endpoint is given, and then nothing is loaded.

    Not to be called before a fork: its thread would not follow.
    """
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        return None
    spans: Spans = import_string("apps.tracing.spans.Spans")()
    return spans
