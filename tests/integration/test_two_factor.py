"""Two-factor login: set up, asked for, required, lost."""

from __future__ import annotations

import re
import time

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.audit.actions import Action
from apps.audit.models import AuditEntry
from apps.operators.models import Authenticator, RecoveryCode
from tests.authenticator import digits
from tests.roles import client_of_role, seed_roles

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"


@pytest.fixture
def ada() -> User:
    seed_roles()
    user = User.objects.create_user("ada", password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name="Viewer"))
    return user


def get(client: Client, where: str, *arguments: object):
    return client.get(reverse(where, args=arguments), secure=True)


def post(client: Client, where: str, *arguments: object, **data: str):
    return client.post(reverse(where, args=arguments), data, secure=True)


def type_password(client: Client, where: str = "admin:index"):
    data = {"username": "ada", "password": PASSWORD, "next": reverse(where)}
    return post(client, "admin:login", **data)


def set_up(user: User, client: Client | None = None) -> tuple[Client, list[str]]:
    """Through the pages; the client that did it, and the recovery codes."""
    if client is None:
        client = Client()
        type_password(client)
    post(client, "admin:two_factor_setup")
    done = post(client, "admin:two_factor_setup", code=digits(user, steps=-1))
    return client, done.context["text"].split()


def may_enter(client: Client) -> bool:
    return bool(get(client, "admin:index").status_code == 200)


def last_action() -> AuditEntry:
    return AuditEntry.objects.latest("pk")


def test_it_is_set_up_by_digits_of_the_key_that_is_shown(ada):
    client = Client()
    type_password(client)
    page = post(client, "admin:two_factor_setup")
    assert page["Cache-Control"].find("no-store") >= 0
    shown = page.context["secret"].replace(" ", "")
    assert shown in page.content.decode().replace(" ", "")
    assert page.context["qr"].startswith("data:image/svg+xml")
    wrong = post(client, "admin:two_factor_setup", code="12345")
    assert wrong.status_code == 422
    assert wrong.context["secret"] == page.context["secret"]
    assert not Authenticator.objects.get().confirmed
    done = post(client, "admin:two_factor_setup", code=digits(ada))
    assert len(done.context["text"].split()) == RecoveryCode.objects.count() == 10
    assert done.context["text"] in done.content.decode()
    assert last_action().action == Action.TWO_FACTOR_ON
    assert may_enter(client)
    again = get(client, "admin:two_factor").content.decode()
    assert done.context["text"].split()[0] not in again
    assert shown not in again


def test_a_key_is_made_by_a_button_and_kept_once_confirmed(ada):
    client = Client()
    type_password(client)
    assert get(client, "admin:two_factor_setup").status_code == 302
    assert not Authenticator.objects.exists()
    set_up(ada, client)
    before = Authenticator.objects.get().key
    assert post(client, "admin:two_factor_setup").status_code == 302
    assert Authenticator.objects.get().key == before


def test_the_database_has_neither_key_nor_codes(ada):
    _, codes = set_up(ada)
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM operators_authenticator")
        ((sealed,),) = cursor.fetchall()
    assert Authenticator.objects.get().key not in sealed
    hashes = b"".join(bytes(each.sha256) for each in RecoveryCode.objects.all())
    assert not any(code.replace("-", "").encode() in hashes for code in codes)


def test_the_password_alone_lets_nobody_in(ada):
    set_up(ada)
    client = Client()
    reply = type_password(client, "admin:event_types")
    assert reply.url == reverse("admin:login_code")
    assert not may_enter(client)
    assert last_action().action == Action.TWO_FACTOR_ON
    assert post(client, "admin:login_code", code="000 000").status_code == 422
    assert last_action().action == Action.LOGIN_REFUSED
    assert not may_enter(client)
    done = post(client, "admin:login_code", code=digits(ada))
    assert done.url == reverse("admin:event_types")
    assert may_enter(client)
    entry = last_action()
    assert (entry.action, entry.actor_id) == (Action.LOGIN, ada.pk)
    assert entry.new == {"second_factor": "authenticator"}


def test_no_digits_are_taken_twice(ada):
    set_up(ada)
    same = digits(ada)
    first, second = Client(), Client()
    type_password(first)
    type_password(second)
    assert post(first, "admin:login_code", code=same).status_code == 302
    assert post(second, "admin:login_code", code=same).status_code == 422


