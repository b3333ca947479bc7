"""What is done with auth providers; by the functions that the API calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.auth_providers.models import AuthProvider
from apps.auth_providers.providers import (
    create_provider,
    rotate_secret,
    update_provider,
)
from apps.auth_providers.refusal import Refused
from apps.encryption.keyring import KeyringError
from apps.webhooks.console.forms import FormView
from apps.webhooks.console.provider_forms import (
    CHANGE_FORMS,
    FORMS,
    ProviderForm,
    RotationForm,
)
from apps.webhooks.console.provider_trial import ProviderTrialView
from apps.webhooks.console.providers import (
    ADD,
    CHANGE,
    DELETE,
    OneProvider,
    ProvidersView,
    ProviderView,
    list_crumbs,
)
from apps.webhooks.console.registry import Group, Page, Screen
from apps.webhooks.console.tags import when
from apps.webhooks.console.views import ActionRefused, ActionView, Crumb
from apps.webhooks.registrations import delete_auth

_SALT: Final = "console.provider"


class SecretPage(FormView):
    """A form whose answer may be a secret that is shown this once."""

    def reveal(
        self, provider: AuthProvider, secret: str, since: datetime | None
    ) -> HttpResponse:
        """The secret instead of the form; `since` is when it comes into force."""
        self.template_name = "console/secret.html"
        context = self.get_context_data() | {
            "provider": provider,
            "secret": secret,
            "since": since,
            "file_name": f"bankhooks-secret-{provider.pk}.txt",
        }
        return self.render_to_response(context)


class AddProviderView(SecretPage):
    """A new provider, of the type that is chosen above the form."""

    title = _("New auth provider")
    permission = ADD
    template_name = "console/provider_add.html"
    button = _("Create")

    @property
    def kind(self) -> str:
        """The type; hmac_signature unless another is chosen."""
        kind = self.request.GET.get("type", "")
        return kind if kind in FORMS else AuthProvider.Type.HMAC_SIGNATURE

    def get_form(self, data: Any = None) -> forms.Form:
        """That type's."""
        return FORMS[self.kind](data)

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the list."""
        return list_crumbs()

    def get_cancel_url(self) -> str:
        """The list."""
        return reverse("admin:providers")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the types to choose from."""
        views = [
            {"title": label, "url": f"?type={kind}", "is_current": kind == self.kind}
            for kind, label in AuthProvider.Type.choices
        ]
        return super().get_context_data(**kwargs) | {"views": views, "kind": self.kind}

    def done(self, form: forms.Form) -> HttpResponse | None:
        """Create it; what was made up for it is shown this once."""
        assert isinstance(form, ProviderForm)
        try:
            provider, made = create_provider(
                self.kind, form.cleaned_data["name"], form.config()
            )
        except Refused as refused:
            form.refuse(refused)
            return None
        if "secret_key" in made:
            return self.reveal(provider, made["secret_key"], None)
        return HttpResponseRedirect(reverse("admin:provider", args=[provider.pk]))


class ChangeProviderView(OneProvider, FormView):
    """Its name and configuration; a secret that was made here stays."""

    title = _("Change")
    permission = CHANGE

    def get_form(self, data: Any = None) -> forms.Form:
        """With all that is no secret."""
        config = self.provider.settings
        initial = {
            "name": self.provider.name,
            "send_user_token": config.get("send_user_token", False),
            "url": config.get("url"),
            "client_id": config.get("client_id"),
        }
        return CHANGE_FORMS[self.provider.type](data, initial=initial)

    def get_cancel_url(self) -> str:
        """Its page."""
        return self.own_url()

    def done(self, form: forms.Form) -> HttpResponse | None:
        """Change it."""
        assert isinstance(form, ProviderForm)
        try:
            update_provider(
                self.provider.pk,
                self.provider.type,
                form.cleaned_data["name"],
                form.config(),
            )
        except Refused as refused:
            form.refuse(refused)
            return None
        return HttpResponseRedirect(self.own_url())


