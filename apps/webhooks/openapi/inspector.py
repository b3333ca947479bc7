"""What drf-spectacular asks: the routes to describe, and each operation of them."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry

from apps.webhooks.openapi.document import OPERATIONS
from apps.webhooks.openapi.shapes import Schema

ROUTES: Final = "apps.webhooks.api.urls"


class RouteGenerator(SchemaGenerator):
    """Describes the API's routes once; the prefixes they have are its servers."""

    def __init__(self, *, urlconf: str | None = None, **options: Any) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            urlconf=urlconf or ROUTES, **options
        )

    def document(self) -> Schema:
        """All of it, whoever asks."""
        schema: Schema = self.get_schema(  # type: ignore[no-untyped-call]
            request=None, public=True
        )
        return schema


class DescribedOperation(AutoSchema):
    """Looks up what was written about an operation, instead of guessing.

    The views have no serializers: each reads and writes by hand what is described in
    this package. Tests hold the two together.
    """

    def get_operation(
        self,
        path: str,
        path_regex: str,
        path_prefix: str,
        method: str,
        registry: ComponentRegistry,
    ) -> Schema | None:
        """None leaves it out, which a test finds."""
        operation = OPERATIONS.get(f"{method.upper()} {path}")
        return None if operation is None else operation.written()
