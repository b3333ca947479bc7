"""One's own second factor: set up, renewed, removed. What is secret is shown once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_otp
import segno
from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.api_tokens.throttle import address_of
from apps.operators.models import Authenticator, RecoveryCode
from apps.operators.second_factors import (
    begin,
    confirm,
    has_second_factor,
    remove,
    renew_codes,
    secret_text,
    setup_uri,
)
from apps.operators.sessions import end_sessions
from apps.webhooks.console.access.login import CodeForm
from apps.webhooks.console.access.standing import Standing, standing_of
from apps.webhooks.console.forms import FormView
from apps.webhooks.console.views import ConsoleView, Crumb


def account_of(request: HttpRequest) -> User:
    """Whoever is logged in, as on every page but the login's."""
    assert isinstance(request.user, User)
    return request.user


def own_url() -> str:
    """The page of one's own second factor."""
    return reverse("admin:two_factor")


class TwoFactorView(ConsoleView):
    """Whether there is one, and what can be done about it."""

    title = _("Two-factor login")
    template_name = "console/two_factor.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Since when, and how many codes are left."""
        user = account_of(self.request)
        mine = Authenticator.objects.filter(user=user.pk, confirmed=True).defer("key")
        return super().get_context_data(**kwargs) | {
            "mine": mine.first(),
            "codes_left": RecoveryCode.objects.filter(user=user.pk).count(),
            "is_required": standing_of(self.request) is Standing.MUST_SET_UP,
        }


class DigitsForm(CodeForm):
    """The first digits of a new key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Six digits")
        self.fields["code"].help_text = _("As the app shows them now.")


class OwnForm(FormView):
    """A form about it, whose answer may be codes that are shown this once."""

    form_class = CodeForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Nothing to ask for where there is none."""
        if not has_second_factor(account_of(request)):
            return HttpResponseRedirect(own_url())
        return super().get(request, *args, **kwargs)

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of its page."""
        return (Crumb(TwoFactorView.title, own_url()),)

    def get_cancel_url(self) -> str:
        """Its page."""
        return own_url()

    def proven(self, form: forms.Form) -> bool:
        """Whether the code is right; who found a session open has none."""
        assert isinstance(form, CodeForm)
        address = address_of(self.request)
        return form.proof_of(account_of(self.request), address) is not None

    def reveal(self, codes: list[str]) -> HttpResponse:
        """The recovery codes instead of the form."""
        self.template_name = "console/recovery_codes.html"
        return self.render_to_response(self.get_context_data(text="\n".join(codes)))


class SetUpView(OwnForm):
    """A key to take into an app, and the digits that prove it arrived."""

    title = _("Set up two-factor login")
    template_name = "console/two_factor_setup.html"
    button = _("Confirm")
    form_class = DigitsForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A key is made by a button, not by a link."""
        return HttpResponseRedirect(own_url())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A new key; with digits, the end of it."""
        if has_second_factor(account_of(request)):
            return HttpResponseRedirect(own_url())
        if "code" in request.POST:
            return super().post(request, *args, **kwargs)
        begin(account_of(request))
        return self.render_to_response(self.get_context_data())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The key, as a picture and as text, until it is confirmed."""
        user = account_of(self.request)
        mine = Authenticator.objects.filter(user=user.pk, confirmed=False).first()
        if mine is not None:
            code = segno.make(setup_uri(mine, self.request.get_host()), micro=False)
            kwargs |= {
                # White around it in the dark too: apps look for that.
                "qr": code.svg_data_uri(scale=5, border=3, light="#fff"),
                "secret": secret_text(mine),
            }
        return super().get_context_data(**kwargs)

    def done(self, form: forms.Form) -> HttpResponse | None:
        """From now on it is asked for; sessions without it end."""
        assert isinstance(form, CodeForm)
        user, session = account_of(self.request), self.request.session
        with transaction.atomic():
            made = confirm(user, form.cleaned_data["code"])
            if made is None:
                form.add_error("code", _now("These are not the digits of this key."))
                return None
            end_sessions(user.pk, but=session.session_key)
        device, codes = made
        django_otp.login(self.request, device)
        return self.reveal(codes)


class RecoveryCodesView(OwnForm):
    """Others instead of those that were used or lost."""

    title = _("New recovery codes")
    template_name = "console/two_factor_form.html"
    button = _("Make new codes")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What it means."""
        lead = _("Ten new recovery codes replace those that you have now.")
        return super().get_context_data(**kwargs) | {"lead": lead}

    def done(self, form: forms.Form) -> HttpResponse | None:
        """Shown once."""
        with transaction.atomic():
            if not self.proven(form):
                return None
            return self.reveal(renew_codes(account_of(self.request)))


class RemoveView(OwnForm):
    """The password alone again, or another phone."""

    title = _("Remove two-factor login")
    template_name = "console/two_factor_form.html"
    button = _("Remove it")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What it means."""
        lead = _(
            "Your password alone lets you in then, unless two-factor login is required "
            "here: then you are asked to set it up anew, on another phone for example."
        )
        return super().get_context_data(**kwargs) | {"lead": lead}

    def done(self, form: forms.Form) -> HttpResponse | None:
        """Whoever else is logged in by it is not any more."""
        user, session = account_of(self.request), self.request.session
        with transaction.atomic():
            if not self.proven(form):
                return None
            remove(user)
            end_sessions(user.pk, but=session.session_key)
        messages.success(self.request, _now("Two-factor login is removed."))
        return HttpResponseRedirect(own_url())
