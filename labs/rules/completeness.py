"""Whether a mapping is enough to read the rows of a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labs.rules.dates import UnreadableDate, read_time
from labs.rules.mapping import Mapping
from labs.rules.meanings import LIMITS, NAMES, WIDE, Meaning, meaning_text
from labs.rules.pcr import UnreadableResult
from labs.rules.units import limit_fault
from labs.rules.vocabulary import find_analyte, find_specimen, find_unit
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import Analyte, gettext_noop

_MANY = (Meaning.IGNORED, Meaning.FILTER)  # may stand over several columns
_LONG = (Meaning.ANALYTE, Meaning.VALUE, Meaning.UNIT, Meaning.RANGE, Meaning.LLN, Meaning.ULN)


def check(mapping: Mapping, header: Sequence[str]) -> tuple[Message, ...]:
    """What must be mended before rows under ``header`` can be read; nothing when they can."""
    return (
        *_column_faults(mapping, header),
        *_sample_faults(mapping),
        *(_wide_faults(mapping) if mapping.wide else _long_faults(mapping)),
        *_constant_faults(mapping),
    )


def _column_faults(mapping: Mapping, header: Sequence[str]) -> Iterator[Message]:
    seen: set[str] = set()
    for name, meaning in mapping.columns.items():
        if meaning == Meaning.IGNORED:
            continue
        params: dict[str, str | Message] = {"column": name, "meaning": meaning_text(meaning)}
        if name not in header:
            yield Message(gettext_noop("The file has no column “%(column)s”."), params)
        if meaning in seen and meaning not in _MANY:
            yield Message(
                gettext_noop("“%(column)s” is a second column for “%(meaning)s”: choose one."),
                params,
            )
        seen.add(meaning)
        if meaning == Meaning.FILTER and not mapping.filters.get(name, "").strip():
            yield Message(
                gettext_noop("Say which value of “%(column)s” a row must have to be read."), params
            )
        wide = meaning.startswith(WIDE) and meaning.removeprefix(WIDE) in _analytes()
        if meaning not in NAMES and not wide:
            yield Message(gettext_noop("“%(column)s” has a meaning that is not known."), params)


def _sample_faults(mapping: Mapping) -> Iterator[Message]:
    whole = mapping.header_of(Meaning.COLLECTED) is not None
    day = mapping.header_of(Meaning.COLLECTED_DATE) is not None
    if mapping.header_of(Meaning.PARTICIPANT) is None:
        yield Message(gettext_noop("Say which column names the participant."))
    if whole == day:
        yield Message(
            gettext_noop("Say which column tells when the specimen was collected.")
            if not whole
            else gettext_noop("Collected is one column, or one of dates and one of times: not all.")
        )
    if day and not mapping.gives(Meaning.COLLECTED_TIME):
        yield Message(gettext_noop("Say which column, or which time, goes with the date."))
    if whole and mapping.header_of(Meaning.COLLECTED_TIME) is not None:
        yield Message(gettext_noop("A column of times needs one of dates beside it."))
    if not mapping.gives(Meaning.SPECIMEN):
        yield Message(gettext_noop("Say what the specimen is: a column, or one kind for all rows."))


def _long_faults(mapping: Mapping) -> Iterator[Message]:
    if mapping.header_of(Meaning.VALUE) is None:
        yield Message(gettext_noop("Say which column holds the results."))
    if not mapping.gives(Meaning.ANALYTE):
        yield Message(gettext_noop("Say what was measured: a column, or one analyte for all rows."))
    if not mapping.gives(Meaning.UNIT):
        yield Message(gettext_noop("Say in which unit: a column, or one unit for all rows."))
    ranged = mapping.header_of(Meaning.RANGE) is not None
    if ranged and any(mapping.header_of(one) for one in (Meaning.LLN, Meaning.ULN)):
        yield Message(
            gettext_noop("The limits of normal are one column of ranges, or two columns: not all.")
        )


def _wide_faults(mapping: Mapping) -> Iterator[Message]:
    if any(mapping.gives(meaning) for meaning in _LONG):
        yield Message(
            gettext_noop(
                "A column for each analyte, or one column of results with another that names the "
                "analyte: not both."
            )
        )
    for name, code in mapping.wide.items():
        analyte = _analytes().get(code)
        unit = mapping.column_units.get(name, "")
        if analyte and not _taken(mapping, analyte, unit):
            yield Message(
                gettext_noop(
                    "Say in which unit “%(column)s” is: one that %(analyte)s is taken in."
                ),
                {"column": name, "analyte": Message(analyte.name)},
            )


def _constant_faults(mapping: Mapping) -> Iterator[Message]:
    code = mapping.constant(Meaning.ANALYTE)
    analyte = _analytes().get(find_analyte(code))
    unit = mapping.constant(Meaning.UNIT)
    wrong: list[Meaning] = []
    if code and analyte is None:
        wrong.append(Meaning.ANALYTE)
    if analyte and unit and not _taken(mapping, analyte, unit):
        wrong.append(Meaning.UNIT)
    specimen = mapping.constant(Meaning.SPECIMEN)
    if specimen and not find_specimen(specimen):
        wrong.append(Meaning.SPECIMEN)
    wrong.extend(limit for limit in LIMITS if not _is_limit(mapping, mapping.constant(limit)))
    if not _is_time(mapping.constant(Meaning.COLLECTED_TIME)):
        wrong.append(Meaning.COLLECTED_TIME)
    if mapping.log10:
        yield from _limits_beside_logarithms(mapping)
    for meaning in wrong:
        yield Message(
            gettext_noop("“%(text)s” cannot be the %(meaning)s of all rows."),
            {"text": mapping.constant(meaning), "meaning": meaning_text(meaning)},
        )


def _limits_beside_logarithms(mapping: Mapping) -> Iterator[Message]:
    """Limits of all rows are in the unit of the results, which is a logarithm here."""
    analyte = current().analyte(current().pcr.analyte)
    logs = next(conversion.unit for conversion in analyte.conversions if conversion.logarithmic)
    for meaning in LIMITS:
        text = mapping.constant(meaning)
        if not text or not _is_limit(mapping, text):
            continue
        if limit_fault(analyte, mapping.style.read_limit(text), logs):
            yield Message(
                gettext_noop(
                    "“%(text)s” cannot be the %(meaning)s of results that are given as log10: "
                    "give it as log10, too."
                ),
                {"text": text, "meaning": meaning_text(meaning)},
            )


def _analytes() -> dict[str, Analyte]:
    return {analyte.code: analyte for analyte in current().analytes}


def _taken(mapping: Mapping, analyte: Analyte, unit: str) -> bool:
    return bool(find_unit(analyte, mapping.units.get(unit, unit)))


def _is_limit(mapping: Mapping, text: str) -> bool:
    try:
        return not text or mapping.style.read_limit(text) is not None
    except UnreadableResult:
        return False


def _is_time(text: str) -> bool:
    try:
        return not text or read_time(text) is not None
    except UnreadableDate:
        return False
