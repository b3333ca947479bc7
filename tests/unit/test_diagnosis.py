"""The signature debugger: for each mistake its name."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.auth_providers.diagnosis import BadInput, Cause, Diagnosis, Verdict, diagnose
from tests.make import SECRET
from tests.vectors import VECTORS

DATE = "2022-06-27T11:08:52.577831Z"
NOW = datetime(2022, 6, 27, 11, 8, 53, tzinfo=UTC)
BODY = b'{"id": 1, "amount": 1.10, "label": "caf\xc3\xa9 / <b>"}'


def signature_of(
    message: bytes, key: bytes = SECRET.encode(), algorithm: str = "sha256"
) -> str:
    """Computed here, apart from the code under test."""
    digest = hmac.new(key, message, algorithm).digest()
    return base64.b64encode(digest).decode()


def message(
    *, method: str = "POST", path: str = "/hook", date: str = DATE, body: bytes = BODY
) -> bytes:
    return f"{method}.{path}.{date}.".encode() + body


def look(signature: str, **changes: Any) -> Diagnosis:
    """The diagnosis of this signature on the usual request."""
    headers = {"BI-Signature-Date": DATE, "BI-Signature": signature}
    arguments: dict[str, Any] = {
        "headers": headers | changes.pop("more", {}),
        "body": BODY,
        "now": NOW,
        "target": "/hook",
        "secret": SECRET,
    }
    return diagnose(**arguments | changes)


def causes(diagnosis: Diagnosis) -> list[str]:
    return [finding.cause.value for finding in diagnosis.findings]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_golden_vector_is_told_for_what_it_is(vector):
    diagnosis = diagnose(
        headers=vector.headers,
        body=vector.body,
        now=vector.moment,
        target=vector.target,
        method=vector.method,
        secret=vector.secret,
    )
    assert diagnosis.verdict == vector.verdict
    assert causes(diagnosis) == [vector.cause]


PATHS = [
    ("/hook?a=1&b=2", "/hook?a=1&b=2", "path_with_query"),
    ("/hook/", "/hook", "path_trailing_slash"),
    ("/hook", "/hook/", "path_trailing_slash"),
    ("https://a.example/hook", "https://a.example/hook", "path_with_host"),
    ("https://a.example/hook", "a.example/hook", "path_with_host"),
    ("https://a.example/hook?x", "https://a.example/hook?x", "path_with_host"),
    ("https://a.example", "https://a.example", "path_with_host"),
    ("/api/v1/hook", "/v1/hook", "path_prefix"),
    ("/api/v1/hook", "/hook", "path_prefix"),
    ("/api/v1/hook", "/", "path_prefix"),
    ("/a%20b", "/a b", "path_encoding"),
    ("/a%2fb", "/a%2Fb", "path_encoding"),
    ("/caf\xe9", "/caf%C3%A9", "path_encoding"),
    ("/Hook", "/hook", "path_spelling"),
    ("/a//b", "/a/b", "path_spelling"),
    ("/hook", "hook", "path_spelling"),
    ("/", "", "path_trailing_slash"),
]


@pytest.mark.parametrize(("target", "signed", "cause"), PATHS)
def test_another_path_was_signed(target, signed, cause):
    diagnosis = look(signature_of(message(path=signed)), target=target)
    assert causes(diagnosis) == [cause]


@pytest.mark.parametrize(
    ("name", "value", "signed"),
    [
        ("X-Forwarded-Prefix", "/api", "/api/hook"),
        ("X-Forwarded-Prefix", "/api/", "/api/hook"),
        ("X-Original-URI", "/v2/hook?x=1", "/v2/hook"),
        ("X-Envoy-Original-Path", "/other", "/other"),
    ],
)
def test_a_proxy_tells_which_path_it_has_rewritten(name, value, signed):
    diagnosis = look(signature_of(message(path=signed)), more={name: value})
    assert causes(diagnosis) == ["path_prefix"]
    assert signed in diagnosis.sentence


def test_the_registered_url_explains_a_path():
    diagnosis = look(
        signature_of(message(path="/public/hook")),
        registered="https://a.example/public/hook?tenant=1",
    )
    assert causes(diagnosis) == ["path_registered"]


BODIES = [
    (b"", "body_empty"),
    (BODY + b"\n", "body_newline"),
    (BODY + b"\r\n", "body_newline"),
    ('{"id":1,"amount":1.10,"label":"café / <b>"}', "body_rewritten"),
    (json.dumps(json.loads(BODY)).encode(), "body_rewritten"),
    (json.dumps(json.loads(BODY), indent=2, ensure_ascii=False), "body_rewritten"),
    (json.dumps(json.loads(BODY), sort_keys=True), "body_rewritten"),
    ('{"id":1,"amount":1.1,"label":"caf\\u00e9 \\/ <b>"}', "body_rewritten"),
    ('{"amount":1.1,"id":1,"label":"café / \\u003cb\\u003e"}', "body_rewritten"),
    (BODY.decode("latin-1"), "body_charset"),
    (BODY.decode().encode("latin-1"), "body_charset"),
    (b"\xef\xbb\xbf" + BODY, "body_charset"),
    (repr(BODY), "body_as_value"),
    (str(json.loads(BODY)), "body_as_value"),
    (json.dumps(BODY.decode()), "body_as_value"),
    ("[object Object]", "body_as_value"),
]


@pytest.mark.parametrize(("signed", "cause"), BODIES)
def test_another_body_was_signed(signed, cause):
    body = signed if isinstance(signed, bytes) else signed.encode()
    assert causes(look(signature_of(message(body=body)))) == [cause]


@pytest.mark.parametrize(
    ("sent", "signed", "cause"),
    [
        (b'{"a": 1.0}', b'{"a":1}', "body_rewritten"),
        (b'{"a":1,"id_webhook_data":7}', b'{"a":1}', "body_without_id"),
        (b'{"id_webhook_data":7}', b"{}", "body_without_id"),
        (b"a\r\nb\r\n", b"a\nb\n", "body_line_ends"),
        (b"a\nb", b"a\r\nb", "body_line_ends"),
        (b"a\nb\n", b"a\nb", "body_newline"),
        (b" {} ", b"{}", "body_newline"),
    ],
)
def test_this_body_became_that_one(sent, signed, cause):
    diagnosis = look(signature_of(message(body=signed)), body=sent)
    assert causes(diagnosis) == [cause]


@pytest.mark.parametrize(
    ("secret", "key", "cause"),
    [
        (SECRET, SECRET + "\n", "secret_blanks"),
        (SECRET, SECRET + " ", "secret_blanks"),
        (SECRET + "\n", SECRET, "secret_blanks"),
        (SECRET, f'"{SECRET}"', "secret_quotes"),
        (f"'{SECRET}'", SECRET, "secret_quotes"),
        ("c2VjcmV0", "secret", "secret_decoded"),
        ("-_-_", b"\xfb\xff\xbf", "secret_decoded"),
        ("736563726574", "secret", "secret_decoded"),
        ("secret", "c2VjcmV0", "secret_encoded"),
        (SECRET, "", "secret_empty"),
        (SECRET, "another", "no_match"),
    ],
)
def test_another_key_was_used(secret, key, cause):
    raw = key if isinstance(key, bytes) else key.encode()
    diagnosis = look(signature_of(message(), raw), secret=secret)
    assert causes(diagnosis) == [cause]


def test_other_secrets_are_named():
    others = {"the secret of the provider shop": "another"}
    diagnosis = look(signature_of(message(), b"another"), other_secrets=others)
    assert causes(diagnosis) == ["secret_other"]
    assert "the secret of the provider shop" in diagnosis.sentence
    assert "another" not in diagnosis.sentence


@pytest.mark.parametrize(
    "date",
    [
        "2022-06-27T11:08:52Z",
        "2022-06-27T11:08:52.577Z",
        "2022-06-27T11:08:52.577831+00:00",
        "2022-06-27T11:08:52.577831",
        "2022-06-27 11:08:52.577831Z",
        "1656328132",
        "1656328132577",
        "Mon, 27 Jun 2022 11:08:52 GMT",
        "",
    ],
)
def test_the_date_was_written_again(date):
    diagnosis = look(signature_of(message(date=date)))
    assert causes(diagnosis) == ["date_format"]


@pytest.mark.parametrize(
    ("method", "signed", "cause"),
    [
        ("POST", "post", "method_case"),
        ("post", "POST", "method_case"),
        ("POST", "GET", "method_other"),
        ("POST", "", "method_other"),
        ("PUT", "POST", "method_other"),
    ],
)
def test_another_method_was_signed(method, signed, cause):
    diagnosis = look(signature_of(message(method=signed)), method=method)
    assert causes(diagnosis) == [cause]


DIGEST = base64.b64decode(signature_of(message()))
KEY = SECRET.encode()


@pytest.mark.parametrize(
    ("signature", "cause"),
    [
        (DIGEST.hex(), "signature_hex"),
        (DIGEST.hex().upper(), "signature_hex"),
        (base64.b64encode(DIGEST.hex().encode()).decode(), "signature_of_hex"),
        (f'"{base64.b64encode(DIGEST).decode()}"', "signature_decorated"),
        (f"v1={base64.b64encode(DIGEST).decode()}", "signature_decorated"),
        (base64.b64encode(DIGEST).decode()[:40], "signature_truncated"),
        (base64.b64encode(DIGEST).decode() + "=", "signature_padding"),
        (signature_of(message(), algorithm="sha1"), "signature_algorithm"),
        (signature_of(message(), algorithm="sha512"), "signature_algorithm"),
        (signature_of(KEY, message()), "not_hmac"),
        (
            base64.b64encode(hashlib.sha256(KEY + message()).digest()).decode(),
            "not_hmac",
        ),
        (signature_of(BODY), "string_parts"),
        (signature_of(f"{DATE}.".encode() + BODY), "string_parts"),
        (signature_of(b"POST/hook" + DATE.encode() + BODY), "string_joined"),
        (signature_of(f"POST\n/hook\n{DATE}\n".encode() + BODY), "string_joined"),
        ("", "missing_header"),
        ("é", "signature_malformed"),
        ("AAAA", "signature_malformed"),
        ("A" * 5000, "signature_malformed"),
    ],
)  # fmt: skip
def test_a_signature_is_written_or_made_differently(signature, cause):
    assert causes(look(signature)) == [cause]


def test_a_hexadecimal_signature_of_something_else_is_not_explained_by_its_form():
    assert causes(look("ab" * 32)) == ["no_match"]


@pytest.mark.parametrize(
    ("signature", "target", "found"),
    [
        (signature_of(message(path="/hook/", body=b"")), "/hook",
         ["path_trailing_slash", "body_empty"]),
        (signature_of(message(path="/hook?x", method="post")), "/hook?x",
         ["path_with_query", "method_case"]),
        (signature_of(message(body=BODY + b"\n"), KEY + b"\n"), "/hook",
         ["body_newline", "secret_blanks"]),
        (base64.b64decode(signature_of(message(path="/x"))).hex(), "/api/x",
         ["path_prefix", "signature_hex"]),
    ],
)  # fmt: skip
def test_two_mistakes_at_once_are_both_told(signature, target, found):
    assert causes(look(signature, target=target)) == found


@pytest.mark.parametrize(
    ("seconds", "cause", "told"),
    [
        (300, "valid", ""),
        (300.000001, "stale", "301 s old; 300 s are allowed"),
        (86_400, "stale", "86,400 s old"),
        (-300, "valid", ""),
        (-301, "future", "301 s in the future"),
    ],
)
def test_a_date_is_fresh_for_five_minutes_both_ways(seconds, cause, told):
    signed_at = datetime.fromisoformat(DATE)
    diagnosis = look(
        signature_of(message()), now=signed_at + timedelta(seconds=seconds)
    )
    assert causes(diagnosis) == [cause]
    assert told in diagnosis.sentence


def test_what_is_wrong_with_the_signature_comes_before_an_old_date():
    late = NOW + timedelta(hours=1)
    diagnosis = look(signature_of(message(path="/hook/")), now=late)
    assert causes(diagnosis) == ["path_trailing_slash", "stale"]


@pytest.mark.parametrize(
    ("date", "told"),
    [
        ("1656328132", "a number of seconds"),
        ("Mon, 27 Jun 2022 11:08:52 GMT", "in the form of the header Date"),
        ("2022-06-27T11:08:52.577831", "without the Z"),
        ("2022-06-27T13:08:52.577831+02:00", "with an offset"),
        ("2022-06-27T11:08:52.577Z", "six digits"),
        ("2022-02-30T11:08:52.577831Z", "not a date"),
        ("yesterday", "not a date"),
    ],
)
def test_a_malformed_date_is_told_from_others(date, told):
    headers = {
        "BI-Signature-Date": date,
        "BI-Signature": signature_of(message(date=date)),
    }
    diagnosis = look("", headers=headers)
    assert causes(diagnosis) == ["bad_date"]
    assert told in diagnosis.sentence


def test_without_a_secret_only_the_form_is_checked():
    good = signature_of(message(), b"whatever")
    unchecked = look(good, secret=None)
    assert (unchecked.verdict, unchecked.cause) == (
        Verdict.UNCHECKED,
        Cause.NO_SECRET,
    )
    assert causes(look(DIGEST.hex(), secret=None)) == ["signature_hex"]
    assert causes(look(good, secret=None, now=NOW + timedelta(days=1))) == ["stale"]


def test_a_missing_header_is_named_and_a_token_in_its_place_too():
    diagnosis = look("", headers={"Authorization": "Bearer abc"})
    assert causes(diagnosis) == ["missing_header"]
    assert "BI-Signature-Date and BI-Signature are missing" in diagnosis.sentence
    assert "bearer token" in diagnosis.sentence


def test_a_lost_content_encoding_is_noticed():
    packed = gzip.compress(BODY, mtime=0)
    assert causes(look(signature_of(b"?"), body=packed)) == ["no_match"]
    diagnosis = look(signature_of(message()), body=packed)
    assert causes(diagnosis) == ["gzip_unannounced"]


def test_what_is_shown_of_a_request_is_short_and_obeys_nobody():
    diagnosis = look("x", body=b"\x1b[2J\xff" + b"y" * 300, target="/\x1b]0;")
    assert "\x1b" not in diagnosis.signed + diagnosis.sentence
    assert diagnosis.signed.startswith("POST./\\x1b]0;.2022")
    assert "\\x1b[2J\\xff" in diagnosis.signed
    assert len(diagnosis.signed) < 230
    assert diagnosis.signed_bytes > 300


def test_a_diagnosis_tells_no_secret_and_no_right_signature():
    right = signature_of(message())
    for signature in (signature_of(message(path="/hook/")), "x", right.rstrip("=")):
        told = json.dumps(look(signature).as_json())
        assert SECRET not in told
        assert right not in told


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_a_word_of_its_own(cause):
    assert cause.value == cause.name.lower()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"target": None}, "Give the path or the URL of the request."),
        (
            {"target": "hook"},
            "The path must begin with /, or be a URL with http(s)://.",
        ),
        ({"target": "/" * 9000}, "The URL is longer than 8192 characters."),
        ({"body": None}, "Give the body, and be it empty."),
        ({"registered": "a.example"}, "The path must begin with /,"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(changes, sentence):
    with pytest.raises(BadInput) as refusal:
        look("x", **changes)
    assert str(refusal.value).startswith(sentence)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 60_000 + b"]" * 60_000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b"[1e999, NaN, -Infinity, " + b"9" * 5000 + b"]",
        b'{"a": "\\ud800"}',
        b"\xff\xfe\x00",
        b'"' * 100_000,
    ],
)
def test_odd_bodies_are_looked_at_all_the_same(body):
    assert causes(look(signature_of(b"?"), body=body)) == ["no_match"]


def test_half_a_surrogate_pair_is_no_accident():
    signed = signature_of(message(path="/?"), b"?")
    diagnosis = look(signed, target="/\ud800", secret="\ud800")
    assert causes(diagnosis) == ["no_match"]


ANY = st.text(max_size=60)


@settings(max_examples=150, deadline=None)
@given(
    signature=ANY | st.from_regex(r"[A-Za-z0-9+/_-]{0,90}={0,2}", fullmatch=True),
    date=ANY | st.just(DATE),
    target=ANY | st.from_regex(r"(https?://)?[a-z./?#%0-9-]{0,20}", fullmatch=True),
    body=st.binary(max_size=60),
    secret=ANY,
    encoding=st.sampled_from(["", "gzip", "br"]),
)
def test_whatever_is_given_there_is_a_verdict_or_a_sentence(
    signature, date, target, body, secret, encoding
):
    headers = {
        "BI-Signature": signature,
        "BI-Signature-Date": date,
        "Content-Encoding": encoding,
    }
    try:
        diagnosis = look("", headers=headers, target=target, body=body, secret=secret)
    except BadInput:
        return
    assert diagnosis.verdict is Verdict.INVALID
    assert diagnosis.sentence
    json.dumps(diagnosis.as_json())
