"""The configuration in the console: shown, and changed as `/config` does."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from apps.audit.models import AuditEntry
from apps.audit.trail import HIDDEN
from apps.configuration.keys import AUTOSYNC_FREQUENCY, CFONB, KEYS, MANAGER_EMAIL
from apps.configuration.models import ConfigLog
from apps.configuration.store import current
from apps.webhooks.console.access.config_words import meaning, rule
from tests.roles import client_of_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> Client:
    return client_of_role("Administrator")


def change(client: Client, key: str, **data: str):
    url = reverse("admin:config_change", args=[key])
    return client.post(url, data, secure=True)


def page_of(client: Client):
    return client.get(reverse("admin:config"), secure=True)


def test_every_key_is_shown_with_its_value(administrator, settings):
    settings.WEBHOOKS_DEADLINE = 7.25
    page = page_of(administrator)
    assert [line.key.name for line in page.context["lines"]] == list(KEYS)
    assert "<code>WEBHOOKS_DEADLINE</code>" in page.content.decode()
    assert "7.25" in page.content.decode()


def test_a_change_is_that_of_the_api_and_on_record(administrator):
    assert change(administrator, CFONB, value="1").status_code == 302
    assert change(administrator, AUTOSYNC_FREQUENCY, value="0.5").status_code == 302
    assert (current()[CFONB], current()[AUTOSYNC_FREQUENCY]) == ("1", "0.5")
    log = ConfigLog.objects.latest("pk")
    assert (log.key, log.new_value) == (AUTOSYNC_FREQUENCY, "0.5")
    assert log.actor.startswith("operator ")
    assert AuditEntry.objects.latest("pk").new == {AUTOSYNC_FREQUENCY: "0.5"}
    newest, before = page_of(administrator).context["changes"]
    assert (newest.before, newest.after) == ("default", "0.5")
    assert (before.before, before.after) == ("default", "yes")


def test_a_key_goes_back_to_its_default(administrator):
    change(administrator, CFONB, value="1")
    change(administrator, CFONB, value="1", is_default="on")
    assert current()[CFONB] == "0"
    assert page_of(administrator).context["changes"][0].after == "default"


def test_whose_mail_it_is_is_not_in_the_trail(administrator):
    change(administrator, MANAGER_EMAIL, value="ada@example.org")
    assert AuditEntry.objects.latest("pk").new == {MANAGER_EMAIL: HIDDEN}


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        (CFONB, "2", "Select a valid choice"),
        (AUTOSYNC_FREQUENCY, "0", "It must be: a number of days above 0, 365 at most."),
        (MANAGER_EMAIL, "ada", "It must be: one e-mail address, or empty."),
    ],
)
def test_what_the_api_refuses_is_refused_in_a_sentence(
    administrator, key, value, sentence
):
    reply = change(administrator, key, value=value)
    assert reply.status_code == 422
    assert reply.context["form"].errors["value"][0].startswith(sentence)
    assert not ConfigLog.objects.exists()


@pytest.mark.parametrize("key", ["unknown", "payment.state_updated_webhook.systematic"])
def test_there_is_no_page_for_what_cannot_be_changed(administrator, key):
    assert change(administrator, key, value="1").status_code == 404


@pytest.mark.parametrize("name", KEYS)
def test_what_keys_mean_is_said_in_french_too(name):
    with translation.override("fr"):
        assert meaning(KEYS[name]).lower() != KEYS[name].meaning.lower()
        if not (KEYS[name].is_flag or KEYS[name].is_fixed):
            assert rule(KEYS[name]).lower() != KEYS[name].rule.lower()
