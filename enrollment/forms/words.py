"""Saved answers in words, for the pages that show them without a form."""

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils.choices import flatten_choices
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

from enrollment.facts import SteroidDose
from enrollment.forms.steroids import RULE, SCHEDULES
from enrollment.rules.wording import as_typed, dose

NO_ANSWER = "–"


def words(field: forms.Field, value: Any) -> str:
    """What was answered, with its unit; a dash where nothing was."""
    if value is None or value == "":
        return NO_ANSWER
    if isinstance(field, forms.ChoiceField):
        names = dict(flatten_choices(cast(Iterable[Any], field.choices)))
        return str(names.get(field.prepare_value(value), value))
    match value:
        case bool():
            return gettext("Yes") if value else gettext("No")
        case Decimal():
            return f"{as_typed(value)} {getattr(field, 'unit', '')}".rstrip()
        case dt.date():
            return day_words(value)
    return str(value)


def dose_words(doses: Sequence[SteroidDose]) -> str:
    """Corticosteroid doses, the days of equal ones together."""
    days: dict[tuple[str, Decimal, int], list[str]] = {}
    for entry in doses:
        days.setdefault((entry.agent, entry.dose_mg, entry.every_days), []).append(
            day_words(entry.on)
        )
    return "; ".join(f"{_dose(*key)}: {', '.join(on)}" for key, on in days.items()) or NO_ANSWER


def day_words(day: dt.date) -> str:
    # Translators: a date format in the letters of Django's "date" filter, not a sentence
    return date_format(day, pgettext("date format", "j M Y"))


def _dose(agent: str, dose_mg: Decimal, every_days: int) -> str:
    names = {known.code: gettext(known.name) for known in RULE.agents}
    amount = f"{names.get(agent, agent)} {dose(dose_mg)} mg"
    return amount if every_days == 1 else f"{amount} ({SCHEDULES[every_days]})"
