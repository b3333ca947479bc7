"""Who is let in, and what every error looks like."""

from __future__ import annotations

import time
from datetime import timedelta

import psycopg2
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api_tokens.authentication import REMEMBERED_SECONDS
from apps.api_tokens.models import ApiToken, Scope, issue, revoke
from apps.api_tokens.tokens import RANDOM_BYTES, token_text
from apps.webhooks.api.base import ApiView
from tests.integration.api_client import ApiClient, make_client, nothing_written

pytestmark = pytest.mark.django_db


def broken(request: HttpRequest) -> HttpResponse:
    """A view with a bug."""
    raise RuntimeError("secret detail")


class BrokenView(ApiView):
    """An endpoint with a bug."""

    def get(self, request: Request) -> Response:
        return Response(broken(request))


# This module stands in for the project's routes, with a bug among them.
urlpatterns = [
    path("admin/broken", broken),
    path("broken", broken),
    path("2.0/broken", BrokenView.as_view()),
    path("", include("webhooks_project.urls")),
]
handler400 = "apps.webhooks.api.errors.bad_request"
handler404 = "apps.webhooks.api.errors.not_found"
handler500 = "apps.webhooks.api.errors.server_error"

PLACE = ("dbname", "user", "password", "host", "port")
ROUTES = [
    ("POST", "/events", Scope.EMIT),
    ("GET", "/webhooks", Scope.CONFIG),
    ("POST", "/webhooks", Scope.CONFIG),
    ("DELETE", "/webhooks", Scope.CONFIG),
    ("GET", "/webhooks/1", Scope.CONFIG),
    ("PUT", "/webhooks/1", Scope.CONFIG),
    ("PATCH", "/webhooks/1", Scope.CONFIG),
    ("POST", "/webhooks/1", Scope.CONFIG),
    ("DELETE", "/webhooks/1", Scope.CONFIG),
    ("GET", "/webhooks/auth", Scope.CONFIG),
    ("POST", "/webhooks/auth", Scope.CONFIG),
    ("DELETE", "/webhooks/auth", Scope.CONFIG),
    ("GET", "/webhooks/auth/1", Scope.CONFIG),
    ("PUT", "/webhooks/auth/1", Scope.CONFIG),
    ("POST", "/webhooks/auth/1", Scope.CONFIG),
    ("DELETE", "/webhooks/auth/1", Scope.CONFIG),
]


def unknown_token() -> str:
    return token_text(bytes(RANDOM_BYTES))


@pytest.mark.parametrize(("method", "route", "scope"), ROUTES)
def test_a_route_needs_a_token_with_its_scope(method, route, scope):
    other = Scope.EMIT if scope == Scope.CONFIG else Scope.CONFIG
    with nothing_written():
        nobody = ApiClient().call(method, route)
        stranger = ApiClient(token=unknown_token()).call(method, route)
        lesser = make_client(other).call(method, route)
    assert (nobody.status, nobody.code) == (401, "unauthorized")
    assert (stranger.status, stranger.code) == (401, "unauthorized")
    assert (lesser.status, lesser.code) == (403, "forbidden")
    assert nobody.headers["WWW-Authenticate"] == 'Bearer realm="API"'
    assert stranger.headers["WWW-Authenticate"] == 'Bearer realm="API"'
    assert make_client(scope).call(method, route).status not in (401, 403)


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x", "Basic {token}", "{token}", "Bearer {token}x",
     "Bearer {token} x", "Bearer é", "Bearer \x00"],
)  # fmt: skip
def test_an_authorization_that_is_no_token_is_refused(header):
    _, text = issue("test", [Scope.CONFIG])
    reply = ApiClient().call(
        "GET", "/webhooks", Authorization=header.format(token=text)
    )
    assert (reply.status, reply.code) == (401, "unauthorized")


def test_a_mistyped_token_is_not_looked_up():
    _, text = issue("test", [Scope.CONFIG])
    mistyped = text[:-1] + ("a" if text[-1] != "a" else "b")
    with CaptureQueriesContext(connection) as queries:
        assert ApiClient(token=mistyped).call("GET", "/webhooks").status == 401
    assert not any("api_tokens_apitoken" in query["sql"] for query in queries)


def test_a_revoked_token_is_refused_within_a_second():
    api = make_client(Scope.CONFIG)
    assert api.call("GET", "/webhooks").status == 200
    revoke(ApiToken.objects.all())
    time.sleep(REMEMBERED_SECONDS)
    assert api.call("GET", "/webhooks").status == 401


