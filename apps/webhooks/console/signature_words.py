"""What the signature debugger finds, in plain language, and what to do about it.

Its own sentences (apps/auth_providers/diagnosis) have the details, in English.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.auth_providers.diagnosis import Cause


class Words(NamedTuple):
    """What is the matter, and what to do."""

    title: str | Promise
    step: str | Promise


_RAW: Final = _(
    "Verify the raw bytes of the request, taken before any framework parses them."
)
_RULE: Final = _(
    "Sign METHOD.path.date.payload: four parts, in this order, three dots."
)
_PATH: Final = _(
    "Sign the path of the URL as it was registered: no host, no query, escapes and the "
    "slash at the end as they are. Behind a proxy that rewrites it, write it down as a "
    "constant."
)
_SECRET: Final = _(
    "Use the secret as it was shown, as text: 43 characters, nothing around it, not "
    "decoded."
)
_BASE64: Final = _("Compare with the standard base64 of the 32 bytes, with padding.")

_WORDS: Final[dict[Cause, Words]] = {
    Cause.VALID: Words(
        _("The signature is genuine, and its date is fresh."),
        _("Nothing is to be done."),
    ),
    Cause.NO_SECRET: Words(
        _("The headers are in order; the signature was not checked."),
        _("Name the webhook or the delivery, or give the secret."),
    ),
    Cause.MISSING_HEADER: Words(
        _("BI-Signature or BI-Signature-Date is missing."),
        _(
            "Give the webhook an auth provider of the type hmac_signature, and look "
            "for a proxy or a framework that drops headers."
        ),
    ),
    Cause.BAD_DATE: Words(
        _("The date is not written as this service writes it."),
        _("Look for what has changed the header BI-Signature-Date on the way."),
    ),
    Cause.STALE: Words(
        _("The date is more than five minutes old."),
        _(
            "If this was received just now, set the receiver's clock by NTP, and look "
            "for a queue on the way. If it was received earlier, say when, below."
        ),
    ),
    Cause.FUTURE: Words(
        _("The date is more than five minutes ahead."),
        _("Set the clocks of both sides by NTP."),
    ),
    Cause.BAD_GZIP: Words(
        _("The compressed body is cut short or damaged."),
        _("Compare its length with Content-Length; look for a limit on the way."),
    ),
    Cause.GZIP_UNPACKED: Words(
        _("The headers say gzip, but the body is not compressed any more."),
        _("Verify this body as it is, or take it before it is unpacked."),
    ),
    Cause.GZIP_UNANNOUNCED: Words(
        _("The body is compressed, though no header says so."),
        _("Look for what drops Content-Encoding on the way; unpack, then verify."),
    ),
    Cause.METHOD_CASE: Words(
        _("The method was signed in other letters."),
        _("Sign the method in capital letters: POST."),
    ),
    Cause.METHOD_OTHER: Words(
        _("Another method was signed."),
        _("Deliveries are POST: sign and verify that."),
    ),
    Cause.PATH_WITH_QUERY: Words(_("The query was signed with the path."), _PATH),
    Cause.PATH_WITH_HOST: Words(_("The host was signed with the path."), _PATH),
    Cause.PATH_TRAILING_SLASH: Words(
        _("The path differs by the slash at its end."), _PATH
    ),
    Cause.PATH_PREFIX: Words(_("The beginning of the path is another one."), _PATH),
    Cause.PATH_ENCODING: Words(_("The path was decoded, or encoded again."), _PATH),
    Cause.PATH_SPELLING: Words(_("The path is spelt otherwise."), _PATH),
    Cause.PATH_REGISTERED: Words(
        _("The path that was registered is signed, another one was received."), _PATH
    ),
    Cause.DATE_FORMAT: Words(
        _("The date was read, and written again."),
        _("Sign the text of the header BI-Signature-Date, as it is."),
    ),
    Cause.SECRET_BLANKS: Words(_("There are blanks around the secret."), _SECRET),
    Cause.SECRET_QUOTES: Words(_("There are quotes around the secret."), _SECRET),
    Cause.SECRET_DECODED: Words(_("The secret was decoded."), _SECRET),
    Cause.SECRET_ENCODED: Words(_("The secret was encoded."), _SECRET),
    Cause.SECRET_EMPTY: Words(
        _("The secret was empty."),
        _("Look for a variable that is not set: anybody could sign."),
    ),
    Cause.SECRET_OTHER: Words(
        _("It was signed with another secret."),
        _("Take the secret of the provider that this webhook has."),
    ),
    Cause.BODY_COMPRESSED: Words(
        _("The compressed bytes were signed."),
        _("Unpack first, then verify: the payload is signed before gzip."),
    ),
    Cause.BODY_NEWLINE: Words(_("The body has another line end at its end."), _RAW),
    Cause.BODY_LINE_ENDS: Words(_("The line ends of the body have changed."), _RAW),
    Cause.BODY_EMPTY: Words(
        _("An empty body was signed."),
        _(
            "Something has read the body before: read it once, keep the bytes, and "
            "verify those."
        ),
    ),
    Cause.BODY_REWRITTEN: Words(_("The body was parsed and written again."), _RAW),
    Cause.BODY_WITHOUT_ID: Words(
        _("The body was signed without id_webhook_data."), _RAW
    ),
    Cause.BODY_AS_VALUE: Words(_("The body was turned into another value."), _RAW),
    Cause.BODY_CHARSET: Words(
        _("The body was read in another character set."),
        _("Verify bytes; if it has to be text, it is UTF-8."),
    ),
    Cause.STRING_PARTS: Words(_("Other parts, or in another order."), _RULE),
    Cause.STRING_JOINED: Words(_("The parts are not joined by dots."), _RULE),
    Cause.NOT_HMAC: Words(
        _("It is a plain hash, or key and message have changed places."),
        _("Use HMAC-SHA256, with the secret as its key."),
    ),
    Cause.SIGNATURE_HEX: Words(_("The signature is hexadecimal."), _BASE64),
    Cause.SIGNATURE_URL_SAFE: Words(
        _("The signature is in the URL-safe alphabet."), _BASE64
    ),
    Cause.SIGNATURE_PADDING: Words(_("The signature has lost its padding."), _BASE64),
    Cause.SIGNATURE_TRUNCATED: Words(_("The signature is cut short."), _BASE64),
    Cause.SIGNATURE_DECORATED: Words(
        _("There is something around the signature."), _BASE64
    ),
    Cause.SIGNATURE_OF_HEX: Words(
        _("The base64 is of the hexadecimal text, not of the bytes."), _BASE64
    ),
    Cause.SIGNATURE_ALGORITHM: Words(
        _("It is another hash than SHA-256."), _("Use HMAC-SHA256.")
    ),
    Cause.SIGNATURE_MALFORMED: Words(
        _("The signature is not the base64 of 32 bytes."), _BASE64
    ),
    Cause.NO_MATCH: Words(
        _("The signature does not fit, and no known mistake explains it."),
        _(
            "Most likely it is another secret; else a body or a path that was changed, "
            "or headers of another attempt."
        ),
    ),
}


def words_of(cause: Cause) -> Words:
    """There are some for every cause."""
    return _WORDS[cause]
