"""How the API is put together: settings that no environment changes."""

from __future__ import annotations

from typing import Any, Final

from webhooks_project import __version__

REST_FRAMEWORK: Final[dict[str, Any]] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.api_tokens.authentication.TokenAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.api_tokens.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.webhooks.api.parsers.StrictJSONParser"],
    "EXCEPTION_HANDLER": "apps.webhooks.api.errors.handle",
    "DEFAULT_SCHEMA_CLASS": "apps.webhooks.openapi.inspector.DescribedOperation",
    "UNAUTHENTICATED_USER": None,
}
# The API's description, at /openapi.json: `apps/webhooks/openapi` writes the rest.
SPECTACULAR_SETTINGS: Final[dict[str, Any]] = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Bankhooks",
    "VERSION": __version__,
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "SERVERS": [
        {"url": "/", "description": "Unversioned."},
        {"url": "/2.0", "description": "The same below /2.0/."},
    ],
    "DEFAULT_GENERATOR_CLASS": "apps.webhooks.openapi.inspector.RouteGenerator",
    "POSTPROCESSING_HOOKS": ["apps.webhooks.openapi.document.complete"],
}
