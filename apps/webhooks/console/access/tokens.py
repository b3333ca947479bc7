"""API tokens: listed, issued, rotated and revoked; the text of one is shown once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django import forms
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.api_tokens.issuing import issue_token, revoke_token, rotate_token
from apps.api_tokens.models import ApiToken
from apps.audit.actions import Action
from apps.audit.models import AuditEntry
from apps.webhooks.console.access.audit import people
from apps.webhooks.console.access.token_forms import IssueForm, RotateForm
from apps.webhooks.console.badges import Badge, Tone
from apps.webhooks.console.forms import FormView
from apps.webhooks.console.paging import CappedPaginator
from apps.webhooks.console.registry import Group, Page, Screen, may
from apps.webhooks.console.tags import when
from apps.webhooks.console.views import (
    ActionRefused,
    ActionView,
    ConsoleView,
    Crumb,
)

VIEW: Final = "api_tokens.view_apitoken"
ADD: Final = "api_tokens.add_apitoken"
CHANGE: Final = "api_tokens.change_apitoken"
# Long enough to have another one put in place.
_SOON: Final = timedelta(days=14)


class Line(NamedTuple):
    """A token as the list has it; `issuer` is empty for who may not know."""

    token: ApiToken
    badge: Badge
    is_good: bool
    issuer: str


def operators_tokens() -> QuerySet[ApiToken]:
    """Those that operators issue: users' and clients' come and go with these."""
    return ApiToken.objects.filter(user__isnull=True, client__isnull=True)


def is_good(token: ApiToken, now: datetime) -> bool:
    """Whether whoever calls with it is let in."""
    is_over = token.expires_at is not None and token.expires_at <= now
    return token.revoked_at is None and not is_over


def badge_of(token: ApiToken, now: datetime) -> Badge:
    """Its state in a word."""
    if token.revoked_at is not None:
        return Badge(_("Revoked"), Tone.QUIET)
    if not is_good(token, now):
        return Badge(_("Expired"), Tone.QUIET)
    if token.expires_at is not None and token.expires_at < now + _SOON:
        return Badge(_("Expires soon"), Tone.WARNING)
    return Badge(_("Good"), Tone.GOOD)


class TokensView(ConsoleView):
    """Those that are good, or those that were."""

    title = _("API tokens")
    permission = VIEW
    template_name = "console/tokens.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The newest first."""
        now = timezone.now()
        over = Q(revoked_at__isnull=False) | Q(expires_at__lte=now)
        is_past = self.request.GET.get("show") == "past"
        chosen = operators_tokens().filter(over if is_past else ~over).order_by("-pk")
        page = CappedPaginator(chosen).get_page(self.request.GET.get("page"))
        is_told = may(self.request.user, "audit.view_auditentry")
        issuers = _issuers([token.pk for token in page]) if is_told else {}
        return super().get_context_data(**kwargs) | {
            "page": page,
            "is_told": is_told,
            "lines": [
                Line(
                    token,
                    badge_of(token, now),
                    is_good(token, now),
                    issuers.get(token.pk, ""),
                )
                for token in page
            ],
            "views": [
                {"title": _("In use"), "url": "?", "is_current": not is_past},
                {"title": _("Ended"), "url": "?show=past", "is_current": is_past},
            ],
            "is_past": is_past,
        }


