"""All records: Django's own lists, those without an entry of their own included."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from apps.webhooks.console.registry import Group, Page, Screen
from apps.webhooks.console.views import ConsoleView


class RecordsView(ConsoleView):
    """Every list that this user may see."""

    title = _("All records")
    template_name = "console/records.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The lists, by app."""
        return super().get_context_data(**kwargs) | {
            "app_list": self.site.get_app_list(self.request)
        }


SCREEN: Final = Screen(
    title=_("All records"),
    url_name="admin:records",
    group=Group.SYSTEM,
    icon="table",
    pages=(Page(route="records/", name="records", view=RecordsView),),
)
