"""What an administrator does for operators who are kept out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.operators.lockout import locked_until, unlock
from apps.operators.models import Authenticator
from apps.operators.second_factors import remove
from apps.operators.sessions import end_sessions
from apps.webhooks.console.access.two_factor import (
    RecoveryCodesView,
    RemoveView,
    SetUpView,
    TwoFactorView,
)
from apps.webhooks.console.registry import Group, Page, Screen
from apps.webhooks.console.tags import when
from apps.webhooks.console.views import ActionRefused, ActionView, Crumb


class OperatorAction(ActionView):
    """Something that is done to an operator's login; its page comes after it."""

    permission = "auth.change_user"

    @cached_property
    def operator(self) -> User:
        """404 if there is none."""
        operator = User.objects.filter(pk=self.kwargs["id_operator"]).first()
        if operator is None:
            raise Http404
        return operator

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the list and of its page."""
        operators = Crumb(_("Operators"), reverse("admin:auth_user_changelist"))
        return (operators, Crumb(self.operator.get_username(), self.get_next_url()))

    def get_next_url(self) -> str:
        """Its page."""
        return reverse("admin:auth_user_change", args=[self.kwargs["id_operator"]])


class RemoveSecondFactorView(OperatorAction):
    """For a device that is lost, with its codes."""

    title = _("Remove two-factor login")
    button = _("Remove it")
    is_dangerous = True

    def question(self) -> str:
        """Whoever asks for it may be somebody else."""
        return _now(
            "Remove the two-factor login of %(name)s? Make sure first that it is "
            "really %(name)s who asks for it."
        ) % {"name": self.operator.get_username()}

    def consequences(self) -> Sequence[tuple[str | Promise, Any]]:
        """What it guards."""
        mine = Authenticator.objects.filter(user=self.operator.pk, confirmed=True)
        set_up = mine.values_list("created_at", flat=True).first()
        since = _("none is set up") if set_up is None else when(set_up)
        return (
            (_("Set up"), since),
            (_("Sessions"), _("all of this operator's end")),
            (_("The next login"), _("by the password alone")),
        )

    def act(self) -> str:
        """Not one's own: for that a code is asked for."""
        if self.operator.pk == self.request.user.pk:
            raise ActionRefused(_now("Your own is removed on its page, with a code."))
        with transaction.atomic():
            if not remove(self.operator):
                raise ActionRefused(_now("There is no two-factor login to remove."))
            end_sessions(self.operator.pk)
        return _now("The two-factor login of %(name)s is removed.") % {
            "name": self.operator.get_username()
        }


class UnlockView(OperatorAction):
    """For whoever mistyped the password too often, or somebody else did."""

    title = _("Unlock the login")
    button = _("Unlock it")

    def question(self) -> str:
        """Whether it was they who typed."""
        return _now("Let %(name)s try to log in again at once?") % {
            "name": self.operator.get_username()
        }

    def consequences(self) -> Sequence[tuple[str | Promise, Any]]:
        """How long it would last."""
        until = locked_until(self.operator.get_username())
        lasts = _("not now") if until is None else when(until)
        return ((_("Locked until"), lasts),)

    def act(self) -> str:
        """The failures are forgotten."""
        if not unlock(self.operator):
            raise ActionRefused(_now("The login is not locked."))
        return _now("%(name)s may log in again.") % {
            "name": self.operator.get_username()
        }


_ONE: Final = "auth/user/<int:id_operator>"

SCREEN: Final = Screen(
    title=_("Operators"),
    url_name="admin:auth_user_changelist",
    permission="auth.view_user",
    group=Group.SYSTEM,
    icon="person",
    pages=(
        Page(route="two-factor/", name="two_factor", view=TwoFactorView),
        Page(route="two-factor/setup/", name="two_factor_setup", view=SetUpView),
        Page(
            route="two-factor/codes/", name="two_factor_codes", view=RecoveryCodesView
        ),
        Page(route="two-factor/remove/", name="two_factor_remove", view=RemoveView),
        Page(
            route=f"{_ONE}/two-factor/remove/",
            name="operator_two_factor_remove",
            view=RemoveSecondFactorView,
        ),
        Page(route=f"{_ONE}/unlock/", name="operator_unlock", view=UnlockView),
    ),
)