class TokenForm(FormView):
    """A form whose answer is the text of a token, shown this once."""

    permission = ADD

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the list."""
        return (Crumb(TokensView.title, self.get_cancel_url()),)

    def get_cancel_url(self) -> str:
        """The list."""
        return reverse("admin:tokens")

    def reveal(
        self, token: ApiToken, text: str, until: datetime | None
    ) -> HttpResponse:
        """The text instead of the form; `until` is how long the one before is good."""
        self.template_name = "console/token_secret.html"
        context = self.get_context_data(token=token, text=text, until=until)
        return self.render_to_response(context)


class IssueView(TokenForm):
    """As `manage.py create_token` does."""

    title = _("New API token")
    form_class = IssueForm
    button = _("Issue it")

    def get_initial(self) -> dict[str, Any]:
        """One that ends."""
        return {"days": 90}

    def done(self, form: forms.Form) -> HttpResponse:
        """Shown once."""
        assert isinstance(form, IssueForm)
        given = form.cleaned_data
        issued = issue_token(given["name"], given["scopes"], form.expires_at())
        return self.reveal(*issued, None)


class OneToken(ConsoleView):
    """A page about the token that the URL names."""

    @cached_property
    def token(self) -> ApiToken:
        """404 if there is none, or one that is not for operators to end."""
        token = operators_tokens().filter(pk=self.kwargs["id_token"]).first()
        if token is None:
            raise Http404
        return token

    def is_good(self) -> bool:
        """Now."""
        return is_good(self.token, timezone.now())


class RotateTokenView(OneToken, TokenForm):
    """The same name, scopes and end; both are good for a while."""

    title = _("Rotate the token")
    form_class = RotateForm
    template_name = "console/token_rotate.html"
    button = _("Make a new token")

    def get_initial(self) -> dict[str, Any]:
        """A day to put it in place."""
        return {"hours": 24, "seal": self._seal()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The one there is."""
        return super().get_context_data(**{"token": self.token, **kwargs})

    def done(self, form: forms.Form) -> HttpResponse | None:
        """Rotate, unless it was rotated since the form was shown."""
        assert isinstance(form, RotateForm)
        if not self.is_good():
            form.add_error(None, _now("The token has ended; issue a new one."))
            return None
        if form.cleaned_data["seal"] != self._seal():
            sentence = _now("The token was rotated meanwhile. Open this page anew.")
            form.add_error(None, sentence)
            return None
        successor, text = rotate_token(self.token, form.overlap())
        self.token.refresh_from_db(fields=["expires_at"])
        return self.reveal(successor, text, self.token.expires_at)

    def _seal(self) -> str:
        expires = self.token.expires_at
        return expires.isoformat() if expires else ""


class RevokeTokenView(OneToken, ActionView):
    """It ends at once, and nothing brings it back."""

    title = _("Revoke the token")
    permission = CHANGE
    template_name = "console/confirm.html"
    button = _("Revoke it")
    is_dangerous = True

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the list."""
        return (Crumb(TokensView.title, self.get_next_url()),)

    def question(self) -> str:
        """Which one."""
        return _now("Revoke the token %(name)s? Whoever calls with it is refused.") % {
            "name": self.token.name
        }

    def consequences(self) -> Sequence[tuple[str | Promise, Any]]:
        """Whether it is missed."""
        return (
            (_("Begins with"), self.token.prefix),
            (_("Scopes"), self.token.scopes),
            (_("Last used"), when(self.token.last_used_at, _now("never"))),
        )

    def act(self) -> str:
        """By the function of the API."""
        if not self.is_good():
            raise ActionRefused(_now("The token has ended already."))
        revoke_token(self.token)
        return _now("The token %(name)s is revoked.") % {"name": self.token.name}

    def get_next_url(self) -> str:
        """The list."""
        return reverse("admin:tokens")


def _issuers(tokens: Sequence[int]) -> dict[int, str]:
    """Who issued each, as the trail has it: by itself, or as another's successor."""
    rows = AuditEntry.objects.filter(
        Q(action=Action.TOKEN_ISSUE, target_id__in=tokens)
        | Q(action=Action.TOKEN_ROTATE, new__successor__in=tokens)
    )
    entries = list(rows)
    return {
        entry.new.get("successor", entry.target_id): who
        for entry, who in zip(entries, people(entries), strict=True)
    }


SCREEN: Final = Screen(
    title=_("API tokens"),
    url_name="admin:tokens",
    permission=VIEW,
    group=Group.SYSTEM,
    icon="ticket",
    pages=(
        Page(route="tokens/", name="tokens", view=TokensView),
        Page(route="tokens/add/", name="token_add", view=IssueView),
        Page(
            route="tokens/<int:id_token>/rotate/",
            name="token_rotate",
            view=RotateTokenView,
        ),
        Page(
            route="tokens/<int:id_token>/revoke/",
            name="token_revoke",
            view=RevokeTokenView,
        ),
    ),
)
