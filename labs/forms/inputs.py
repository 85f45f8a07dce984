"""The fields of one result: what was printed, its unit, its limits."""

from __future__ import annotations

from django import forms
from django.utils.html import escape
from django.utils.text import capfirst
from django.utils.translation import gettext

from enrollment.forms.fields import ExactField
from labs.forms.fields import PrintedResultField
from labs.readings import limit_label, limits_of
from labs.rules.limits import bound_text, may_be_negative
from trial_site.protocol.definition import Analyte


def printed_field(
    analyte: Analyte, label: str, *, required: bool = False, not_evaluable: bool = False
) -> PrintedResultField:
    """``not_evaluable``: such a result can be one that could not be evaluated."""
    return PrintedResultField(
        label=label,
        help_text=escape(_printed_help(analyte)),
        not_detected=analyte.group == "pcr",
        not_evaluable=not_evaluable,
        signed=may_be_negative(analyte.entry_limits),
        required=required,
    )


def unit_field(analyte: Analyte, name: str = "", *, in_grid: bool = False) -> forms.ChoiceField:
    """``name`` begins the label in a grid: ``Platelets: unit``; Tab passes where there is one."""
    passed = {"tabindex": "-1"} if len(analyte.taken_units) == 1 else {}
    return forms.ChoiceField(
        label=name + gettext("unit") if in_grid else gettext("Unit"),
        choices=[(unit, unit) for unit in analyte.taken_units],
        widget=forms.Select({"class": "w-auto", **passed} if in_grid else {}),
    )


def limit_fields(analyte: Analyte, name: str = "") -> dict[str, forms.Field]:
    """The limits that are kept with a result of ``analyte``, by their names."""
    labels = {limit: limit_label(limit) for limit in limits_of(analyte)}
    return {
        limit: ExactField(label=name + label if name else capfirst(label), min_value=0)
        for limit, label in labels.items()
    }


def _printed_help(analyte: Analyte) -> str:
    example = gettext("As the laboratory prints it, for example 52000, <500 or not detected.")
    help_text = [example] if analyte.group == "pcr" else []
    limits = analyte.entry_limits
    if limits and limits.soft:
        bounds = gettext(" and ").join(bound_text(bound).render(gettext) for bound in limits.soft)
        usual = gettext("Usually %(bounds)s %(unit)s; anything else is asked about.")
        help_text.append(usual % {"bounds": bounds, "unit": limits.unit})
    return " ".join(help_text)
