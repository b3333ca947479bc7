"""The checks: what is sent, and what is to be said of the answer.

Each returns a finding in the reader's language. All but the first presume that a
genuine delivery was accepted: of who refuses everything nothing more can be told.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.outbound.outcome import Cause, Distrust, Outcome
from apps.webhooks.causes import explain
from apps.webhooks.receiver_check.bench import Bench
from apps.webhooks.receiver_check.report import Check, Finding, Verdict

TITLES: Final[dict[Check, str | Promise]] = {
    Check.GENUINE: _lazy("A genuine delivery is accepted"),
    Check.FORGED: _lazy("A forged one is refused"),
    Check.STALE: _lazy("An old one is refused"),
    Check.DUPLICATE: _lazy("The same one again is accepted"),
    Check.DURATION: _lazy("The answer comes at once"),
    Check.REDIRECT: _lazy("No redirect"),
    Check.TLS: _lazy("TLS and its certificate"),
    Check.GZIP: _lazy("A body in gzip is accepted"),
    Check.LARGE: _lazy("A body of 1 MB is accepted"),
    Check.SLOW: _lazy("A body that comes slowly is accepted"),
    Check.IPV6: _lazy("IPv6"),
}
# Receivers are told to refuse what is older than five minutes (docs/signing.md).
STALE: Final = timedelta(minutes=10)
LARGE_BYTES: Final = 1024 * 1024
# Longer than a proxy should wait between two packets.
SLOW_BYTES: Final = 64 * 1024
SLOW_SECONDS: Final = 2.0
# Time to renew what is renewed by hand; automatic renewal is done by then.
CERTIFICATE_NOTICE: Final = timedelta(days=14)
# An answer beyond this is on its way to a timeout under load.
PROMPT_SECONDS: Final = 1.0
_REFUSALS: Final = range(400, 500)
DISTRUSTS: Final[dict[Distrust, tuple[str | Promise, str | Promise]]] = {
    Distrust.EXPIRED: (
        _lazy("The certificate has expired."),
        _lazy("Renew the certificate, and have the server load it."),
    ),
    Distrust.NOT_YET_VALID: (
        _lazy("The certificate is not valid yet."),
        _lazy("Wait until it is, or set the clock of whoever issued it."),
    ),
    Distrust.SELF_SIGNED: (
        _lazy("The certificate is signed by itself."),
        _lazy(
            "Use one of a recognised authority, or have it put into webhooks.ca_cert."
        ),
    ),
    Distrust.UNKNOWN_ISSUER: (
        _lazy("The chain does not lead to an authority that is known here."),
        _lazy(
            "Have the server send the intermediate certificates too (fullchain.pem); "
            "an authority of your own goes into webhooks.ca_cert."
        ),
    ),
    Distrust.OTHER_NAME: (
        _lazy("The certificate is for another name than the URL has."),
        _lazy("Use a certificate with the host of the URL among its names."),
    ),
}


def cannot_send(outcome: str) -> Finding:
    """Nothing could be sent at all; `outcome` as in trial.py."""
    return _finding(Check.GENUINE, Verdict.FAILED, *explain(outcome))


def no_time_for(check: Check) -> Finding:
    """The answers before took too long."""
    says = _("Not tried: the answers before it took too long.")
    return _finding(check, Verdict.SKIPPED, says)


def look_at_genuine(outcome: Outcome) -> Finding:
    """What any delivery would be answered."""
    if outcome.accepted:
        return _finding(Check.GENUINE, Verdict.PASSED, _answer(outcome))
    return _failed(Check.GENUINE, outcome)


def look_at_forgeries(bench: Bench) -> Finding:
    """Whoever knows the URL can send something there; it must not be believed."""
    if not bench.proves:
        says = _("Nothing in the delivery proves who sends it.")
        fix = _(
            "Give the webhook an auth provider; or, for the user's token, name a user "
            "to check with."
        )
        return _finding(Check.FORGED, Verdict.WARNING, says, fix)
    outcome = bench.forge()
    if outcome.accepted:
        fix = _("Compare in constant time and answer 401. Examples: docs/receivers.")
        return _finding(Check.FORGED, Verdict.FAILED, _answer(outcome), fix)
    return _refused(Check.FORGED, outcome)


def look_at_stale_dates(bench: Bench) -> Finding:
    """A delivery that somebody has kept is signed well, and dated."""
    if not bench.signs:
        says = _("Only signatures have a date.")
        return _finding(Check.STALE, Verdict.SKIPPED, says)
    outcome = bench.replay(STALE.total_seconds())
    if outcome.accepted:
        fix = _(
            "Refuse a BI-Signature-Date more than five minutes away from your own "
            "clock."
        )
        return _finding(Check.STALE, Verdict.FAILED, _answer(outcome), fix)
    return _refused(Check.STALE, outcome)


def look_at_duplicates(bench: Bench) -> Finding:
    """Deliveries come at least once: the second must not be an error."""
    outcome = bench.deliver()
    if outcome.accepted:
        return _finding(Check.DUPLICATE, Verdict.PASSED, _answer(outcome))
    fix = _("Answer 200 to an id_webhook_data that you have already.")
    return _failed(Check.DUPLICATE, outcome, fix)


def look_at_duration(outcome: Outcome) -> Finding:
    """How long the genuine one took."""
    seconds = outcome.timing.total_us / 1e6
    says = _("It took %(seconds).2f s.") % {"seconds": seconds}
    if seconds <= PROMPT_SECONDS:
        return _finding(Check.DURATION, Verdict.PASSED, says)
    fix = _("Keep the body, answer 204, and work afterwards.")
    return _finding(Check.DURATION, Verdict.WARNING, says, fix)


def look_at_redirects(outcome: Outcome) -> Finding:
    """A redirect is never followed, so that it would be a failure each time."""
    status = outcome.status or 0
    if 300 <= status < 400:
        return _failed(Check.REDIRECT, outcome)
    if not status:
        says = _("There was no answer to tell it from.")
        return _finding(Check.REDIRECT, Verdict.SKIPPED, says)
    return _finding(Check.REDIRECT, Verdict.PASSED, _("It answers at its own URL."))


def look_at_tls(bench: Bench, outcome: Outcome) -> Finding:
    """That the way is private, and will be next month."""
    if urlsplit(bench.target.registration.url).scheme != "https":
        says = _("The URL is not https: everybody on the way can read it.")
        fix = _("Serve the receiver with TLS, and register the https URL.")
        return _finding(Check.TLS, Verdict.WARNING, says, fix)
    if outcome.cause is Cause.TLS:
        return _distrusted(outcome)
    if outcome.certificate_ends is None:
        says = _("There was no answer to tell it from.")
        return _finding(Check.TLS, Verdict.SKIPPED, says)
    ends = datetime.fromtimestamp(outcome.certificate_ends, UTC)
    says = _("The chain is trusted; the certificate is valid until %(date)s.") % {
        "date": f"{ends:%Y-%m-%d}"
    }
    if ends - datetime.now(UTC) < CERTIFICATE_NOTICE:
        return _finding(Check.TLS, Verdict.WARNING, says, _("Renew the certificate."))
    return _finding(Check.TLS, Verdict.PASSED, says)


def _distrusted(outcome: Outcome) -> Finding:
    if outcome.distrust is None:
        return _failed(Check.TLS, outcome)
    says, fix = (str(words) for words in DISTRUSTS[outcome.distrust])
    return _finding(Check.TLS, Verdict.FAILED, says, fix)


def look_at_gzip(bench: Bench) -> Finding:
    """First synchronisations have megabytes: compressed they are a tenth."""
    outcome = bench.compress()
    if outcome.accepted:
        return _finding(Check.GZIP, Verdict.PASSED, _answer(outcome))
    fix = _(
        "Unpack bodies with Content-Encoding: gzip before you verify and parse them, "
        "or leave compression off."
    )
    # Only who has asked for it must be able to.
    needed = bench.target.registration.gzip
    verdict = Verdict.FAILED if needed else Verdict.WARNING
    return _finding(Check.GZIP, verdict, _answer(outcome), fix)


def look_at_large_bodies(bench: Bench) -> Finding:
    """A body that is usual for a first synchronisation."""
    outcome = bench.enlarge(LARGE_BYTES)
    if outcome.accepted:
        return _finding(Check.LARGE, Verdict.PASSED, _answer(outcome))
    fix = _(
        "Raise the limit of bodies, of the proxy too: client_max_body_size, "
        "post_max_size, express.json({limit})."
    )
    return _failed(Check.LARGE, outcome, fix)


def look_at_slow_bodies(bench: Bench) -> Finding:
    """A body that takes two seconds to arrive, as over a bad line."""
    seconds = min(SLOW_SECONDS, bench.deadline / 2)
    outcome = bench.enlarge(SLOW_BYTES, send_rate=int(SLOW_BYTES / seconds))
    if outcome.accepted:
        return _finding(Check.SLOW, Verdict.PASSED, _answer(outcome))
    fix = _("Read until Content-Length is there; give the body ten seconds.")
    return _failed(Check.SLOW, outcome, fix)


def look_at_ipv6(bench: Bench) -> Finding:
    """Where the name has such an address it is tried first by many."""
    if not _may_have_ipv6(bench.target.registration.url):
        says = _("The URL names an IPv4 address.")
        return _finding(Check.IPV6, Verdict.SKIPPED, says)
    outcome = bench.deliver(only_ipv6=True)
    if outcome.cause is Cause.DNS:
        says = _("The name has no IPv6 address; deliveries go by IPv4.")
        return _finding(Check.IPV6, Verdict.SKIPPED, says)
    if outcome.accepted:
        return _finding(Check.IPV6, Verdict.PASSED, _answer(outcome))
    fix = _("Mend what answers at the IPv6 address, or take its DNS record away.")
    return _finding(Check.IPV6, Verdict.WARNING, _answer(outcome), fix)


def _may_have_ipv6(url: str) -> bool:
    try:
        address = ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return True
    return address.version == 6


def _refused(check: Check, outcome: Outcome) -> Finding:
    """It was not believed; with 4xx it was also said so."""
    if outcome.status in _REFUSALS:
        return _finding(check, Verdict.PASSED, _answer(outcome))
    fix = _("Answer 401: another answer looks like a fault of the receiver's.")
    return _finding(check, Verdict.WARNING, _answer(outcome), fix)


def _failed(check: Check, outcome: Outcome, fix: str = "") -> Finding:
    plain = explain(outcome.cause, outcome.status)
    return _finding(check, Verdict.FAILED, plain.sentence, fix or plain.next_step)


def _answer(outcome: Outcome) -> str:
    if outcome.status is None:
        return explain(outcome.cause).sentence
    return _("It was answered %(status)d.") % {"status": outcome.status}


def _finding(check: Check, verdict: Verdict, says: str, fix: str = "") -> Finding:
    return Finding(
        check=check, verdict=verdict, title=str(TITLES[check]), says=says, fix=fix
    )
