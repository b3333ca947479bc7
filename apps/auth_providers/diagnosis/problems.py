"""What is found without guessing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from apps.auth_providers.diagnosis.findings import Cause, Finding

NAMES: Final = {
    "bi-signature-date": "BI-Signature-Date",
    "bi-signature": "BI-Signature",
}


def missing(headers: Mapping[str, str]) -> Finding:
    """One of the two headers is, or both are."""
    absent = [name for key, name in NAMES.items() if not headers.get(key)]
    sentence = f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} missing."
    remedy = "Look for a proxy or a framework that drops them, and paste all headers."
    if len(absent) == len(NAMES):
        remedy = "Give the webhook an auth provider of type hmac_signature. " + remedy
        if headers.get("authorization", "").lower().startswith("bearer "):
            sentence += (
                " There is a bearer token instead: the webhook is not authenticated"
                " by hmac_signature."
            )
    return Finding(cause=Cause.MISSING_HEADER, sentence=sentence, remedy=remedy)


NONE: Final = Finding(
    cause=Cause.VALID,
    sentence="The signature is genuine and its date is fresh.",
    remedy="Nothing is to be done.",
)
NO_SECRET: Final = Finding(
    cause=Cause.NO_SECRET,
    sentence="The headers are in order; the signature was not checked.",
    remedy="Give the secret_key of the webhook's auth provider to have it checked.",
)
BAD_GZIP: Final = Finding(
    cause=Cause.BAD_GZIP,
    sentence="The compressed body is cut short, damaged or larger than 64 MB unpacked.",
    remedy="Compare its length with Content-Length; look for a limit on the way, or for"
    " something that took the bytes for text.",
)
GZIP_UNPACKED: Final = Finding(
    cause=Cause.GZIP_UNPACKED,
    sentence="Content-Encoding says gzip, but the body is not compressed: something on"
    " the way has unpacked it already.",
    remedy="Verify this body as it is, or take it before it is unpacked.",
)
NO_MATCH: Final = Finding(
    cause=Cause.NO_MATCH,
    sentence="The signature does not fit, and no known mistake explains it.",
    remedy="Most likely it is another secret; else a body or a path that was changed,"
    " or headers of another attempt. Check the code against"
    " docs/receivers/vectors.json.",
)
