"""Tokens from a real token server: asked for, checked, kept, renewed."""

from __future__ import annotations

import dataclasses
import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from apps.auth_providers import tokens
from apps.auth_providers.models import AuthProvider, OAuthToken
from apps.auth_providers.oauth import TokenDoor, TokenError, fetch_token
from apps.auth_providers.oauth_config import (
    Credentials,
    certificate_expiry,
    certificate_warning,
)
from apps.auth_providers.providers import (
    Refused,
    create_provider,
    delete_provider,
    rotate_secret,
    update_provider,
)
from apps.outbound.addresses import AddressPolicy
from apps.webhooks.conf import transport_policy
from tests.conftest import LOOPBACK
from tests.tls import make_certificate
from tests.token_server import TokenServer, failure, mutual_tls, token

pytestmark = pytest.mark.django_db


def door(**changes: Any) -> TokenDoor:
    changes = {"addresses": LOOPBACK} | changes
    policy = dataclasses.replace(transport_policy(), **changes)
    return TokenDoor(policy=policy, user_agent="test/1", deadline=5)


def kept(provider: AuthProvider) -> OAuthToken:
    return OAuthToken.objects.get(provider=provider)


def age(provider: AuthProvider, **seconds: float) -> None:
    """Let time pass for some of a token's dates."""
    now = datetime.now(UTC)
    OAuthToken.objects.filter(provider=provider).update(
        **{name: now - timedelta(seconds=ago) for name, ago in seconds.items()}
    )


@pytest.fixture
def server():
    with TokenServer() as running:
        yield running


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings):
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8"
    settings.WEBHOOKS_ALLOW_HTTP = True


def test_the_request_is_the_contracts(server):
    fetched = fetch_token(Credentials.of(server.config), door())
    assert fetched.access_token == "token-1"
    assert server.forms == [
        {
            "client_id": "the client",
            "client_secret": "s3cret & more",
            "grant_type": "client_credentials",
        }
    ]
    assert server.headers == [
        {
            "host": server.url.split("/")[2],
            "user-agent": "test/1",
            "accept": "application/json",
            "accept-encoding": "identity",
            "content-type": "application/x-www-form-urlencoded",
            "content-length": server.headers[0]["content-length"],
        }
    ]


def test_a_token_is_kept_sealed(server):
    server.answer = lambda form, number: token(
        "t0k", expires_in=1000, refresh_token="r"
    )
    provider = server.provider()
    assert tokens.renew(provider.pk, door())
    row = kept(provider)
    assert (row.access_token, row.refresh_token, row.serial) == ("t0k", "r", 1)
    assert (row.state, row.failures, row.claim) == ("ok", 0, "")
    assert row.refreshed_at is not None
    assert row.renew_at is not None
    assert row.expires_at is not None
    assert (row.expires_at - row.refreshed_at).total_seconds() == pytest.approx(
        1000, abs=5
    )
    assert (row.renew_at - row.refreshed_at).total_seconds() == pytest.approx(
        800, abs=5
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT access_token, refresh_token FROM auth_providers_oauthtoken"
        )
        assert "t0k" not in str(cursor.fetchall())


def test_a_token_that_is_good_is_not_renewed(server):
    server.answer = lambda form, number: token("t0k", expires_in=1000)
    provider = server.provider()
    assert [tokens.renew(provider.pk, door()) for _ in range(3)] == [True, False, False]
    age(provider, renew_at=1)
    assert tokens.renew(provider.pk, door())
    assert (server.total, kept(provider).serial) == (2, 2)


def test_a_token_without_an_end_is_used_until_it_is_refused(server):
    provider = server.provider()
    tokens.renew(provider.pk, door())
    assert kept(provider).expires_at is kept(provider).renew_at is None
    assert not tokens.renew(provider.pk, door())
    tokens.refuse(provider.pk, kept(provider).serial)
    assert tokens.renew(provider.pk, door())
    assert kept(provider).access_token == "token-2"
    assert kept(provider).stale_at is None


def test_a_refresh_token_is_used_and_kept_until_there_is_another(server):
    answers = {1: {"refresh_token": "r1"}, 2: {}, 3: {"refresh_token": "r3"}, 4: {}}
    server.answer = lambda form, number: token(
        f"t{number}", expires_in=100, **answers[number]
    )
    provider = server.provider()
    for _ in range(4):
        assert tokens.renew(provider.pk, door())
        age(provider, renew_at=1)
    assert [form["grant_type"] for form in server.forms] == [
        "client_credentials",
        *["refresh_token"] * 3,
    ]
    assert [form.get("refresh_token") for form in server.forms] == [
        None,
        "r1",
        "r1",
        "r3",
    ]
    assert {form["client_secret"] for form in server.forms} == {"s3cret & more"}


