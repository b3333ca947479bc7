"""The API answers as it is described, to whatever schemathesis makes of that."""

from __future__ import annotations

import os
from typing import Any

import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck
from hypothesis import settings as example_settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from apps.webhooks.openapi.operation import FORM
from tests.contract.openapi_document import DOCUMENT
from tests.contract.openapi_world import IDS, World, undone

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
    ignored_auth,
]
# Always the same in tests. `make fuzz` takes more, and others each time.
FUZZ = int(os.environ.get("FUZZ_EXAMPLES", "0"))
CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {
            "max-examples": FUZZ or 10,
            "database": "none",
            # The world has the tokens.
            "with-security-parameters": False,
        }
    }
)
schema = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG)
schema.app = WSGIHandler()


def is_sent_whole(case: Any) -> bool:
    """A form has no place for lists and objects: they are left out of it, and what
    was wrong with them with them.
    """
    if case.media_type != FORM:
        return True
    texts = str | int | float | None
    return isinstance(case.body, dict) and all(
        isinstance(value, texts) for value in case.body.values()
    )


@schema.parametrize()
@example_settings(
    deadline=None,
    derandomize=not FUZZ,
    suppress_health_check=list(HealthCheck),
)
def test_the_api_answers_as_described(case: Any, world: World):
    path = case.meta.components.get(ParameterLocation.PATH)
    if path is not None and path.mode.is_positive:
        case.path_parameters.update({name: IDS[name] for name in case.path_parameters})
    token = world.token(case.operation.label)
    with undone():
        case.call_and_validate(
            checks=CHECKS,
            excluded_checks=[] if is_sent_whole(case) else [negative_data_rejection],
            headers={"Authorization": f"Bearer {token}", "X-Forwarded-Proto": "https"},
        )
