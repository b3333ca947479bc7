"""Who may open what: every URL of the console, for everybody there is.

A URL without a row here fails. Each is asked for by a stranger, by somebody of the
staff without a role, by each role, and by an administrator who has yet to set up the
second factor that is required. Who may not open a page may not send a form to it.
"""

from __future__ import annotations

import logging
from enum import IntEnum
from typing import Any, Final

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.webhooks.console.access.standing import SETUP_PAGES
from tests.console_urls import make_world, urls
from tests.roles import seed_roles

pytestmark = pytest.mark.django_db


class Least(IntEnum):
    """Whom a page is for, and for everybody above."""

    EVERYBODY = 0
    STAFF = 1
    VIEWER = 2
    OPERATOR = 3
    ADMINISTRATOR = 4
    NOBODY = 5


ROLES: Final = {
    Least.STAFF: None,
    Least.VIEWER: "Viewer",
    Least.OPERATOR: "Operator",
    Least.ADMINISTRATOR: "Administrator",
}
EVERYBODY, STAFF, VIEWER, OPERATOR, ADMINISTRATOR, NOBODY = Least
# Of Django's lists: the list, a new row, a row, its end, its history.
PARTS: Final = ("changelist", "add", "change", "delete", "history")
LISTS: Final[dict[str, tuple[Least, ...]]] = {
    "api_tokens/client": (VIEWER, NOBODY, VIEWER, NOBODY, VIEWER),
    "auth/group": (ADMINISTRATOR,) * 5,
    "auth/user": (ADMINISTRATOR,) * 5,
    "auth_providers/authprovider": (
        VIEWER,
        ADMINISTRATOR,
        VIEWER,
        ADMINISTRATOR,
        VIEWER,
    ),
    "event_log/enduser": (VIEWER, NOBODY, VIEWER, NOBODY, VIEWER),
    "event_log/event": (VIEWER, NOBODY, VIEWER, NOBODY, VIEWER),
    "webhooks/deliveryattempt": (VIEWER, NOBODY, VIEWER, NOBODY, VIEWER),
    "webhooks/flusherexecution": (VIEWER, NOBODY, VIEWER, NOBODY, VIEWER),
    "webhooks/lease": (VIEWER, NOBODY, VIEWER, NOBODY, VIEWER),
    "webhooks/webhookdata": (VIEWER, NOBODY, VIEWER, NOBODY, VIEWER),
}
PAGES: Final[dict[str, Least]] = {
    "(?P<url>.*)$": STAFF,
    "account_disable": ADMINISTRATOR,
    "account_enable": ADMINISTRATOR,
    "app_list": ADMINISTRATOR,
    "audit": ADMINISTRATOR,
    "auth_user_password_change": ADMINISTRATOR,
    "autocomplete": NOBODY,
    "check_receiver": OPERATOR,
    "connection_delete": ADMINISTRATOR,
    "connection_synchronise": ADMINISTRATOR,
    "config": VIEWER,
    "config_change": ADMINISTRATOR,
    "curl": OPERATOR,
    "debugger": VIEWER,
    "deliveries": VIEWER,
    "deliveries_csv": VIEWER,
    "deliveries_ndjson": VIEWER,
    "delivery": VIEWER,
    "event_type": STAFF,
    "event_types": STAFF,
    "index": STAFF,
    "jsi18n": STAFF,
    "login": EVERYBODY,
    "login_code": EVERYBODY,
    "logout": STAFF,
    "operator_two_factor_remove": ADMINISTRATOR,
    "operator_unlock": ADMINISTRATOR,
    "password_change": STAFF,
    "password_change_done": STAFF,
    "payload": ADMINISTRATOR,
    "provider": VIEWER,
    "provider_add": ADMINISTRATOR,
    "provider_delete": ADMINISTRATOR,
    "provider_edit": ADMINISTRATOR,
    "provider_rotate": ADMINISTRATOR,
    "provider_try": OPERATOR,
    "providers": VIEWER,
    "records": STAFF,
    "replay": VIEWER,
    "replay_add": OPERATOR,
    "replay_cancel": OPERATOR,
    "replay_pause": OPERATOR,
    "replay_resume": OPERATOR,
    "replays": VIEWER,
    "resend": OPERATOR,
    "sandbox": VIEWER,
    "sandbox_permanent": ADMINISTRATOR,
    "sandbox_temporary": ADMINISTRATOR,
    "set_language": EVERYBODY,
    "test_webhook": OPERATOR,
    "token_add": ADMINISTRATOR,
    "token_revoke": ADMINISTRATOR,
    "token_rotate": ADMINISTRATOR,
    "tokens": VIEWER,
    "two_factor": STAFF,
    "two_factor_codes": STAFF,
    "two_factor_remove": STAFF,
    "two_factor_setup": STAFF,
    "user_connect": ADMINISTRATOR,
    "user_delete": ADMINISTRATOR,
    "user_erase": ADMINISTRATOR,
    "user_permanent": ADMINISTRATOR,
    "verification": STAFF,
    "view_on_site": STAFF,
    "webhook_disable": ADMINISTRATOR,
    "webhook_edit": ADMINISTRATOR,
    "webhook_enable": OPERATOR,
    "webhook_flush": OPERATOR,
    "webhook_pause": OPERATOR,
    "webhook_recover": OPERATOR,
    "webhook_resume": OPERATOR,
    "webhook_backfill": OPERATOR,
    "webhooks_webhook_add": ADMINISTRATOR,
    "webhooks_webhook_change": VIEWER,
    "webhooks_webhook_changelist": VIEWER,
}
# There is nothing, which is told to whoever may look.
EMPTY: Final = {"view_on_site", "(?P<url>.*)$"}
# Who may see none of an app's lists is told that there are none.
EMPTY_IF_REFUSED: Final = {"app_list"}