def test_a_refused_refresh_token_gives_way_to_the_credentials(server):
    def answer(form, number):
        if form["grant_type"] == "refresh_token":
            return failure(400, error="invalid_grant")
        return token(f"t{number}", refresh_token=f"r{number}")

    server.answer = answer
    provider = server.provider()
    tokens.renew(provider.pk, door())
    tokens.refuse(provider.pk, 1)
    assert tokens.renew(provider.pk, door())
    assert (kept(provider).access_token, kept(provider).refresh_token) == ("t3", "r3")
    assert server.total == 3


def test_a_server_that_does_not_answer_is_not_asked_twice(server):
    server.hang = True
    brief = dataclasses.replace(door(), deadline=0.3)
    with pytest.raises(TokenError) as error:
        fetch_token(Credentials.of(server.config), brief, refresh_token="r")
    assert (error.value.code, server.total) == ("timeout", 1)


def test_a_failing_server_is_left_alone_for_longer_and_longer(server, caplog):
    server.answer = lambda form, number: failure(500, error="s3cret & more")
    provider = server.provider()
    for failures in range(1, 5):
        assert not tokens.renew(provider.pk, door())
        assert not tokens.renew(provider.pk, door())
        row = kept(provider)
        assert (row.state, row.failures, row.last_error) == (
            "failing",
            failures,
            "status_500",
        )
        assert row.next_try_at is not None
        wait = (row.next_try_at - datetime.now(UTC)).total_seconds()
        assert 0.79 * 2 ** (failures - 1) - 1 < wait <= 1.2 * 2 ** (failures - 1)
        age(provider, next_try_at=1)
    assert server.total == 4
    server.answer = lambda form, number: token("t0k")
    assert tokens.renew(provider.pk, door())
    row = kept(provider)
    assert (row.state, row.failures, row.last_error, row.next_try_at) == (
        "ok",
        0,
        "",
        None,
    )
    assert "status_500" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_redirect_is_not_followed(server):
    server.answer = lambda form, number: (307, b"", {"Location": server.url + "/there"})
    with pytest.raises(TokenError) as error:
        fetch_token(Credentials.of(server.config), door())
    assert (error.value.code, server.total) == ("status_307", 1)


@pytest.mark.parametrize(
    ("size", "code"),
    [(0, None), (16_000, None), (60_000, "access_token"), (70_000, "too_large")],
)
def test_a_large_answer_is_read_up_to_64_kb(server, size, code):
    server.answer = lambda form, number: token("x" * (size or 1), scope="y" * 5000)
    if code is None:
        assert fetch_token(Credentials.of(server.config), door()).access_token
        return
    with pytest.raises(TokenError) as error:
        fetch_token(Credentials.of(server.config), door())
    assert error.value.code == code


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_the_guard_refuses_a_private_address_at_connect_time(server, host):
    provider = server.provider(url=server.url.replace("127.0.0.1", host))
    assert not tokens.renew(provider.pk, door(addresses=AddressPolicy()))
    assert (kept(provider).last_error, server.total) == ("blocked", 0)


def test_the_pair_of_certificates_is_shown_to_the_token_server(tmp_path):
    context, pair = mutual_tls(tmp_path)
    ours = door(ca_file=str(tmp_path / "ca.pem"))
    certificate, key, _ = make_certificate("127.0.0.9")
    stranger = {"public_cert": certificate.decode(), "private_cert": key.decode()}
    with TokenServer(tls=context) as server:
        provider, shown = create_provider("oauth", "mtls", server.config | pair)
        assert shown == {}
        assert tokens.renew(provider.pk, ours)
        assert kept(provider).access_token == "token-1"
        for config in ({}, stranger):
            other = server.provider(**config)
            assert not tokens.renew(other.pk, ours)
            assert kept(other).last_error in ("tls", "disconnected")
        assert server.total == 1


def test_the_token_servers_certificate_is_verified(tmp_path):
    context, pair = mutual_tls(tmp_path)
    with TokenServer(tls=context) as server:
        provider = server.provider(**pair)
        assert not tokens.renew(provider.pk, door())
        assert (kept(provider).last_error, server.total) == ("tls", 0)


