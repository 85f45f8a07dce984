"""The assay or kit of a result: typed, or one that the laboratory has registered."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from labs.models import Assay, Laboratory, Result
from labs.prefill import registered_assays
from labs.readings import QUANTIFICATION
from trial_site.models import User

MOST_LETTERS = 60


def assay_field(**kwargs: Any) -> forms.CharField:
    """The name of an assay; the page lists those that are registered (``_assay_names.html``)."""
    widget = forms.TextInput({"list": "assays", "autocomplete": "off"})
    return forms.CharField(
        **{"label": _("Assay"), "max_length": MOST_LETTERS, "widget": widget, **kwargs}
    )


def values_of_assay(name: str, source: Assay | Result) -> dict[str, Any]:
    """What a form begins with: the assay called ``name``, its unit and its limits."""
    return {"assay": name} | {kind: getattr(source, kind) for kind in ("unit", *QUANTIFICATION)}


def only_assay(user: User, laboratory: Laboratory | None, analyte: str) -> dict[str, Any]:
    """The values of the assay of ``analyte``, where one alone is registered."""
    found = registered_assays(user, laboratory, [analyte])
    return values_of_assay(found[0].name, found[0]) if len(found) == 1 else {}
