"""The drills of the guards that tests prove fully, each with a guard to be removed."""

from __future__ import annotations

from typing import Final

from tests.drills.drill import Drill
from tests.drills.tested import tested

_DOOR: Final = "integration/test_transport.py"
_OAUTH: Final = "integration/test_oauth.py"
_SENT: Final = "integration/test_oauth_delivery.py"

GUARDS: Final[tuple[Drill, ...]] = (
    tested(
        "D-32",
        "redirects, of receivers and of token servers",
        "no second request",
        "redirects-are-followed",
        f"{_DOOR}::test_redirects_are_not_followed",
        f"{_OAUTH}::test_a_redirect_is_not_followed",
    ),
    tested(
        "D-34",
        "certificates of others, expired, of nobody known; TLS before 1.2",
        "no request is sent",
        "certificates-are-not-looked-at",
        f"{_DOOR}::test_tls_is_always_verified",
        f"{_DOOR}::test_old_tls_is_refused",
        f"{_OAUTH}::test_the_token_servers_certificate_is_verified",
    ),
    tested(
        "D-35",
        "proxies and .netrc in the environment",
        "what is sent, and where to, is as without them",
        "proxies-of-the-environment",
        f"{_DOOR}::test_the_environment_changes_nothing",
    ),
    tested(
        "D-36",
        "200 deliveries without a token; refusals; hostile token servers",
        "one request for a token, one renewal after a 401, no secret in a log",
        "whoever-asks-renews",
        _OAUTH,
        f"{_SENT}::test_200_deliveries_over_three_pumps_make_one_token_request",
        f"{_SENT}::test_a_401_has_the_token_renewed_once",
        f"{_SENT}::test_a_receiver_that_refuses_every_token_makes_no_storm",
        f"{_SENT}::test_no_secret_is_recorded_or_logged",
    ),
    tested(
        "D-40",
        "JSON that others would read differently, or that is too deep or too large",
        "refused by 400, never answered by a 5xx",
        "any-string-is-taken",
        "unit/test_json_body.py",
        "integration/test_api_errors.py",
    ),
    tested(
        "D-41",
        "each operation for each kind of caller; others' data",
        "refused by 401, 403 or 404 as the table says",
        "any-token-will-do",
        "contract/test_openapi_examples.py",
        "integration/test_api_access.py",
    ),
    tested(
        "D-42",
        "guesses at tokens and credentials; a token that was revoked",
        "429 beyond the limit; 401 within a second",
        "guesses-are-not-counted",
        "integration/test_throttle.py",
        "integration/test_api_errors.py::test_a_revoked_token_is_refused_within_a_second",
    ),
    tested(
        "D-43",
        "what check --deploy says; the policy of pages",
        "nothing; nothing inline, no unsafe source",
        "pages-have-no-policy",
        "unit/test_production.py",
        "integration/test_console_pages.py::"
        "test_nothing_in_any_page_is_inline_and_the_policy_is_strict",
    ),
    tested(
        "D-45",
        "each change by the API, carried out and rolled back",
        "one row of the trail for each, and none of what was not done",
        "changes-are-not-recorded",
        "contract/test_audit.py",
    ),
    tested(
        "D-46",
        "an erased person",
        "nothing in a dump of the database",
        "persons-are-kept",
        "integration/test_erasure.py",
    ),
)