def test_a_wrong_pair_is_refused_at_save(server):
    certificate, key, _ = (part.decode() for part in make_certificate("127.0.0.1"))
    expired, old_key, _ = (
        part.decode() for part in make_certificate("127.0.0.1", expired=True)
    )
    for pair, sentence in [
        ({"public_cert": certificate}, "go together"),
        ({"private_cert": key}, "go together"),
        ({"public_cert": certificate, "private_cert": old_key}, "not the key"),
        ({"public_cert": expired, "private_cert": old_key}, "expired"),
        ({"public_cert": "x", "private_cert": key}, "not a certificate"),
        ({"public_cert": certificate, "private_cert": "x"}, "not a private key"),
        ({"public_cert": 1, "private_cert": key}, "must be text"),
    ]:
        with pytest.raises(Refused, match=sentence) as refusal:
            create_provider("oauth", "mine", server.config | pair)
        assert (refusal.value.code, refusal.value.field) == ("invalidValue", "config")
        assert key not in refusal.value.sentence
    assert not AuthProvider.objects.exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"url": None}, "missingParameter"),
        ({"client_id": None}, "missingParameter"),
        ({"client_secret": None}, "missingParameter"),
        ({"grant_type": None}, "missingParameter"),
        ({"grant_type": "password"}, "invalidValue"),
        ({"url": "https://10.0.0.1/token"}, "invalidValue"),
        ({"url": "https://169.254.169.254/"}, "invalidValue"),
        ({"url": "ftp://example.com/"}, "invalidValue"),
        ({"url": 5}, "invalidValue"),
        ({"client_id": ""}, "invalidValue"),
        ({"client_id": 7}, "invalidValue"),
        ({"client_secret": "a\nb"}, "invalidValue"),
        ({"client_secret": "x" * 5000}, "invalidValue"),
        ({"scope": "all"}, "invalidValue"),
        ({"send_user_token": True}, "invalidValue"),
    ],
)
def test_a_bad_configuration_is_refused(server, change, code):
    with pytest.raises(Refused) as refusal:
        create_provider("oauth", "mine", server.config | change)
    assert (refusal.value.code, refusal.value.field) == (code, "config")
    provider, _ = create_provider("oauth", "mine", server.config)
    with pytest.raises(Refused):
        update_provider(provider.pk, "oauth", "mine", change)
    assert AuthProvider.objects.get().settings == server.config


def test_http_is_for_those_who_allow_it(server, settings):
    settings.WEBHOOKS_ALLOW_HTTP = False
    with pytest.raises(Refused, match="https"):
        create_provider("oauth", "mine", server.config)


def test_another_configuration_needs_another_token(server):
    provider, _ = create_provider("oauth", "mine", server.config)
    tokens.renew(provider.pk, door())
    update_provider(provider.pk, "oauth", "yours")
    update_provider(provider.pk, "oauth", "yours", {"client_id": "the client"})
    assert kept(provider).access_token == "token-1"
    update_provider(provider.pk, "oauth", "yours", {"client_id": "another"})
    assert kept(provider).access_token is None
    assert tokens.renew(provider.pk, door())
    assert server.forms[-1]["client_id"] == "another"
    assert AuthProvider.objects.get().settings == server.config | {
        "client_id": "another"
    }


def test_a_pair_can_be_taken_away(tmp_path):
    context, pair = mutual_tls(tmp_path)
    with TokenServer(tls=context) as server:
        provider, _ = create_provider("oauth", "mine", server.config | pair)
        update_provider(provider.pk, "oauth", "mine", dict.fromkeys(pair))
        assert AuthProvider.objects.get().settings == server.config


def test_a_token_fetched_for_a_former_configuration_is_not_kept(server):
    provider, _ = create_provider("oauth", "mine", server.config)
    claim = "mine"
    assert tokens._claim(provider.pk, claim) == 0
    update_provider(provider.pk, "oauth", "mine", {"client_id": "another"})
    fetched = fetch_token(Credentials.of(server.config), door())
    assert not tokens._store(provider.pk, claim, fetched, 0.1)
    tokens._fail(provider.pk, claim, 1, "timeout")
    assert (kept(provider).access_token, kept(provider).failures) == (None, 0)


@pytest.mark.django_db(transaction=True)
def test_one_of_many_asks_the_token_server(server):
    provider = server.provider()
    gate = threading.Barrier(8)
    done: list[bool] = []

    def run() -> None:
        gate.wait()
        done.append(tokens.renew(provider.pk, door()))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False] * 7 + [True]
    assert (server.total, kept(provider).serial) == (1, 1)


def test_a_claim_whose_holder_died_runs_out(server):
    provider = server.provider()
    assert tokens._claim(provider.pk, "dead") == 0
    assert not tokens.renew(provider.pk, door())
    age(provider, claimed_until=1)
    assert tokens.renew(provider.pk, door())


