"""Form fields that several of this room's forms have."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, cast

from django import forms

DATETIME_LOCAL = "%Y-%m-%dT%H:%M"


def number(label: Any, unit: Any, **options: Any) -> forms.DecimalField:
    """A number from 0 on with its unit beside it; a phone shows its number pad."""
    widget = forms.NumberInput(attrs={"inputmode": "decimal", "step": "any", "unit": unit})
    return forms.DecimalField(
        label=label, widget=widget, max_digits=12, decimal_places=6, min_value=Decimal(0), **options
    )


def moment(label: Any, **options: Any) -> forms.DateTimeField:
    """A moment on the site's clock, to the minute."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=DATETIME_LOCAL)
    return forms.DateTimeField(label=label, widget=widget, **options)


def offer(form: forms.Form, name: str, choices: Iterable[tuple[str, Any]]) -> None:
    """Set what the choice field ``name`` of one form offers."""
    cast(forms.ChoiceField, form.fields[name]).choices = list(choices)