@pytest.fixture
def world() -> None:
    """One of everything, and the roles."""
    seed_roles()
    make_world()


def client_of(least: Least) -> Client:
    """A stranger, or somebody of the staff with that role."""
    client = Client(raise_request_exception=False)
    if least is not Least.EVERYBODY:
        user = User.objects.create(username=least.name, is_staff=True)
        if role := ROLES[least]:
            user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
    return client


def rows() -> dict[str, Least]:
    """The whole table; a row's short URL only leads on to its page."""
    found = dict(PAGES)
    for model, least in LISTS.items():
        name = model.replace("/", "_")
        parts = zip(PARTS, least, strict=True)
        found |= {f"{name}_{part}": each for part, each in parts}
        found[f"{model}/<path:object_id>/"] = STAFF
    return found


def told(reply: Any) -> str:
    """What somebody is told who asks for a page, or sends a form to it."""
    status = reply.status_code
    login = f"{reverse('admin:login')}?next="
    if status == 302 and reply.url.startswith(login):
        return "log in"
    if status == 302 and reply.url == reverse("admin:index"):
        return "go home"
    named = {403: "refused", 404: "nothing"}
    # A form that takes no GET would be taken.
    return named.get(status, "shown" if status < 400 or status == 405 else str(status))


def took(reply: Any) -> bool:
    """Whether a form was taken, for which there may be no page."""
    return reply.status_code < 400 and told(reply) == "shown"


def expected(name: str, least: Least, who: Least) -> str:
    """By the table."""
    if who is EVERYBODY and least is not EVERYBODY:
        return "go home" if name == "logout" else "log in"
    if who < least:
        return "nothing" if name in EMPTY_IF_REFUSED else "refused"
    return "nothing" if name in EMPTY else "shown"


def test_every_url_has_a_row_and_every_row_a_url(world):
    assert {url.name for url in urls()} == set(rows())


def test_every_url_is_for_whom_the_table_says(world, caplog):
    # A refusal is a line of the log, with a traceback that takes longer than it.
    caplog.set_level(logging.CRITICAL, "django.request")
    table, clients = rows(), {who: client_of(who) for who in Least if who is not NOBODY}
    before = AuditEntry.objects.count()
    wrong = []
    for name, path in dict(urls()).items():
        least = table.get(name, NOBODY)
        for who, client in clients.items():
            said = told(client.get(path, secure=True))
            if name != "login" and said != expected(name, least, who):
                wrong.append((name, who.name, said))
            # Of those below, the next would be the first to get in.
            if who == least - 1 and took(client.post(path, secure=True)):
                wrong.append((name, who.name, "took what was sent"))
    assert wrong == []
    # Whoever only looks, or is refused, does nothing.
    assert AuditEntry.objects.count() == before


def test_without_the_second_factor_that_is_required_nothing_is_open(world, settings):
    settings.CONSOLE_REQUIRE_TWO_FACTOR = True
    client, table = client_of(ADMINISTRATOR), rows()
    shown = {
        name
        for name, path in urls()
        if told(client.get(path, secure=True)) != "log in"
        and table[name] is not EVERYBODY
    }
    assert shown == SETUP_PAGES
