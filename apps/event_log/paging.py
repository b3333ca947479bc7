"""Pages of big tables, of which nobody counts all rows."""

from __future__ import annotations

from typing import Final

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.utils.functional import cached_property

# Nobody turns a hundred pages; counting further would read the whole table.
MOST_COUNTED: Final = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than anybody turns pages."""

    @cached_property
    def count(self) -> int:
        """The number of rows, or `MOST_COUNTED` if there are more."""
        rows: QuerySet[Model] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[:MOST_COUNTED].count()
