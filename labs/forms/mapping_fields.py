"""The fields of the mapping screen: what a column, a constant and a word can be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext

from labs.importing.contents import Column
from labs.models import Specimen
from labs.rules.mapping import Mapping
from labs.rules.meanings import CONSTANTS, NAMES, WIDE, Meaning
from labs.rules.vocabulary import find_analyte
from trial_site.protocol import current
from trial_site.protocol.definition import Analyte
from trial_site.units import spelled

LEFT_OUT = "-"  # what is posted for an analyte that the mapping leaves out

# What is asked next follows from these: the page asks again when they change.
ASKS = {"data-asks": ""}

Choices = list[tuple[str, Any]]


def word_key(meaning: str, word: str) -> str:
    """The field of a word: the same whatever other words the file has."""
    return f"{meaning}-{hashlib.sha256(word.encode()).hexdigest()[:16]}"


def meaning_field(column: Column) -> forms.ChoiceField:
    """What a column is; one of one analyte among the choices."""
    single = [
        (meaning.value, capfirst(gettext(NAMES[meaning])))
        for meaning in Meaning
        if meaning is not Meaning.IGNORED
    ]
    wide = [(f"{WIDE}{code}", name) for code, name in analyte_choices()]
    choices: list[Any] = [
        (Meaning.IGNORED.value, capfirst(gettext(NAMES[Meaning.IGNORED]))),
        (gettext("The column holds"), single),
        (gettext("The column holds results of"), wide),
    ]
    return forms.ChoiceField(
        label=column.header, choices=choices, required=False, widget=forms.Select(ASKS)
    )


def filter_field(column: Column) -> forms.Field:
    label = gettext("%(column)s: rows to read") % {"column": column.header}
    if column.is_cut:
        return forms.CharField(label=label, required=False)
    return _choice(label, [(word, word) for word in column.words])


def column_unit_field(column: Column, code: str) -> forms.ChoiceField:
    label = gettext("%(column)s: unit") % {"column": column.header}
    return _choice(label, unit_choices(code))


def constant_fields(mapping: Mapping) -> dict[Meaning, forms.Field]:
    """What no column says, asked once for all rows."""
    in_columns = set(mapping.columns.values())
    asked = [meaning for meaning in CONSTANTS if meaning not in in_columns]
    if mapping.wide:
        asked = [one for one in asked if one not in (Meaning.ANALYTE, Meaning.UNIT)]
    if Meaning.COLLECTED in in_columns or Meaning.COLLECTED_DATE in in_columns:
        return {meaning: _constant(meaning, mapping) for meaning in asked}
    return {one: _constant(one, mapping) for one in asked if one is not Meaning.COLLECTED_TIME}


def _constant(meaning: Meaning, mapping: Mapping) -> forms.Field:
    label = capfirst(gettext(NAMES[meaning]))
    match meaning:
        case Meaning.ANALYTE:
            analyte = _choice(label, analyte_choices())
            analyte.widget.attrs |= ASKS
            return analyte
        case Meaning.UNIT:
            return _choice(label, unit_choices(find_analyte(mapping.constant(Meaning.ANALYTE))))
        case Meaning.SPECIMEN:
            return _choice(label, list(Specimen.Kind.choices))
        case Meaning.COLLECTED_TIME:
            clock = forms.TextInput({"class": "num short", "inputmode": "numeric"})
            hint = gettext("For dates that have none, as 08:00")
            return forms.CharField(label=label, required=False, widget=clock, help_text=hint)
        case Meaning.ASSAY:
            return forms.CharField(label=label, required=False, max_length=60)
        case _:
            number = forms.TextInput({"class": "num", "inputmode": "decimal"})
            return forms.CharField(label=label, required=False, max_length=24, widget=number)


def word_field(meaning: Meaning, word: str, subjects: Sequence[str]) -> forms.ChoiceField:
    """What the laboratory's ``word`` is in the trial."""
    choices: dict[Meaning, Choices] = {
        Meaning.PARTICIPANT: [(subject, subject) for subject in subjects],
        Meaning.SPECIMEN: list(Specimen.Kind.choices),
        Meaning.UNIT: unit_choices(""),
    }
    offered = choices.get(meaning)
    if offered is None:
        offered = [(LEFT_OUT, gettext("Not of this trial: leave out")), *analyte_choices()]
    return _choice(word, offered)


def analyte_choices() -> Choices:
    return [(analyte.code, gettext(analyte.name)) for analyte in current().analytes]


def unit_choices(code: str) -> Choices:
    """The units that the analyte ``code`` is taken in; of every analyte where there is none."""
    wanted = [analyte for analyte in current().analytes if not code or analyte.code == code]
    return [(unit, spelled(unit)) for unit in dict.fromkeys(_units_of(wanted))]


def _units_of(analytes: Iterable[Analyte]) -> Iterable[str]:
    return (unit for analyte in analytes for unit in analyte.taken_units)


def _choice(label: str, choices: Choices) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, required=False, choices=[("", gettext("Choose")), *choices]
    )