def test_a_refusal_counts_for_the_token_in_use_only_and_once_in_a_while(server):
    provider = server.provider()
    tokens.renew(provider.pk, door())
    tokens.refuse(provider.pk, 0)
    assert kept(provider).stale_at is None
    tokens.refuse(provider.pk, 1)
    assert kept(provider).stale_at is not None
    tokens.renew(provider.pk, door())
    tokens.refuse(provider.pk, 2)
    assert kept(provider).stale_at is None
    age(provider, forced_at=tokens.FORCED_APART_SECONDS + 1)
    tokens.refuse(provider.pk, 2)
    assert kept(provider).stale_at is not None


def test_every_oauth_provider_has_its_token_row_and_no_other(server):
    provider = server.provider()
    create_provider("hmac_signature", "mine")
    assert list(OAuthToken.objects.values_list("provider_id", flat=True)) == [
        provider.pk
    ]
    delete_provider(provider)
    assert not OAuthToken.objects.exists()


def test_a_provider_without_a_usable_configuration_is_our_fault(server):
    provider = AuthProvider.objects.create(type="oauth", name="empty", config="{}")
    assert not tokens.renew(provider.pk, door())
    assert kept(provider).last_error == "internal"


def test_an_expiring_certificate_is_told(server):
    certificate, key, _ = (part.decode() for part in make_certificate("127.0.0.1"))
    pair = {"public_cert": certificate, "private_cert": key}
    provider, _ = create_provider("oauth", "mine", server.config | pair)
    expiry, now = certificate_expiry(provider), datetime.now(UTC)
    assert expiry is not None
    assert timedelta(days=29) < expiry - now <= timedelta(days=30)
    assert certificate_warning(provider, expiry - timedelta(days=31)) is None
    assert "expires on" in (certificate_warning(provider, now) or "")
    assert "has expired" in (certificate_warning(provider, expiry) or "")
    assert certificate_expiry(server.provider()) is None


def test_the_system_check_warns_of_it(server, settings, capsys):
    # What else is said is for those who serve the public.
    settings.WEBHOOKS_ALLOWED_NETWORKS = ""
    certificate, key, _ = (part.decode() for part in make_certificate("127.0.0.1"))
    server.provider(public_cert=certificate, private_cert=key)
    call_command("check", databases=["default"])
    assert "auth_providers.W001" in capsys.readouterr().err


def test_a_rotated_secret_takes_effect_at_its_time():
    provider, first = create_provider("hmac_signature", "mine")
    soon = datetime.now(UTC) + timedelta(hours=1)

    unused = rotate_secret(provider, soon)
    second = rotate_secret(provider, soon + timedelta(hours=1))
    config = AuthProvider.objects.get().settings
    assert config["secret_key"] == first["secret_key"]
    assert config["next_secret_key"] == second
    assert config["next_from"].startswith(f"{soon + timedelta(hours=1):%Y-%m-%dT%H}")
    assert len({first["secret_key"], unused, second}) == 3

    third = rotate_secret(provider, None)
    assert AuthProvider.objects.get().settings == {"secret_key": third}


def test_a_rotation_that_has_taken_place_is_the_next_ones_beginning():
    provider, _ = create_provider("hmac_signature", "mine")
    second = rotate_secret(provider, datetime.now(UTC) + timedelta(hours=1))
    provider.refresh_from_db()
    provider.config = provider.config.replace(
        provider.settings["next_from"], "2026-01-01T00:00:00.000000Z"
    )
    provider.save()
    third = rotate_secret(provider, datetime.now(UTC) + timedelta(hours=1))
    config = AuthProvider.objects.get().settings
    assert (config["secret_key"], config["next_secret_key"]) == (second, third)


def test_only_signatures_have_a_secret_to_rotate(server):
    with pytest.raises(Refused) as refusal:
        rotate_secret(server.provider(), None)
    assert refusal.value.code == "conflict"


def test_nothing_of_a_renewal_is_logged(server, caplog):
    caplog.set_level(logging.DEBUG)
    server.answer = lambda form, number: token("t0k3n", refresh_token="r3fresh")
    provider = server.provider()
    tokens.renew(provider.pk, door())
    server.answer = lambda form, number: failure(400, error="invalid_client")
    tokens.refuse(provider.pk, 1)
    tokens.renew(provider.pk, door())
    ours = [each for each in caplog.records if each.name != "django.db.backends"]
    said = "\n".join(each.getMessage() for each in ours)
    assert "invalid_client" in said
    for secret in ("t0k3n", "r3fresh", "s3cret"):
        assert secret not in said
