"""Verification in the console: code with a webhook's path, and the debugger."""

from __future__ import annotations

import gzip
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.auth_providers.diagnosis import Cause
from apps.auth_providers.signing import keyed, sign, signature_date
from apps.receiver.samples import SAMPLES
from apps.webhooks.console.signature_words import words_of
from apps.webhooks.emit import emit
from apps.webhooks.models import Webhook, WebhookData
from apps.webhooks.target import Content
from tests.make import SECRET, make_provider, make_user, make_webhook
from tests.receivers import RECEIVERS, running

pytestmark = pytest.mark.django_db
PATH = "/hooks/bank-$1"
BODY = '{"id": 1,\n "name": "Crédit"}'
VIEWER = ("view_webhook", "view_authprovider")


def client_of(*codenames: str, language: str = "en") -> Client:
    user = User.objects.create(username="somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client


def page(client: Client, query: str = "") -> str:
    reply = client.get(reverse("admin:verification") + query, secure=True)
    assert reply.status_code == 200
    return reply.content.decode()


def diagnosis(client: Client, **fields):
    url = reverse("admin:debugger")
    reply = client.post(url, fields, secure=True)
    assert "no-store" in reply.headers["Cache-Control"]
    assert SECRET not in reply.content.decode()
    return reply


def causes(client: Client, **fields) -> list[str]:
    reply = diagnosis(client, **fields)
    assert reply.status_code == 200, reply.context["form"].errors
    return [each.cause for each in reply.context["found"].diagnosis.findings]


def headers_for(
    body: str | bytes, *, path: str = PATH, secret: str = SECRET, age: int = 0
) -> str:
    text = body.encode() if isinstance(body, str) else body
    moment = datetime.now(UTC) - timedelta(seconds=age)
    date = signature_date(int(moment.timestamp() * 1e6))
    signature = sign(keyed(secret), method="POST", path=path, date=date, payload=text)
    return f"BI-Signature-Date: {date}\nBI-Signature: {signature}"


@pytest.fixture
def webhook() -> Webhook:
    return make_webhook(f"https://example.org{PATH}?tenant=7")


def test_each_sample_reads_the_path_once_and_verifies_a_given_one_instead():
    for sample in SAMPLES.values():
        assert sample.source() == (RECEIVERS / sample.file).read_text()
        assert sample.source().count(sample.target) == 1, sample.name
        given = sample.source(PATH)
        assert sample.target not in given
        assert PATH in given


@pytest.mark.parametrize(
    ("name", "command"),
    [("python", "python3"), ("node", "node"), ("php", "php"), ("ruby", "ruby")],
)
def test_code_with_a_path_accepts_what_a_proxy_sends_on(name, command, tmp_path: Path):
    if shutil.which(command) is None:
        pytest.skip(f"NO {command}: the sample with a path was not run.")
    sample = SAMPLES[name]
    file = tmp_path / sample.file
    file.write_text(sample.source(PATH))
    words = sample.run.replace(sample.file, str(file)).replace("8900", "PORT").split()
    start = [word for word in words if not word.startswith("PORT=")]
    body = b'{"id_webhook_data": 7}'
    headers = dict(line.split(": ") for line in headers_for(body).splitlines())
    with running(start, tmp_path, SECRET, None) as receiver:
        assert receiver.send("POST", "/behind/a/proxy?x=1", headers, body) == 204
        other = dict(
            line.split(": ") for line in headers_for(body, path="/no").splitlines()
        )
        assert receiver.send("POST", "/no", other, body) == 401


def test_the_page_has_the_rule_and_code_for_a_webhook(webhook):
    client = client_of(*VIEWER)
    text = page(client)
    assert "+KVQdgwwzJFYsDZEuGMyxL4K58uuQak5u4x0teX+d54=" in text
    assert "target.split(" in text
    text = page(client, f"?language=go&webhook={webhook.pk}")
    assert f"strings.Cut(&quot;{PATH}&quot;" in text
    assert f"?webhook={webhook.pk}" in text
    for odd in ("?webhook=x", "?webhook=99999999999999999999", "?language=cobol"):
        assert "target.split(" in page(client, odd)


def test_who_may_see_no_webhook_sees_the_rule_and_none_of_them(webhook):
    text = page(client_of(), f"?webhook={webhook.pk}")
    assert "example.org" not in text
    assert reverse("admin:debugger") not in text


def test_a_genuine_delivery_is_said_to_be_one(webhook):
    client = client_of(*VIEWER)
    # A browser sends other line ends than were pasted.
    pasted = BODY.replace("\n", "\r\n")
    given = {"headers": headers_for(BODY), "webhook": webhook.pk}
    assert causes(client, body=pasted, **given) == [Cause.VALID]
    crlf = {"headers": headers_for(pasted), "webhook": webhook.pk}
    assert causes(client, body=pasted, **crlf) == [Cause.VALID]
    packed = SimpleUploadedFile("body.gz", gzip.compress(BODY.encode()))
    given["headers"] += "\nContent-Encoding: gzip"
    assert causes(client, file=packed, **given) == [Cause.VALID]
    # Text is never what was compressed.
    assert causes(client, body=pasted, **given) == [Cause.VALID]


def test_each_usual_mistake_is_named(webhook):
    client = client_of(*VIEWER)
    given = {"body": BODY, "webhook": webhook.pk}
    cases = {
        Cause.PATH_WITH_QUERY: headers_for(BODY, path=f"{PATH}?tenant=7"),
        Cause.BODY_REWRITTEN: headers_for(json.dumps(json.loads(BODY))),
        Cause.SECRET_BLANKS: headers_for(BODY, secret=f"{SECRET}\n"),
        Cause.STALE: headers_for(BODY, age=3600),
        Cause.MISSING_HEADER: "Content-Type: application/json",
    }
    for cause, headers in cases.items():
        assert causes(client, headers=headers, **given)[0] == cause
    signed = headers_for(gzip.compress(BODY.encode(), mtime=0))
    packed = SimpleUploadedFile("body", gzip.compress(BODY.encode(), mtime=0))
    found = causes(
        client,
        headers=f"{signed}\nContent-Encoding: gzip",
        file=packed,
        webhook=webhook.pk,
    )
    assert found == [Cause.BODY_COMPRESSED]


def test_what_is_looked_into_later_is_genuine_at_its_time(webhook):
    client = client_of(*VIEWER)
    given = {
        "headers": headers_for(BODY, age=7200),
        "body": BODY,
        "webhook": webhook.pk,
    }
    text = diagnosis(client, **given).content.decode()
    assert "The signature fits" in text
    then = (datetime.now(UTC) - timedelta(seconds=7200)).strftime("%Y-%m-%dT%H:%M")
    assert causes(client, received=then, **given) == [Cause.VALID]


def test_another_providers_secret_is_named_to_who_may_see_providers(webhook):
    make_provider(secret_key="another")
    given = {
        "headers": headers_for(BODY, secret="another"),
        "body": BODY,
        "webhook": webhook.pk,
    }
    assert causes(client_of(*VIEWER), **given) == [Cause.SECRET_OTHER]
    User.objects.all().delete()
    assert causes(client_of("view_webhook"), **given) == [Cause.NO_MATCH]


def test_during_a_rotation_either_secret_is_known(webhook):
    provider = webhook.auth_provider
    future = "2999-01-01T00:00:00.000000Z"
    config = {"secret_key": SECRET, "next_secret_key": "next", "next_from": future}
    provider.config = json.dumps(config)
    provider.save()
    client = client_of(*VIEWER)
    given = {"body": BODY, "webhook": webhook.pk}
    assert causes(client, headers=headers_for(BODY), **given) == [Cause.VALID]
    early = headers_for(BODY, secret="next")
    assert causes(client, headers=early, **given) == [Cause.SECRET_OTHER]


def test_a_delivery_is_compared_with_what_was_sent(webhook):
    user = make_user()
    emit(
        "CONNECTION_SYNCED", {"connection": {"id": 12}, "user": {"id": 1}}, user=user.pk
    )
    data = WebhookData.objects.select_related("event").get(webhook=webhook)
    sent = Content((data.event.payload or "").encode()).body(data.pk).decode()
    client = client_of(*VIEWER)
    given = {"headers": headers_for(sent), "delivery": data.pk}
    reply = diagnosis(client, **given)
    assert reply.context["found"].diagnosis.cause == Cause.VALID
    # The stored body is for who may read payloads.
    assert "connection" not in reply.content.decode().split('id="verdict"')[1].split(
        "</section>"
    )[0].lower().replace("connection_synced", "")
    reply = diagnosis(client, body=json.dumps(json.loads(sent), indent=1), **given)
    found = reply.context["found"]
    assert found.diagnosis.cause == Cause.BODY_REWRITTEN
    assert found.difference.sent == len(sent)
    assert "is not the one that was sent" in reply.content.decode()
    User.objects.all().delete()
    reader = client_of(*VIEWER, "view_payload")
    assert "&quot;connection&quot;" in diagnosis(reader, **given).content.decode()


def test_a_whole_request_and_a_curl_command_need_nothing_else(webhook):
    client = client_of(*VIEWER)
    headers = headers_for("{}", path="/elsewhere")
    http = f"POST /elsewhere HTTP/1.1\nHost: x\n{headers}\n\n{{}}"
    assert causes(client, headers=http, secret=SECRET) == [Cause.VALID]
    options = " ".join(f"-H '{line}'" for line in headers.splitlines())
    curl = f"curl {options} -d '{{}}' https://x/elsewhere"
    assert causes(client, headers=curl, secret=SECRET) == [Cause.VALID]
    assert causes(client, headers=curl) == [Cause.NO_SECRET]


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"headers": "nonsense"}, "headers", "is not a header"),
        ({"webhook": 12345}, "webhook", "There is no such webhook."),
        ({"delivery": 12345}, "delivery", "There is no such delivery."),
        ({"body": ""}, "body", "Give the body, or the id of the delivery."),
        ({"target": ""}, "__all__", "Give the path or the URL of the request."),
    ],
)
def test_what_does_not_do_is_said_at_the_field(fields, field, sentence):
    given = {"headers": headers_for(BODY), "body": BODY, "target": PATH} | fields
    reply = diagnosis(client_of(*VIEWER), **given)
    assert reply.status_code == 422
    assert sentence in reply.context["form"].errors[field][0]


def test_a_webhook_that_does_not_sign_says_so():
    plain = make_webhook("https://example.org/", auth_provider=None)
    reply = diagnosis(
        client_of(*VIEWER), headers=headers_for(BODY), body=BODY, webhook=plain.pk
    )
    assert "are not signed" in reply.context["form"].errors["webhook"][0]


def test_there_are_words_for_every_cause():
    for cause in Cause:
        assert words_of(cause).title
        assert words_of(cause).step
