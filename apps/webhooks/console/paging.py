"""Lists of big tables: never counted further than anybody turns pages."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.db.models import Model, QuerySet
from django.utils.formats import number_format
from django.utils.functional import cached_property

from apps.event_log.paging import MOST_COUNTED, BoundedPaginator

PAGE: Final = 50


class CappedCount(NamedTuple):
    """A number of rows; `is_capped`: there are more than `number`."""

    number: int
    is_capped: bool = False

    def __str__(self) -> str:
        """ "10,000+" in the reader's way of writing."""
        text = number_format(self.number, force_grouping=True)
        return f"{text}+" if self.is_capped else text


def capped_count(rows: QuerySet[Any], most: int = MOST_COUNTED) -> CappedCount:
    """Count `rows`, which an index must be able to find, up to `most`.

    Keep an `order_by` that the index has: without one the planner may prefer to read
    a whole table in which it expects to meet enough of them soon.
    """
    found = rows[: most + 1].count()
    return CappedCount(min(found, most), found > most)


class CappedPaginator(BoundedPaginator):
    """Pages of a list of ours: `paginator.shown_count` is "10,000+"."""

    def __init__(
        self, rows: QuerySet[Model], per_page: int = PAGE, **options: Any
    ) -> None:
        super().__init__(rows, per_page, **options)

    @cached_property
    def shown_count(self) -> CappedCount:
        """The number of rows, "10,000+" from there on."""
        return CappedCount(self.count, self.count >= MOST_COUNTED)