class RotateView(OneProvider, SecretPage):
    """Another secret for one that signs."""

    title = _("Rotate the secret")
    permission = CHANGE
    template_name = "console/rotate.html"
    button = _("Make a new secret")
    form_class = RotationForm

    def get_initial(self) -> dict[str, Any]:
        """A day to tell the receivers."""
        return {"when": "day", "seal": self._seal()}

    def get_cancel_url(self) -> str:
        """Its page."""
        return self.own_url()

    def done(self, form: forms.Form) -> HttpResponse | None:
        """Rotate, unless it was rotated since the form was shown."""
        assert isinstance(form, RotationForm)
        if not constant_time_compare(form.cleaned_data["seal"], self._seal()):
            sentence = _now("The secret was rotated meanwhile. Open this page anew.")
            form.add_error(None, sentence)
            return None
        at = form.moment()
        try:
            secret = rotate_secret(self.provider, at)
        except Refused as refused:
            form.add_error(None, refused.sentence)
            return None
        return self.reveal(self.provider, secret, at or timezone.now())

    def _seal(self) -> str:
        config = self.provider.config
        return salted_hmac(_SALT, config, algorithm="sha256").hexdigest()


class DeleteProviderView(OneProvider, ActionView):
    """Gone for good, unless a webhook needs it."""

    title = _("Delete")
    permission = DELETE
    button = _("Delete it")
    is_dangerous: ClassVar[bool] = True

    def question(self) -> str:
        """Or why it cannot be."""
        if self._number():
            return self._in_use()
        return _now("Delete the auth provider %(name)s and its secret for good?") % {
            "name": self.provider.name
        }

    def consequences(self) -> Sequence[tuple[str | Promise, Any]]:
        """Who uses it."""
        return (
            (_("Webhooks that use it"), self._number()),
            (_("Created"), when(self.provider.created_at)),
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Without a button that would be refused."""
        return super().get_context_data(**kwargs) | {"is_refused": self._number() > 0}

    def act(self) -> str:
        """Delete it."""
        name = self.provider.name
        try:
            delete_auth(self.provider.pk)
        except Refused as refused:
            raise ActionRefused(self._in_use()) from refused
        except KeyringError as error:
            raise ActionRefused(
                _now("Its configuration does not open, so it cannot be deleted here.")
            ) from error
        self.gone = True
        return _now("The auth provider %(name)s is deleted.") % {"name": name}

    def get_next_url(self) -> str:
        """Its page, while there is one."""
        return reverse("admin:providers") if hasattr(self, "gone") else self.own_url()

    def _number(self) -> int:
        return int(self.users.count())

    def _in_use(self) -> str:
        number = self._number()
        return ngettext(
            "%(n)d webhook is authenticated by %(name)s. Give it another provider, or "
            "delete it, and come back.",
            "%(n)d webhooks are authenticated by %(name)s. Give them another provider, "
            "or delete them, and come back.",
            number,
        ) % {"n": number, "name": self.provider.name}


# Where Django has its own pages of these records, which these replace.
_BASE: Final = "auth_providers/authprovider/"
_ONE: Final = f"{_BASE}<int:id_auth>/"

SCREEN: Final = Screen(
    title=_("Auth providers"),
    url_name="admin:providers",
    permission=ProvidersView.permission,
    group=Group.DELIVERY,
    icon="key",
    pages=(
        Page(route=_BASE, name="providers", view=ProvidersView),
        Page(route=f"{_BASE}add/", name="provider_add", view=AddProviderView),
        Page(route=f"{_ONE}change/", name="provider", view=ProviderView),
        Page(route=f"{_ONE}edit/", name="provider_edit", view=ChangeProviderView),
        Page(route=f"{_ONE}rotate/", name="provider_rotate", view=RotateView),
        Page(route=f"{_ONE}try/", name="provider_try", view=ProviderTrialView),
        Page(route=f"{_ONE}delete/", name="provider_delete", view=DeleteProviderView),
    ),
)
