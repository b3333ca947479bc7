"""Console accounts and roles: Django's own pages, with what is done there on record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.admin import ModelAdmin, display
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import User
from django.contrib.auth.signals import (
    user_logged_in,
    user_logged_out,
    user_login_failed,
)
from django.db import transaction
from django.db.models import Model, QuerySet
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.operators.lockout import locked_until


class RecordedAdmin(ModelAdmin):  # type: ignore[type-arg]
    """Where Django writes its history, the audit trail gets its row too."""

    created: ClassVar[Action]
    updated: ClassVar[Action]
    deleted: ClassVar[Action]

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """In the transaction of the form."""
        record(self.created, obj.pk)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """With the names of the fields that changed, for their values name people."""
        record(self.updated, obj.pk, new={"changed": _changed(message)})
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Model]) -> Any:
        """One row for each."""
        rows = list(queryset)
        for row in rows:
            record(self.deleted, row.pk)
        return super().log_deletions(request, rows)  # type: ignore[arg-type]

    def response_action(  # type: ignore[override]
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """A deletion of several is one transaction, as that of one is."""
        with transaction.atomic():
            response: HttpResponse | None = super().response_action(request, queryset)
            return response


class OperatorAdmin(RecordedAdmin, UserAdmin):  # type: ignore[type-arg]
    """Who may use the console."""

    created, updated, deleted = (
        Action.OPERATOR_CREATE,
        Action.OPERATOR_UPDATE,
        Action.OPERATOR_DELETE,
    )
    list_display = (
        "username",
        "email",
        "is_active",
        "is_superuser",
        "last_login",
        "has_second_factor",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With the second factor, but not its key."""
        users: QuerySet[User] = super().get_queryset(request)
        return users.select_related("authenticator").defer("authenticator__key")

    @display(description=_("Two-factor login"), boolean=True)
    def has_second_factor(self, user: User) -> bool:
        """Named by its relation: another project's admin need not have that."""
        return getattr(getattr(user, "authenticator", None), "confirmed", False)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """With a way to unlock a login that is locked."""
        operator = self.get_object(request, object_id)
        until = operator and locked_until(operator.get_username())
        context = {**(extra_context or {}), "locked_until": until}
        response: HttpResponse = super().change_view(
            request, object_id, form_url, context
        )
        return response

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """The password and its record together."""
        with transaction.atomic():
            response: HttpResponse = super().user_change_password(request, id, form_url)
            return response


class RoleAdmin(RecordedAdmin, GroupAdmin):
    """What a role may do."""

    created, updated, deleted = (
        Action.ROLE_CREATE,
        Action.ROLE_UPDATE,
        Action.ROLE_DELETE,
    )


def _changed(message: Any) -> list[str]:
    """The names that Django's message about a change has."""
    parts = message if isinstance(message, list) else []
    fields = [part.get("changed", {}).get("fields", []) for part in parts]
    return sorted(str(name) for names in fields for name in names)


@receiver(user_logged_in)
def _logged_in(user: User, **rest: Any) -> None:
    proof = getattr(user, "proof", None)
    with transaction.atomic():
        record(Action.LOGIN, user.pk, new={"second_factor": proof} if proof else {})


@receiver(user_logged_out)
def _logged_out(user: User | None, **rest: Any) -> None:
    if user is not None:
        with transaction.atomic():
            record(Action.LOGOUT, user.pk)


@receiver(user_login_failed)
def _refused(credentials: dict[str, Any], **rest: Any) -> None:
    """Whose account it is, if there is such; what was typed may be a password."""
    name = str(credentials.get("username", ""))
    account = User.objects.filter(username=name).values_list("pk", flat=True).first()
    with transaction.atomic():
        record(Action.LOGIN_REFUSED, account)
