"""Pages that ask for something: a form, and what is done with it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.webhooks.console.views import ConsoleView


class FormView(ConsoleView):
    """A page with a form: GET shows it, POST has `done()` act on what is valid.

    `done` answers with a redirect, or with a page that is to be seen once; None, with
    errors added to the form, shows it again. No such page is ever kept by a browser:
    what is typed here, and what is answered, may be secret.
    """

    template_name = "console/form.html"
    form_class: ClassVar[type[forms.Form]]
    button: ClassVar[str | Promise] = _("Save")
    # For what cannot be taken back.
    is_dangerous: ClassVar[bool] = False

    def get_initial(self) -> dict[str, Any]:
        """What the form has in it at first."""
        return {}

    def get_form(self, data: Any = None) -> forms.Form:
        """The form, with what was sent if something was."""
        return self.form_class(data, initial=self.get_initial())

    def done(self, form: forms.Form) -> HttpResponse | None:
        """Do it; None if it was refused."""
        raise NotImplementedError

    def get_cancel_url(self) -> str:
        """Where to go instead."""
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The form."""
        kwargs.setdefault("form", self.get_form())
        return super().get_context_data(**kwargs) | {
            "button": self.button,
            "is_dangerous": self.is_dangerous,
            "cancel_url": self.get_cancel_url(),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do it, or show what is wrong."""
        form = self.get_form(request.POST)
        if form.is_valid() and (reply := self.done(form)) is not None:
            return reply
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def render_to_response(
        self, context: dict[str, Any], **response_kwargs: Any
    ) -> HttpResponse:
        """Not to be kept anywhere."""
        response = super().render_to_response(context, **response_kwargs)
        add_never_cache_headers(response)
        return response


class SecretInput(forms.PasswordInput):
    """A secret on one line, which no page ever has in it."""

    def __init__(self) -> None:
        super().__init__({"autocomplete": "off", "spellcheck": "false"})


class SecretText(forms.Textarea):
    """A secret of many lines, likewise."""

    def __init__(self) -> None:
        super().__init__({"autocomplete": "off", "spellcheck": "false", "rows": 6})

    def format_value(self, value: Any) -> None:
        """What was typed has to be typed again."""
        return
