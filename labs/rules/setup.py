"""What a laboratory may declare: ranges and assays that do not contradict themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from labs.rules.numbers import NO_BREAK_SPACE, plain
from labs.rules.ranges import RangeRow
from trial_site.messages import Message
from trial_site.protocol.definition import Analyte, Protocol, gettext_noop
from trial_site.units import spelled

Faults = tuple[tuple[str, Message], ...]  # the name of a field, and what is wrong with it

_UNIT = gettext_noop("%(analyte)s is not measured in %(unit)s: use %(units)s")
_UPPER = gettext_noop("the upper limit must be above the lower one")
_DETECTION = gettext_noop("what is quantified is detected: this must not be below the detection")
_NO_FACTOR = gettext_noop("%(analyte)s is never converted by the factor of an assay")
_NO_CUTOFFS = gettext_noop("%(analyte)s is not read as positive or negative")
_GREY = gettext_noop("the grey zone must begin below what is positive")


@dataclass(frozen=True)
class AssayRow:
    """An assay as it is declared: limits and cut-offs in ``unit``.

    ``copies_per_iu`` turns IU/mL into copies/mL and needs its source.
    """

    analyte: str
    name: str
    unit: str
    lod: Decimal | None = None
    lloq: Decimal | None = None
    uloq: Decimal | None = None
    copies_per_iu: Decimal | None = None
    factor_source: str = ""
    positive_from: Decimal | None = None
    grey_from: Decimal | None = None


def range_faults(row: RangeRow, protocol: Protocol) -> Faults:
    """What cannot be true about a reference range, by the name of the field.

    One limit is enough; both days are included, so that they may be the same.
    """
    return tuple(_range_faults(row, protocol.analyte(row.analyte)))


def _range_faults(row: RangeRow, analyte: Analyte) -> Iterator[tuple[str, Message]]:
    yield from _unit_faults(row.unit, analyte)
    if row.low is None and row.high is None:
        yield "low", Message(gettext_noop("Enter at least one limit"))
    if not _rises(row.low, row.high):
        yield "high", Message(_UPPER)
    if row.valid_to is not None and row.valid_to < row.valid_from:
        yield "valid_to", Message(gettext_noop("A range ends after it begins"))


def assay_faults(row: AssayRow, protocol: Protocol) -> Faults:
    """What cannot be true about an assay, by the name of the field (DOMAIN 6 and 7)."""
    analyte = protocol.analyte(row.analyte)
    return (*_unit_faults(row.unit, analyte), *_limit_faults(row), *_reading_faults(row, analyte))


def _limit_faults(row: AssayRow) -> Iterator[tuple[str, Message]]:
    if row.lod is not None and row.lloq is not None and row.lloq < row.lod:
        yield "lloq", Message(_DETECTION)
    if not _rises(row.lloq, row.uloq) or not _rises(row.lod, row.uloq):
        yield "uloq", Message(_UPPER)


def _reading_faults(row: AssayRow, analyte: Analyte) -> Iterator[tuple[str, Message]]:
    named = {"analyte": Message(analyte.name)}
    if (row.copies_per_iu is None) != (not row.factor_source):
        yield "factor_source", Message(gettext_noop("A factor and its source belong together"))
    if row.copies_per_iu is not None:
        if not analyte.assay_units:
            yield "copies_per_iu", Message(_NO_FACTOR, named)
        elif row.copies_per_iu <= 0:
            yield "copies_per_iu", Message(gettext_noop("a factor is above 0"))
    if row.positive_from is not None and analyte.group != "serology":
        yield "positive_from", Message(_NO_CUTOFFS, named)
    if row.grey_from is not None and row.positive_from is None:
        text = gettext_noop("A grey zone needs the value that is positive")
        yield "positive_from", Message(text)
    if not _rises(row.grey_from, row.positive_from):
        yield "grey_from", Message(_GREY)


def _unit_faults(unit: str, analyte: Analyte) -> Iterator[tuple[str, Message]]:
    if unit not in analyte.taken_units:
        params: dict[str, str | Message] = {
            "analyte": Message(analyte.name),
            "unit": spelled(unit),
            "units": ", ".join(map(spelled, analyte.taken_units)),
        }
        yield "unit", Message(_UNIT, params)


def _rises(low: Decimal | None, high: Decimal | None) -> bool:
    return low is None or high is None or low < high


# --- in words ---------------------------------------------------------------------------------


def limits_text(low: Decimal | None, high: Decimal | None, unit: str) -> str:
    """``1.8–6.3 ×10⁹/L``, ``≥ 1.8 ×10⁹/L``, ``≤ 40 U/L``; a limit itself is normal (DOMAIN 8)."""
    if low is not None and high is not None:
        number = f"{plain(low)}\N{EN DASH}{plain(high)}"
    elif low is not None:
        number = f"≥{NO_BREAK_SPACE}{plain(low)}"
    elif high is not None:
        number = f"≤{NO_BREAK_SPACE}{plain(high)}"
    else:
        return ""
    return f"{number}{NO_BREAK_SPACE}{spelled(unit)}"


def range_text(row: RangeRow) -> Message:
    """``3.5–9.5 ×10⁹/L from 2026-01-01 to 2026-03-31``."""
    params = {
        "limits": limits_text(row.low, row.high, row.unit),
        "first": row.valid_from.isoformat(),
        "last": row.valid_to.isoformat() if row.valid_to else "",
    }
    if row.valid_to is None:
        return Message(gettext_noop("%(limits)s from %(first)s on"), params)
    return Message(gettext_noop("%(limits)s from %(first)s to %(last)s"), params)
