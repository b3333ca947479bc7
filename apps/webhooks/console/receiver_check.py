"""Trying a webhook's receiver out: what `manage.py check_receiver` does, on a page."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import Throttled

from apps.auth_providers.refusal import Refused
from apps.event_log.catalogue import CATALOGUE
from apps.webhooks.console.badges import Badge, Tone
from apps.webhooks.console.forms import FormView
from apps.webhooks.console.one_webhook import OneWebhook
from apps.webhooks.console.provider_trial import count_test, too_many
from apps.webhooks.console.refusals import said
from apps.webhooks.console.registry import Page
from apps.webhooks.receiver_check.check import PATIENCE_SECONDS, check_receiver
from apps.webhooks.receiver_check.report import Report, Verdict

BADGES: Final = {
    Verdict.PASSED: Badge(_("Passed"), Tone.GOOD),
    Verdict.WARNING: Badge(_("Nuisance"), Tone.WARNING),
    Verdict.FAILED: Badge(_("Fault"), Tone.BAD),
    Verdict.SKIPPED: Badge(_("Not tried"), Tone.QUIET),
}
_TONES: Final = {"A": Tone.GOOD, "B": Tone.WARNING}
_MEANINGS: Final[dict[str, str | Promise]] = {
    "A": _("Nothing to mend."),
    "B": _("It works. What is a nuisance is named below."),
    "C": _("Some deliveries will be lost on it."),
    "D": _("It takes nothing, or takes what is old for new."),
    "F": _("It believes whoever writes to it."),
}


class ReceiverCheckForm(forms.Form):
    """Whom the deliveries are about."""

    user = forms.IntegerField(
        label=_("The id of a user"),
        help_text=_("The deliveries are about this user, and carry the user's token."),
        required=False,
        min_value=1,
    )


class ReceiverCheckView(OneWebhook, FormView):
    """GET says what will be sent, and where; POST sends it, and shows the report.

    Outside of any transaction, and bounded in time by the check itself.
    """

    title = _("Check the receiver")
    permission = "webhooks.test_webhook"
    template_name = "console/receiver_check.html"
    form_class = ReceiverCheckForm
    button: ClassVar[str | Promise] = _("Check the receiver")

    def get_form(self, data: Any = None) -> forms.Form:
        """Without the user where no user's token is sent."""
        form = super().get_form(data)
        webhook = self.webhook
        if webhook.auth_provider_id or not CATALOGUE[webhook.event].user_scoped:
            del form.fields["user"]
        return form

    def get_cancel_url(self) -> str:
        """Back to the webhook."""
        return self.webhook_url

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """How long it may take."""
        patience = {"patience": int(PATIENCE_SECONDS)}
        return super().get_context_data(**kwargs) | patience

    def done(self, form: forms.Form) -> HttpResponse | None:
        """Check it."""
        user = form.cleaned_data.get("user")
        try:
            count_test(self.request)
            report = check_receiver(self.webhook.pk, user)
        except Throttled:
            form.add_error(None, too_many())
        except Refused as why:
            field = why.field if why.field in form.fields else NON_FIELD_ERRORS
            form.add_error(field, said(why.sentence))
        else:
            context = self.get_context_data(form=form)
            return self.render_to_response(context | _shown(report))
        return None


def _shown(report: Report) -> dict[str, Any]:
    grade = report.grade
    tone = _TONES.get(grade, Tone.BAD)
    return {
        "grade": Badge(_("Grade"), tone, grade),
        "meaning": _MEANINGS[grade],
        "findings": [(BADGES[each.verdict], each) for each in report.findings],
    }


PAGE: Final = Page(
    route="webhooks/webhook/<int:id_webhook>/check/",
    name="check_receiver",
    view=ReceiverCheckView,
)
