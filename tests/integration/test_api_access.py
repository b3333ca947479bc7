"""Who may do what: every route of users and tokens, for every kind of caller."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.api_tokens.authentication import forget_callers
from apps.api_tokens.clients import create_client
from apps.api_tokens.models import ApiToken, Scope, revoke
from apps.api_tokens.tokens import RANDOM_BYTES, USER_MARK, token_text
from apps.event_log.models import EndUser
from apps.webhooks.users import create_user, renew_token
from tests.integration.api_client import ApiClient, make_client

pytestmark = pytest.mark.django_db

WHO = (
    "nobody", "wrong", "expired", "revoked", "other", "temporary", "own",
    "users", "config", "emit", "service",
)  # fmt: skip
# In the order of `WHO`. {id} is the number of `own`; {code} one of its codes.
TABLE = """
GET    /users               401 401 401 401 403 403 403 200 403 403 403
GET    /users/{id}          401 401 401 401 404 404 200 200 403 403 403
GET    /users/me            401 401 401 401 200 200 200 403 403 403 403
GET    /users/999999999     401 401 401 401 404 404 404 404 403 403 403
GET    /users/0             401 401 401 401 404 404 404 404 403 403 403
GET    /users/-1            401 401 401 401 404 404 404 404 403 403 403
GET    /users/you           401 401 401 401 404 404 404 404 403 403 403
GET    /users/99999999999999999999 401 401 401 401 404 404 404 404 403 403 403
DELETE /users/{id}          401 401 401 401 404 404 200 200 403 403 403
DELETE /users/me            401 401 401 401 200 200 200 403 403 403 403
DELETE /users               401 401 401 401 403 403 403 405 403 403 403
GET    /users/{id}/config   401 401 401 401 404 404 200 403 200 403 403
GET    /users/me/config     401 401 401 401 200 200 200 403 403 403 403
POST   /users/{id}/config?a=b 401 401 401 401 404 404 200 403 200 403 403
PUT    /users/me/config?a=b 401 401 401 401 200 200 200 403 403 403 403
GET    /auth/token/code     401 401 401 401 200 200 200 403 403 403 403
POST   /auth/token/code     401 401 401 401 200 200 200 403 403 403 403
DELETE /auth/token          401 401 401 401 204 204 204 204 204 204 204
POST   /auth/init           200 200 200 200 200 200 200 200 200 200 200
POST   /auth/token          400 400 400 400 400 400 400 400 400 400 400
GET    /auth/token/access   400 400 400 400 400 400 400 400 400 400 400
POST   /auth/token/access   400 400 400 400 400 400 400 400 400 400 400
POST   /auth/renew          400 400 400 400 400 400 400 400 400 400 400
POST   /auth/token?{client}&grant_type=client_credentials&scope=payments:admin \
    200 200 200 200 200 200 200 200 200 200 200
GET    /auth/token/access?{client}&code=no 400 400 400 400 400 400 400 400 400 400 400
POST   /auth/renew?{client}&grant_type=client_credentials&id_user={id} \
    200 200 200 200 200 200 200 200 200 200 200
GET    /webhooks            401 401 401 401 403 403 403 403 200 403 403
GET    /config              401 401 401 401 403 403 403 403 200 403 403
POST   /events              401 401 401 401 403 403 403 403 403 400 403
""".replace("\\\n", "")  # fmt: skip
ROWS = [
    (method, path, dict(zip(WHO, map(int, statuses), strict=True)))
    for method, path, *statuses in map(str.split, TABLE.strip().splitlines())
]


@dataclass(slots=True)
class World:
    """Some users, and callers of every kind."""

    own: EndUser
    client: str
    tokens: dict[str, str | None] = field(default_factory=dict)

    def call(self, who: str, method: str, path: str) -> Any:
        """One request; the names in braces are filled in."""
        filled = path.format(id=self.own.pk, client=self.client)
        return ApiClient(token=self.tokens[who]).call(method, filled)


@pytest.fixture
def world() -> World:
    client, secret = create_client("shop")
    credentials = f"client_id={client.client_id}&client_secret={secret}"
    own = create_user()
    asked = "grant_type=client_credentials&scope=payments:admin"
    service = ApiClient().call("POST", f"/auth/token?{credentials}&{asked}")
    world = World(own=own, client=credentials)
    world.tokens = {
        "nobody": None,
        "wrong": token_text(bytes(RANDOM_BYTES), USER_MARK),
        "expired": create_user().token,
        "revoked": create_user().token,
        "other": create_user().token,
        "temporary": create_user(permanent=False).token,
        "own": own.token,
        "users": make_client(Scope.USERS).token,
        "config": make_client(Scope.CONFIG).token,
        "emit": make_client(Scope.EMIT).token,
        "service": service.body["token"],
    }
    expired, revoked = own.pk + 1, own.pk + 2
    ApiToken.objects.filter(user=expired).update(expires_at=timezone.now())
    revoke(ApiToken.objects.filter(user=revoked))
    return world


@pytest.mark.parametrize(("method", "path", "statuses"), ROWS)
def test_a_route_answers_each_caller_as_the_contract_says(
    world, method, path, statuses
):
    # The deletions come last, for they take the user away.
    destructive = ("own", "users") if method == "DELETE" else ()
    answers = {}
    for who in sorted(WHO, key=lambda who: who in destructive):
        if who == "users" and method == "DELETE":
            world.own = create_user()
        answers[who] = world.call(who, method, path)
    assert {who: answer.status for who, answer in answers.items()} == statuses
    for answer in answers.values():
        if answer.status >= 400:
            assert answer.body.keys() == {
                "code", "description", "message", "request_id"
            }  # fmt: skip
            assert isinstance(answer.body["request_id"], int)
        if answer.status == 401 and path.startswith("/users"):
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="API"'


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/users/me"), ("GET", "/2.0/users/{id}"), ("GET", "/users/me/config")],
)
def test_a_renewed_token_is_as_good_as_the_first(world, method, path):
    world.tokens["second"] = renew_token(world.own.pk)
    assert world.call("own", method, path).status == 200
    assert world.call("second", method, path).status == 200


def test_a_deleted_user_is_nowhere(world):
    assert world.call("own", "DELETE", "/users/me").status == 200
    assert world.call("own", "GET", "/users/me").status == 401
    assert world.call("users", "GET", "/users/{id}").status == 404
    assert world.call("config", "POST", "/users/{id}/config?a=b").status == 404
    assert world.call("users", "DELETE", "/users/{id}").status == 404
    renewal = "/auth/renew?{client}&grant_type=client_credentials&id_user={id}"
    assert world.call("nobody", "POST", renewal).status == 404


def test_a_token_that_another_process_still_remembers_does_not_bring_a_user_back(world):
    assert world.call("own", "GET", "/users/me").status == 200
    EndUser.objects.filter(pk=world.own.pk).update(deleted_at=timezone.now())
    reply = world.call("own", "GET", "/users/me")
    assert (reply.status, reply.code) == (401, "unauthorized")


def test_a_service_token_ends_with_its_time_and_with_its_client(world):
    token = ApiToken.objects.get(client__isnull=False)
    assert token.scopes == "payments:admin"
    assert token.expires_at is not None
    assert token.expires_at - token.created_at < timedelta(minutes=30, seconds=1)
    assert world.call("service", "GET", "/webhooks").status == 403
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    forget_callers()
    assert world.call("service", "GET", "/webhooks").status == 401
