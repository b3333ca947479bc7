"""Headers as people paste them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.auth_providers.diagnosis import BadInput
from apps.auth_providers.diagnosis.pasted import LONGEST_HEADERS, read_pasted

DATE = "2022-06-27T11:08:52.577831Z"
SIGNATURE = "+KVQdgwwzJFYsDZEuGMyxL4K58uuQak5u4x0teX+d54="
WANTED = {"bi-signature-date": DATE, "bi-signature": SIGNATURE}
LINES = f"BI-Signature-Date: {DATE}\nBI-Signature: {SIGNATURE}"

CURL_OUTPUT = f"""\
*   Trying 127.0.0.1:8900...
* Connected to 127.0.0.1 (127.0.0.1) port 8900
> POST /hook?x=1 HTTP/1.1
> BI-Signature-Date: {DATE}
> BI-Signature: {SIGNATURE}
>
}} [26 bytes data]
< HTTP/1.1 401 Unauthorized
< BI-Signature: of the answer
<
"""

CURL = f"""\
curl -X POST 'https://a.example/hook?x=1' \\
  -H 'BI-Signature-Date: {DATE}' \\
  --header "BI-Signature: {SIGNATURE}" \\
  --user-agent 'somebody' --compressed --data-raw '{{"id": 1}}'
"""

FORMS = {
    "lines": LINES,
    "carriage returns": LINES.replace("\n", "\r\n") + "\r\n\r\n",
    "lower case": LINES.replace("BI-S", "bi-s").replace("-Date", "-date"),
    "no blank after the colon": LINES.replace(": ", ":"),
    "json": f'{{"BI-Signature-Date": "{DATE}", "BI-Signature": "{SIGNATURE}"}}',
    "json of lists": f'{{"Bi-Signature-Date": ["{DATE}"],'
    f' "Bi-Signature": ["{SIGNATURE}"]}}',
    "json of pairs": f'[["BI-Signature-Date", "{DATE}"],'
    f' ["BI-Signature", "{SIGNATURE}"]]',
    "json of names": f'[{{"name": "BI-Signature-Date", "value": "{DATE}"}},'
    f' {{"name": "BI-Signature", "value": "{SIGNATURE}"}}]',
    "json of CGI": f'{{"HTTP_BI_SIGNATURE_DATE": "{DATE}", "wsgi.input": null,'
    f' "HTTP_BI_SIGNATURE": "{SIGNATURE}"}}',
    "a dictionary": f"{{'Bi-Signature-Date': '{DATE}', 'Bi-Signature': '{SIGNATURE}'}}",
    "options of curl": f"-H 'BI-Signature-Date: {DATE}' -H'BI-Signature: {SIGNATURE}'",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_headers_are_read_from(form):
    read = read_pasted(FORMS[form])
    headers = {name: value for name, value in read.headers.items() if name in WANTED}
    assert headers == WANTED
    assert (read.method, read.target, read.body) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "method", "target", "body"),
    [
        (f"POST /hook?x=1 HTTP/1.1\r\n{LINES}", "POST", "/hook?x=1", None),
        (f"POST /h HTTP/2\n{LINES}\n\n{{\n}}\n", "POST", "/h", b"{\n}\n"),
        (f":method: POST\n:path: /h\n{LINES}", "POST", "/h", None),
        (CURL_OUTPUT, "POST", "/hook?x=1", None),
        (CURL, "POST", "https://a.example/hook?x=1", b'{"id": 1}'),
        ("curl https://a.example -H 'A: b' -d @file", None, "https://a.example", None),
        (f'{{"method": "POST", "url": "/h", "headers": {FORMS["json"]}}}',
         "POST", "/h", None),
    ],
)  # fmt: skip
def test_the_rest_of_the_request_is_read_too(text, method, target, body):
    read = read_pasted(text)
    assert (read.method, read.target, read.body) == (method, target, body)


def test_only_what_was_sent_is_taken_of_what_curl_says():
    assert read_pasted(CURL_OUTPUT).headers == WANTED


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There are no headers."),
        (" \n\t", "There are no headers."),
        ("POST /h HTTP/1.1\nhello", "Line 2 is not a header: hello."),
        (f"{LINES}\n folded", "Line 3 is not a header: folded. Write Name: value."),
        ("A: b\n\x1b[2J", "Line 2 is not a header: \\x1b[2J. Write Name: value."),
        ("BI-Signature: a\nbi-signature: b", "bi-signature is there twice"),
        ('{"a": "b"', "The headers begin like JSON, and are not: look for a quote"),
        ("{" * 5000, "The headers begin like JSON, and are not: "),
        ("[1, 2]", 'Write the headers as {"Name": "value"}.'),
        ("[" * 5000 + "]" * 5000, "The headers begin like JSON, and are not: "),
        ("curl 'http://a", "The curl command has a quote that is not closed."),
        ("curl http://a -H", "Nothing follows -H in the curl command."),
        ("curl http://a -H nothing", "This is not a header: nothing."),
        ("A: " + "b" * LONGEST_HEADERS, "The headers are longer than 64 KB."),
        ("[" + " " * LONGEST_HEADERS + "]", "The headers are longer than 64 KB."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(text, sentence):
    with pytest.raises(BadInput) as refusal:
        read_pasted(text)
    assert str(refusal.value).startswith(sentence)


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=80)
    | st.text("{}[]'\": ,\n\r->HcurlPOSTab/1.0\\", max_size=80)
    | st.builds("curl {}".format, st.text("'\"-HXd@ a:\n\\", max_size=40))
)
def test_whatever_is_pasted_is_read_or_refused_in_a_sentence(text):
    with contextlib.suppress(BadInput):
        assert all(name == name.lower() for name in read_pasted(text).headers)