def test_a_recovery_code_stands_in_once(ada):
    _, codes = set_up(ada)
    typed = codes[0].upper().replace("-", " ")
    for expected in (302, 422):
        client = Client()
        type_password(client)
        assert post(client, "admin:login_code", code=typed).status_code == expected
    assert RecoveryCode.objects.count() == 9
    login = AuditEntry.objects.filter(action=Action.LOGIN).latest("pk")
    assert login.new == {"second_factor": "recovery code"}


def test_the_second_step_is_nothing_without_the_first(ada, settings):
    set_up(ada)
    assert get(Client(), "admin:login_code").url == reverse("admin:login")
    late, changed = Client(), Client()
    for client in (late, changed):
        type_password(client)
    session = late.session
    session["console.password_of"] |= {"at": time.time() - 301}
    session.save()
    reply = post(late, "admin:login_code", code=digits(ada))
    assert reply.url == reverse("admin:login")
    ada.set_password("another " + PASSWORD)
    ada.save()
    reply = post(changed, "admin:login_code", code=digits(ada))
    assert reply.url == reverse("admin:login")
    assert not may_enter(late)
    assert not may_enter(changed)


def test_setting_it_up_and_removing_it_ends_the_other_sessions(ada):
    thief = Client()
    type_password(thief)
    client, codes = set_up(ada)
    assert not may_enter(thief)
    assert may_enter(client)
    other = Client()
    type_password(other)
    post(other, "admin:login_code", code=digits(ada))
    assert may_enter(other)
    assert post(client, "admin:two_factor_remove", code="1").status_code == 422
    reply = post(client, "admin:two_factor_remove", code=codes[0])
    assert reply.status_code == 302
    assert may_enter(client)
    assert not may_enter(other)
    assert not RecoveryCode.objects.exists()
    assert type_password(Client()).url == reverse("admin:index")


def test_new_codes_replace_the_old_ones(ada):
    client, old = set_up(ada)
    reply = post(client, "admin:two_factor_codes", code=old[0])
    assert last_action().action == Action.RECOVERY_CODES
    new = reply.context["text"].split()
    assert len(new) == 10
    assert not set(new) & set(old)
    assert post(client, "admin:two_factor_codes", code=old[1]).status_code == 422
    assert post(client, "admin:two_factor_codes", code=new[0]).status_code == 200


def test_where_it_is_required_the_password_leads_to_its_page_alone(ada, settings):
    settings.CONSOLE_REQUIRE_TWO_FACTOR = True
    client = Client()
    type_password(client)
    assert not may_enter(client)
    assert get(client, "admin:login").url == reverse("admin:two_factor")
    page = get(client, "admin:two_factor")
    assert page.status_code == 200
    assert "sections" not in page.context
    assert get(client, "admin:password_change").status_code == 302
    set_up(ada, client)
    assert may_enter(client)
    assert post(client, "admin:logout").status_code == 200


def test_an_administrator_removes_what_is_lost(ada):
    client, _ = set_up(ada)
    where = "admin:operator_two_factor_remove"
    assert get(client_of_role("Operator"), where, ada.pk).status_code == 403
    administrator = client_of_role("Administrator")
    change = get(administrator, "admin:auth_user_change", ada.pk)
    assert reverse(where, args=[ada.pk]) in change.content.decode()
    assert get(administrator, where, ada.pk).status_code == 200
    assert post(administrator, where, ada.pk).status_code == 302
    entry = last_action()
    assert (entry.action, entry.target_id) == (Action.TWO_FACTOR_OFF, ada.pk)
    assert not may_enter(client)
    assert type_password(Client()).url == reverse("admin:index")


def test_one_s_own_is_not_removed_as_that_of_others(ada):
    ada.groups.set([Group.objects.get(name="Administrator")])
    client, _ = set_up(ada)
    post(client, "admin:operator_two_factor_remove", ada.pk)
    assert Authenticator.objects.exists()


def test_a_command_lets_the_last_administrator_in(ada, capsys, settings):
    client, _ = set_up(ada)
    # Even if no key of the ring opens the second factor any more.
    settings.WEBHOOKS_ENCRYPTION_KEYS = ["other:" + "B" * 43 + "="]
    call_command("let_in", "ada")
    assert "is removed" in capsys.readouterr().out
    assert not may_enter(client)
    assert not Session.objects.filter(pk=client.session.session_key).exists()
    assert type_password(Client()).url == reverse("admin:index")
    with pytest.raises(CommandError, match="no operator"):
        call_command("let_in", "nobody")


def test_the_picture_is_no_inline_markup(ada):
    client = Client()
    type_password(client)
    page = post(client, "admin:two_factor_setup").content.decode()
    assert re.search(r'<img class="qr" src="data:image/svg\+xml', page)
    assert not re.search(r"<[^>]+ style=", page)
