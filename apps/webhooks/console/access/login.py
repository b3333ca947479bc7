"""Logging in: the password, and then the second factor of whoever has one.

Between the two nobody is logged in: the session of a stranger says whose password was
right, for five minutes.
"""

from __future__ import annotations

import time
from typing import Any, Final

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.response import HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.api_tokens.throttle import address_of
from apps.operators.lockout import (
    LockedOut,
    attempt_failed,
    attempt_succeeded,
    begin_attempt,
)
from apps.operators.models import Authenticator
from apps.operators.second_factors import Proof, has_second_factor, prove
from apps.webhooks.console.forms import FormView

_SESSION: Final = "console.password_of"
_SECONDS: Final = 300
TOO_MANY: Final = _(
    "Too many logins have failed. Try again later, or ask an administrator."
)


class PasswordForm(AdminAuthenticationForm):
    """Name and password, unless too many were wrong lately."""

    def clean(self) -> dict[str, Any]:
        """Refused in the same words, be there such an operator or not."""
        name = self.cleaned_data.get("username")
        if self.request is None or not (name and self.cleaned_data.get("password")):
            return super().clean()
        address = address_of(self.request)
        try:
            begin_attempt(name, address)
        except LockedOut as locked:
            raise forms.ValidationError(TOO_MANY) from locked
        try:
            return super().clean()
        except forms.ValidationError:
            attempt_failed(name, address)
            raise


class PasswordView(LoginView):
    """The first step."""

    authentication_form = PasswordForm
    template_name = "admin/login.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Logged in, unless there is a second step."""
        user = form.get_user()
        if not has_second_factor(user):
            attempt_succeeded(user.get_username(), address_of(self.request))
            return super().form_valid(form)
        session = self.request.session
        # Nobody who knew the session before is to have the step that was taken.
        session.cycle_key()
        session[_SESSION] = {
            "user": user.pk,
            "hash": user.get_session_auth_hash(),
            "at": time.time(),
            "next": self.get_success_url(),
        }
        return HttpResponseRedirect(reverse("admin:login_code"))


class CodeForm(Form):
    """Digits of the app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_(
            "The six digits that your authenticator app shows, or one of your recovery "
            "codes."
        ),
        widget=forms.TextInput(
            {
                "autocomplete": "one-time-code",
                "autocapitalize": "off",
                "autofocus": True,
                "spellcheck": "false",
            }
        ),
    )

    def proof_of(self, user: User, address: str) -> tuple[Authenticator, Proof] | None:
        """What proves who this is; None, with an error, if it does not.

        Guesses at it count as those at passwords do: six digits are few.
        """
        name = user.get_username()
        try:
            begin_attempt(name, address)
        except LockedOut:
            self.add_error("code", TOO_MANY)
            return None
        proof = prove(user, self.cleaned_data["code"])
        if proof is None:
            user_login_failed.send(__name__, credentials={"username": name})
            attempt_failed(name, address)
            self.add_error("code", _now("This code is wrong, or was used already."))
        else:
            attempt_succeeded(name, address)
        return proof


class CodeView(FormView):
    """The second step."""

    title = _("Log in")
    template_name = "console/login_code.html"
    form_class = CodeForm
    button = _("Log in")

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """The first step comes first."""
        self.user = _of_first_step(request)
        if self.user is None:
            return HttpResponseRedirect(self.get_cancel_url())
        return super().dispatch(request, *args, **kwargs)

    def get_cancel_url(self) -> str:
        """The first step."""
        return reverse("admin:login")

    def done(self, form: forms.Form) -> HttpResponse | None:
        """Logged in: the code is used up, and the row of the trail is written, both."""
        assert isinstance(form, CodeForm)
        assert self.user is not None
        with transaction.atomic():
            proof = form.proof_of(self.user, address_of(self.request))
            if proof is not None:
                return self._log_in(self.user, *proof)
        return None

    def _log_in(self, user: User, device: Any, how: str) -> HttpResponse:
        after = self.request.session.pop(_SESSION)["next"]
        # By which django-otp marks the session, and the trail says how it was.
        user.otp_device, user.proof = device, how  # type: ignore[attr-defined]
        login(self.request, user, "django.contrib.auth.backends.ModelBackend")
        return HttpResponseRedirect(after)


def _of_first_step(request: HttpRequest) -> User | None:
    """Whose password was right a moment ago, unless it was changed since."""
    taken = request.session.get(_SESSION)
    if taken is None or not 0 <= time.time() - taken["at"] <= _SECONDS:
        return None
    user = User.objects.filter(pk=taken["user"], is_active=True).first()
    if user is None or not constant_time_compare(
        user.get_session_auth_hash(), taken["hash"]
    ):
        return None
    return user