def test_a_token_that_is_over_is_refused():
    _, token = issue("test", [Scope.CONFIG], timezone.now())
    assert ApiClient(token=token).call("GET", "/webhooks").status == 401
    _, token = issue("test", [Scope.CONFIG], timezone.now() + timedelta(minutes=1))
    assert ApiClient(token=token).call("GET", "/webhooks").status == 200


def test_a_busy_token_costs_one_query_a_second(django_assert_num_queries):
    api = make_client(Scope.CONFIG)
    api.call("GET", "/webhooks/1")
    used = ApiToken.objects.get().last_used_at
    with django_assert_num_queries(1):
        api.call("GET", "/webhooks/1")
    assert used is not None
    assert ApiToken.objects.get().last_used_at == used


@pytest.mark.parametrize(
    "route",
    ["/", "/nothing", "/2.0/", "/2.0/nothing", "/webhooks/", "/webhooks/x", "/events/1",
     "/webhooks/-1", "/webhooks/" + "9" * 5000, "/webhooks/%00", "/webhooks/%ff",
     "/1.0/webhooks", "/webhooks/1/nothing"],
)  # fmt: skip
@pytest.mark.parametrize("debug", [False, True])
def test_an_unknown_route_is_a_json_404(settings, debug, route):
    settings.DEBUG = debug
    for method in ("GET", "POST"):
        reply = make_client(Scope.CONFIG).call(method, route)
        assert (reply.status, reply.code) == (404, "notFound")


@pytest.mark.parametrize(("host", "status"), [("localhost", 404), ("x.test", 400)])
def test_an_error_in_the_console_is_html(host, status):
    console = Client()
    console.force_login(User.objects.create_superuser("boss"))
    page = console.get("/admin/nothing/", secure=True, headers={"Host": host})
    assert page.status_code == status
    assert page.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("method", "route"),
    [("PUT", "/webhooks"), ("OPTIONS", "/webhooks"), ("GET", "/events"),
     ("PATCH", "/webhooks/auth/1"), ("PURGE", "/webhooks")],
)  # fmt: skip
def test_a_method_that_a_route_has_not_is_a_405(method, route):
    api = make_client(Scope.CONFIG, Scope.EMIT)
    reply = api.call(method, route)
    assert (reply.status, reply.code) == (405, "methodNotAllowed")
    assert method not in reply.headers["Allow"].split(", ")


def test_an_error_carries_the_id_of_its_request():
    reply = make_client(Scope.CONFIG).call("GET", "/webhooks/1")
    assert reply.body == {
        "code": "notFound",
        "description": "There is nothing here.",
        "message": "There is no webhook 1.",
        "request_id": int(reply.headers["X-Request-Id"]),
    }
    assert 0 <= reply.body["request_id"] < 2**53


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("route", ["/broken", "/2.0/broken"])
def test_a_bug_is_a_500_that_tells_nothing(caplog, route):
    reply = make_client(Scope.CONFIG).call("GET", route)
    assert (reply.status, reply.code) == (500, "bug")
    assert "secret" not in str(reply.body)
    assert "secret detail" in caplog.text


@pytest.mark.urls(__name__)
def test_a_bug_in_the_console_is_html():
    page = ApiClient().client.get("/admin/broken", secure=True)
    assert page.status_code == 500
    assert page.headers["Content-Type"].startswith("text/html")


def test_a_strange_host_is_a_400():
    reply = ApiClient().call("GET", "/webhooks", Host="elsewhere.example.com")
    assert (reply.status, reply.code) == (400, "invalidValue")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense", ""])
def test_the_reply_is_json_whatever_is_asked_for(accept):
    reply = make_client(Scope.CONFIG).call("GET", "/webhooks", Accept=accept)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"


@pytest.mark.django_db(transaction=True)
def test_a_database_that_went_away_is_a_503():
    api = make_client(Scope.CONFIG)
    assert api.call("GET", "/webhooks").status == 200
    parameters = connection.get_connection_params()
    pid = connection.connection.info.backend_pid
    other = psycopg2.connect(
        **{key: parameters[key] for key in PLACE if key in parameters}
    )
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()

    gone = api.call("GET", "/webhooks")

    connection.close()
    assert (gone.status, gone.code) == (503, "unavailable")
    assert gone.body["message"] is None
    assert gone.headers["Retry-After"] == "5"
    assert api.call("GET", "/webhooks").status == 200


@pytest.mark.django_db
def test_a_database_that_takes_no_changes_is_a_503():
    api = make_client(Scope.EMIT)
    body = {"event": "CONNECTION_SYNCED", "payload": {}}
    assert api.call("POST", "/events", body).status == 201
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")

    refused = api.call("POST", "/events", body)

    assert (refused.status, refused.code) == (503, "unavailable")
    assert refused.body["message"] is None
