"""What a saved mapping says, in words."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from labs.rules.dates import DateOrder
from labs.rules.mapping import Mapping
from labs.rules.meanings import CONSTANTS, NAMES, Meaning, meaning_text

DATE_ORDERS = {
    DateOrder.ISO: _("Year first: 2026-03-17, 2026年3月17日"),
    DateOrder.DAY_FIRST: _("Day first: 17/03/2026"),
    DateOrder.MONTH_FIRST: _("Month first: 03/17/2026"),
}
FLAGS = {
    "log10": _("CMV-DNA is given as log10"),
    "decimal_comma": _("Decimals have a comma: 3,5 is three and a half"),
    "thousands": _("Thousands are parted: 52,000 or 52 000"),
    "excel_serials": _("Dates can be Excel’s serial numbers: 46098"),
}
TRANSLATED = {
    Meaning.PARTICIPANT: _("Participants"),
    Meaning.ANALYTE: _("Analytes"),
    Meaning.SPECIMEN: _("Specimens"),
    Meaning.UNIT: _("Units"),
}


def described(mapping: Mapping) -> list[tuple[str, str]]:
    """A label and a text for each column that is used, each constant, rule and translation."""
    return [*_columns(mapping), *_constants(mapping), *_writing(mapping), *_words(mapping)]


def _columns(mapping: Mapping) -> Iterator[tuple[str, str]]:
    for header, meaning in mapping.columns.items():
        if meaning != Meaning.IGNORED:
            detail = mapping.column_units.get(header) or mapping.filters.get(header)
            name = meaning_text(meaning).render(gettext)
            yield header, f"{name}: {detail}" if detail else name


def _constants(mapping: Mapping) -> Iterator[tuple[str, str]]:
    for meaning in CONSTANTS:
        if mapping.constant(meaning):
            yield capfirst(gettext(NAMES[meaning])), mapping.constant(meaning)


def _writing(mapping: Mapping) -> Iterator[tuple[str, str]]:
    rules = [str(text) for flag, text in FLAGS.items() if getattr(mapping, flag)]
    if mapping.date_order is not DateOrder.ISO:
        rules.append(str(DATE_ORDERS[mapping.date_order]))
    if rules:
        yield gettext("How values are written"), "; ".join(rules)
    if mapping.not_detected:
        yield gettext("What means not detected"), ", ".join(mapping.not_detected)


def _words(mapping: Mapping) -> Iterator[tuple[str, str]]:
    for meaning, label in TRANSLATED.items():
        words: dict[str, str] = getattr(mapping, f"{meaning}s")
        if words:
            yield str(label), ", ".join(f"{word} → {own or '–'}" for word, own in words.items())
