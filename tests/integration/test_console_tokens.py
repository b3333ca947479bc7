"""API tokens in the console: shown once, rotated with an overlap, revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.api_tokens.authentication import find_caller, forget_callers
from apps.api_tokens.issuing import issue_token
from apps.api_tokens.models import ApiToken, Scope, issue
from apps.audit.actors import Actor, Kind, acting
from tests.make import make_user
from tests.roles import client_of_role

pytestmark = pytest.mark.django_db
VALID = {"name": "shop", "scopes": ["emit", "config"], "days": 90}


@pytest.fixture
def administrator() -> Client:
    forget_callers()
    return client_of_role("Administrator")


def get(client: Client, where: str, *arguments: object, query: str = ""):
    return client.get(reverse(where, args=arguments) + query, secure=True)


def post(client: Client, where: str, *arguments: object, **data: object):
    return client.post(reverse(where, args=arguments), data, secure=True)


def test_a_token_is_shown_once_and_works(administrator):
    page = post(administrator, "admin:token_add", **VALID)
    text = page.context["text"]
    assert page.content.decode().count(text) == 1
    assert "no-store" in page["Cache-Control"]
    caller = find_caller(text)
    assert caller is not None
    assert caller.scopes == {"emit", "config"}
    token = ApiToken.objects.get()
    assert token.expires_at is not None
    assert timedelta(89) < token.expires_at - timezone.now() <= timedelta(90)
    listed = get(administrator, "admin:tokens").content.decode()
    assert text not in listed
    assert token.prefix in listed


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"name": "a\u202eb"}, {"scopes": []}, {"days": 7}]
)
def test_what_is_missing_or_unknown_issues_none(administrator, wrong):
    reply = post(administrator, "admin:token_add", **{**VALID, **wrong})
    assert reply.status_code == 422
    assert not ApiToken.objects.exists()


def test_a_rotated_token_and_its_successor_are_both_good_for_a_while(administrator):
    token, before = issue_token("shop", [Scope.EMIT])
    seal = get(administrator, "admin:token_rotate", token.pk).context["form"].initial
    data = {"hours": 24, "seal": seal["seal"]}
    page = post(administrator, "admin:token_rotate", token.pk, **data)
    after = page.context["text"]
    assert find_caller(before) is not None
    assert find_caller(after) is not None
    token.refresh_from_db()
    assert token.expires_at is not None
    assert token.expires_at <= timezone.now() + timedelta(days=1)
    again = post(administrator, "admin:token_rotate", token.pk, **data)
    assert again.status_code == 422
    assert "rotated meanwhile" in again.content.decode()
    assert ApiToken.objects.count() == 2


def test_without_an_overlap_the_token_before_ends_at_once(administrator):
    token, before = issue_token("shop", [Scope.EMIT])
    post(administrator, "admin:token_rotate", token.pk, hours=0, seal="")
    assert find_caller(before) is None


def test_a_revoked_token_ends_and_is_listed_among_those_that_have(administrator):
    token, text = issue_token("shop", [Scope.EMIT])
    assert get(administrator, "admin:token_revoke", token.pk).status_code == 200
    post(administrator, "admin:token_revoke", token.pk)
    assert find_caller(text) is None
    assert not get(administrator, "admin:tokens").context["lines"]
    (line,) = get(administrator, "admin:tokens", query="?show=past").context["lines"]
    assert (line.token, line.is_good) == (token, False)
    for where in ("token_rotate", "token_revoke"):
        post(administrator, f"admin:{where}", token.pk, hours=1, seal="")
    assert ApiToken.objects.count() == 1


def test_tokens_of_users_are_not_for_operators_to_end(administrator):
    token, _ = issue("a user", ["user"], user=make_user().pk)
    assert not get(administrator, "admin:tokens").context["lines"]
    for where in ("admin:token_rotate", "admin:token_revoke"):
        assert get(administrator, where, token.pk).status_code == 404


def test_who_issued_a_token_is_told_to_who_may_read_the_trail(administrator):
    with acting(lambda: Actor(kind=Kind.COMMAND, id=0, label="create_token")):
        token, _ = issue_token("shop", [Scope.EMIT])
    post(administrator, "admin:token_rotate", token.pk, hours=1, seal="")
    lines = get(administrator, "admin:tokens").context["lines"]
    issuers = [line.issuer for line in lines]
    assert issuers == ["a Administrator", "manage.py create_token"]
    viewer = get(client_of_role("Viewer"), "admin:tokens")
    assert {line.issuer for line in viewer.context["lines"]} == {""}
    assert reverse("admin:token_add") not in viewer.content.decode()
