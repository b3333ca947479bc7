"""Failed logins lock the name that was typed, for longer and longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.audit.actions import Action
from apps.audit.models import AuditEntry
from apps.operators.lockout import (
    FROM_EVERYWHERE,
    FROM_ONE_ADDRESS,
    LockedOut,
    attempt_succeeded,
    begin_attempt,
    locked_until,
    wait_after,
)
from apps.operators.models import Authenticator, LoginFailures
from tests.roles import client_of_role

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"
HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada", password=PASSWORD, is_staff=True)


def log_in(password: str = PASSWORD, *, name: str = "ada", address: str = HERE):
    data = {"username": name, "password": password}
    url = reverse("admin:login")
    return Client(REMOTE_ADDR=address).post(url, data, secure=True)


def fail(times: int, **where: str) -> None:
    for _ in range(times):
        assert log_in("wrong", **where).status_code == 200


def later(delay: timedelta) -> None:
    """As if so much time had passed."""
    for row in LoginFailures.objects.all():
        row.last_at -= delay
        row.locked_until = row.locked_until and row.locked_until - delay
        row.save()


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (11, 60), (10_000, 60)],
)
def test_the_wait_doubles_up_to_an_hour(failures, minutes):
    assert wait_after(failures, 5) == timedelta(minutes=minutes)


def test_after_five_failures_the_right_password_has_to_wait(ada):
    fail(FROM_ONE_ADDRESS)
    assert log_in().status_code == 200
    assert actions() == [Action.LOGIN_REFUSED] * 5 + [Action.OPERATOR_LOCK]
    entry = AuditEntry.objects.latest("pk")
    assert (entry.target_id, list(entry.new)) == (ada.pk, ["until"])
    later(timedelta(seconds=61))
    assert log_in().status_code == 302


def test_one_more_failure_is_twice_the_wait(ada):
    fail(FROM_ONE_ADDRESS)
    later(timedelta(seconds=61))
    fail(1)
    later(timedelta(seconds=61))
    assert log_in().status_code == 200
    later(timedelta(seconds=60))
    assert log_in().status_code == 302


def test_a_right_login_forgets_the_failures_before(ada):
    fail(FROM_ONE_ADDRESS - 1)
    assert log_in().status_code == 302
    fail(FROM_ONE_ADDRESS - 1)
    assert log_in().status_code == 302


def test_a_day_later_all_is_forgotten(ada):
    fail(FROM_ONE_ADDRESS)
    later(timedelta(days=1, seconds=1))
    fail(1)
    assert [row.number for row in LoginFailures.objects.all()] == [1, 1]


def test_nobody_shuts_an_operator_out_from_one_address(ada):
    fail(FROM_ONE_ADDRESS + 1, address=THERE)
    assert log_in(address=HERE).status_code == 302


def test_many_addresses_together_are_locked_too(ada):
    for number in range(FROM_EVERYWHERE):
        begin_attempt("ada", f"198.51.100.{number}")
    assert log_in().status_code == 200
    assert locked_until("ada") is not None
    assert log_in(name="bob", address=HERE).status_code == 200


def test_an_attempt_that_is_locked_out_is_not_counted():
    for _ in range(FROM_ONE_ADDRESS):
        begin_attempt("ada", HERE)
    before = list(LoginFailures.objects.values())
    with pytest.raises(LockedOut):
        begin_attempt("ada", HERE)
    assert list(LoginFailures.objects.values()) == before


def test_what_is_right_is_not_counted_against_anybody():
    for _ in range(FROM_EVERYWHERE + 1):
        begin_attempt("ada", HERE)
        attempt_succeeded("ada", HERE)
    assert locked_until("ada") is None


def test_nothing_tells_which_names_there_are(ada):
    def said(name: str) -> list[str]:
        replies = [log_in("wrong", name=name) for _ in range(FROM_ONE_ADDRESS + 1)]
        return [str(each.context["form"].non_field_errors()) for each in replies]

    assert said("ada") == said("nobody")
    kept = str(list(LoginFailures.objects.values()))
    assert "ada" not in kept
    assert "nobody" not in kept


def test_codes_are_guessed_at_no_faster(ada):
    Authenticator.objects.create(user=ada)
    client = Client(REMOTE_ADDR=HERE)
    data = {"username": "ada", "password": PASSWORD}
    client.post(reverse("admin:login"), data, secure=True)
    url = reverse("admin:login_code")
    for _ in range(FROM_ONE_ADDRESS):
        reply = client.post(url, {"code": "000000"}, secure=True)
        assert reply.status_code == 422
    assert "Too many logins have failed" in reply.content.decode()
    assert "Too many logins have failed" in log_in().content.decode()


def test_an_administrator_unlocks(ada):
    fail(FROM_ONE_ADDRESS)
    url = reverse("admin:operator_unlock", args=[ada.pk])
    operator, administrator = map(client_of_role, ("Operator", "Administrator"))
    assert operator.post(url, secure=True).status_code == 403
    page = reverse("admin:auth_user_change", args=[ada.pk])
    assert url in administrator.get(page, secure=True).content.decode()
    assert administrator.get(url, secure=True).status_code == 200
    assert administrator.post(url, secure=True).status_code == 302
    assert actions()[-1] == Action.OPERATOR_UNLOCK
    assert url not in administrator.get(page, secure=True).content.decode()
    assert log_in().status_code == 302


def test_a_command_unlocks_and_keeps_the_second_factor(ada, capsys):
    Authenticator.objects.create(user=ada)
    fail(FROM_ONE_ADDRESS)
    call_command("let_in", "ada", "--only-unlock")
    assert "at once" in capsys.readouterr().out
    assert Authenticator.objects.exists()
    assert log_in().url == reverse("admin:login_code")


def test_the_times_are_those_of_the_clock(ada):
    fail(FROM_ONE_ADDRESS)
    until = locked_until("ada")
    assert until is not None
    assert until - timezone.now() <= timedelta(minutes=1)
