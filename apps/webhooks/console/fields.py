"""Fields that several forms of the console have."""

from __future__ import annotations

from typing import Any, Final

from django import forms

MAX_ID: Final = 2**63 - 1


class LocalDateTime(forms.DateTimeInput):
    """The browser's own picker, which wants its own format."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", attrs={"step": "60"})


def moment_field(label: Any, *, required: bool = False) -> forms.Field:
    """A date in UTC, as everything in the console is."""
    return forms.DateTimeField(
        label=label,
        required=required,
        widget=LocalDateTime(),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"],
    )


def id_field(label: Any, *, hidden: bool = False) -> forms.Field:
    """The id of a row, which need not be given."""
    widget = forms.HiddenInput() if hidden else forms.NumberInput(attrs={"min": 1})
    return forms.IntegerField(
        label=label, required=False, min_value=1, max_value=MAX_ID, widget=widget
    )
