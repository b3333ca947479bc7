"""Events and end users in the console: facts, to be read and never changed."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.event_log.models import EndUser, Event
from apps.event_log.paging import BoundedPaginator
from apps.own_console import register

MAX_ID: Final = 2**63 - 1


class FactAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A large table that is read only, and searched by exact ids."""

    paginator = BoundedPaginator
    show_full_result_count = False
    ordering = ("-pk",)
    list_per_page = 50
    actions = None
    # By any other column a whole table would be sorted.
    sortable_by = ("id",)
    # The columns that a number in the search box is compared with.
    ids: ClassVar[tuple[str, ...]] = ("pk",)
    search_fields = ("pk",)
    search_help_text = _("An id")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> tuple[QuerySet[Model], bool]:
        """Rows with this very id; text is found nowhere, for that would read all."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if not (term.isascii() and term.isdecimal() and int(term) <= MAX_ID):
            return queryset.none(), False
        wanted = Q()
        for column in self.ids:
            wanted |= Q(**{column: int(term)})
        return queryset.filter(wanted), False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Facts happen elsewhere."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They stay as they were."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Retention removes them, not a click."""
        return False


@register(Event)
class EventAdmin(FactAdmin):
    """What happened; the payload is no reading for everybody."""

    list_display = (
        "id",
        "name",
        "of_user",
        "origin",
        "payload_size",
        "created_at",
    )
    list_filter = ("origin",)
    ids = ("pk", "user_id")
    search_help_text = _("The id of an event or of a user")
    fields = (
        "id",
        "name",
        "of_user",
        "origin",
        "source",
        "idempotency_key",
        "payload_size",
        "payload_digest",
        "created_at",
    )

    @admin.display(description=_("end user"))
    def of_user(self, event: Event) -> int | None:
        """The id; to read the user would cost a query for each row."""
        return event.user_id

    @admin.display(description=_("SHA-256 of the payload"))
    def payload_digest(self, event: Event) -> str:
        """Proof of what was sent, once the payload itself is gone too."""
        return bytes(event.payload_sha256).hex()


@register(EndUser)
class EndUserAdmin(FactAdmin):
    """Customers of the platform, without their tokens."""

    list_display = ("id", "signin", "permanent_at", "expires_at", "deleted_at")
    list_filter = (
        ("permanent_at", admin.EmptyFieldListFilter),
        ("deleted_at", admin.EmptyFieldListFilter),
    )
    fields = ("id", "signin", "permanent_at", "expires_at", "deleted_at")
    search_help_text = _("The id of a user")
