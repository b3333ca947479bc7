"""Where each row of the contract's tables is proven.

The specification's sentences stand in the docstrings of `test_specification*.py`, a
test each; so do most decisions in `test_decisions.py`. This is the list of the rows,
and fails when a test that it names is gone.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
DECISIONS, SOURCES = (
    "contract/test_decisions.py",
    "contract/test_specification_sources.py",
)
OAUTH = "contract/test_specification_oauth.py"
WEBHOOKS, PROVIDERS = "integration/test_api_webhooks.py", "integration/test_api_auth.py"
USERS, CONFIG = "integration/test_api_users.py", "integration/test_api_config.py"

ROWS = {
    "event named PAYMENT_STATE_UPDATE": (DECISIONS, "event_named_payment_state"),
    "payload": (DECISIONS, "payload"),
    "body on a retry": (DECISIONS, "body_on_a_retry"),
    "what is signed": (DECISIONS, "what_is_signed"),
    "BI-Signature-Date": (DECISIONS, "bi_signature_date"),
    "key": (DECISIONS, "key"),
    "user token and HMAC together": (DECISIONS, "user_token_and_hmac_together"),
    "user-less event without provider": (DECISIONS, "user_less_event"),
    "success": (DECISIONS, "success"),
    "success, else": (DECISIONS, "everything_else_is_not_received"),
    "success, no answer": (DECISIONS, "no_answer_is_not_received"),
    "success, no connection": (DECISIONS, "no_connection_is_not_received"),
    "give up": (DECISIONS, "give_up"),
    "give up, time to live": (DECISIONS, "give_up_after_an_optional_time_to_live"),
    "the cutoff": (DECISIONS, "the_cutoff_by_failures"),
    "the cutoff, timeouts": (DECISIONS, "the_cutoff_by_timeouts"),
    "retry rhythm": (DECISIONS, "retry_rhythm"),
    "429 or 503 with Retry-After": (DECISIONS, "429_or_503_with_retry_after"),
    "immediate emission": (DECISIONS, "immediate_emission"),
    "flusher period": (DECISIONS, "flusher_period_and_deadlines"),
    "ordering": (DECISIONS, "ordering"),
    "delivery": (DECISIONS, "delivery_is_at_least_once"),
    "temporary user": (DECISIONS, "temporary_user"),
    "USER_DELETED": (DECISIONS, "user_deleted"),
    "compression": (DECISIONS, "compression"),
    "CFONB": (DECISIONS, "cfonb"),
    "health_data": (DECISIONS, "health_data"),
    "warning, low_success_rate": (DECISIONS, "warning"),
    "warning, slow_endpoint": (DECISIONS, "warning_slow_endpoint"),
    "warning, cut_off": (DECISIONS, "warning_cut_off"),
    "headers sent": (DECISIONS, "headers_sent"),
    "ids": (DECISIONS, "ids"),
    "API paths": (DECISIONS, "api_paths"),
    "errors": (DECISIONS, "errors"),
    "HMAC vectors": ("unit/test_signing.py", ""),
    "1.1 the events": ("unit/test_catalogue.py", ""),
    "1.1 GET /webhooks_events": ("integration/test_api_catalogue.py", ""),
    "2.1 /webhooks": (WEBHOOKS, "a_webhook_is_registered_and_read_back"),
    "2.1 add_to_data": ("contract/test_add_to_data.py", ""),
    "2.1 logs": ("integration/test_health.py", "logs_are_filtered_and_paged"),
    "2.1 /test/webhooks": (SOURCES, "testing_of_triggering_and_handling"),
    "2.2 auth providers": (PROVIDERS, ""),
    "2.3 configuration": (CONFIG, ""),
    "2.3 failure mails": ("integration/test_alerts.py", ""),
    "2.4 tokens": (USERS, ""),
    "2.5 errors": ("integration/test_api_errors.py", ""),
    "3 resources": ("contract/test_resources.py", "each_field_is_there"),
    "3.2 stored at event time": (DECISIONS, "body_on_a_retry"),
    "5.3 oauth": (OAUTH, "secured_with_access_tokens"),
    "5.3 one request for many": (
        "integration/test_oauth_delivery.py",
        "200_deliveries",
    ),
    "6 the CFONB writer": ("unit/test_cfonb_properties.py", ""),
}


@pytest.mark.parametrize("row", ROWS)
def test_each_row_has_its_test(row):
    path, name = ROWS[row]
    tests = re.findall(r"^def test_(\w+)", (TESTS / path).read_text(), re.MULTILINE)
    assert [each for each in tests if name in each]
