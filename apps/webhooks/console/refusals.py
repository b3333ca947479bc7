"""Why something is refused, in the reader's language.

The sentences are those of the API, which has one language. Here are those that people
at forms may meet; others are shown as they are.
"""

from __future__ import annotations

from typing import Final

from django.utils import translation
from django.utils.translation import gettext_lazy as _

_SENTENCES: Final = (
    _("The URL is longer than 2048 characters."),
    _("There is no such user."),
    _("There is no such auth provider."),
    _("The webhook is told of another user only."),
    _("Nobody is told of a temporary user."),
    _("The body is not valid JSON."),
    _("The JSON is nested too deeply."),
    _("The payload is not a JSON object."),
    _("The payload may not have the key 'id_webhook_data'."),
    _("add_to_data must be a JSON object, or the text of one."),
    _("id_webhook_data is a member of every body already."),
    _("A webhook adds 50 members at most."),
    _("The URL must be ASCII: write an international host in its xn-- form."),
    _("The URL has a character that must be percent-encoded."),
    _("The URL has a % that two hexadecimal digits do not follow."),
    _("The URL must not have a fragment (#)."),
    _("The URL must begin with https://."),
    _("The URL must begin with https:// or http://."),
    _("The URL must not have a user name or password."),
    _("The host of the URL is not a complete name or IP address."),
    _("The port of the URL is not a number from 1 to 65535."),
    _("The port of this URL may not be called."),
    _("The path of the URL must not have . or .. segments."),
    _("The address of this URL may not be called."),
    _("The name may be neither a number nor null."),
    _("The name must be text of 1 to 100 printable characters."),
    _("at is more than a year away."),
    _("public_cert and private_cert go together."),
    _("private_cert is not the key of public_cert."),
    _("public_cert is not a certificate in PEM."),
    _("private_cert is not a private key in PEM."),
    _("private_cert is encrypted; give it without a password."),
    _("There are no headers."),
    _("The headers are longer than 64 KB."),
    _("The headers begin like JSON, and are not: look for a quote or a comma."),
    _("The curl command has a quote that is not closed."),
    _("Give the path or the URL of the request."),
    _("The webhook is deleted."),
    _("until must be in the future."),
    _("The webhook has no URL yet."),
    _("The webhook was changed at this very moment."),
    _("There is no access token yet; it is being asked for."),
    _("The auth provider's secret does not open."),
)


def said(sentence: str) -> str:
    """A sentence of the API in the active language, or as it is."""
    return translation.gettext(sentence)
