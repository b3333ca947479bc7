"""App configuration."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


class TracingConfig(AppConfig):
    """Registers the app and its system check."""

    name = "apps.tracing"
    label = "tracing"
    verbose_name = "Traces"

    def ready(self) -> None:
        """Have the check run."""
        register(can_trace, Tags.compatibility)


def can_trace(**_: Any) -> list[CheckMessage]:
    """Traces that are wished for need what makes and sends them."""
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT or find_spec("opentelemetry"):
        return []
    return [
        Error(
            "OTEL_EXPORTER_OTLP_ENDPOINT is given, but OpenTelemetry is not installed.",
            hint="pip install 'bankhooks[tracing]'",
            id="tracing.E001",
        )
    ]
