"""What the analytes have in common: limits, factors, percentages."""

from decimal import Decimal

from trial_site.protocol.definition import (
    AdultRange,
    Analyte,
    EntryLimits,
    Provenance,
    Source,
    UnitConversion,
    at_least,
    at_most,
    gettext_noop,
)

FROM_DOMAIN = Provenance(
    Source.DECISION, reading=gettext_noop("Entry limits of the domain reference.")
)
PLAUSIBLE = Provenance(
    Source.DECISION,
    reading=gettext_noop("Physical limits only: a plausibility limit proposed here."),
)


def from_zero(unit: str) -> EntryLimits:
    return EntryLimits(unit, hard=(at_least("0", unit),))


def adults(low: str, high: str, unit: str, source: str) -> AdultRange:
    """An empty ``low`` or ``high`` is one that the source does not give."""
    ends = [Decimal(end) if end else None for end in (low, high)]
    return AdultRange(ends[0], ends[1], unit, source)


def converted(**factors: str) -> tuple[UnitConversion, ...]:
    return tuple(UnitConversion(unit, Decimal(factor)) for unit, factor in factors.items())


def percent(
    code: str,
    name: str,
    denominator: str,
    *adult_ranges: AdultRange,
    group: str = "subset",
    lowest: str = "0",
) -> Analyte:
    """``lowest`` is below 0 where the unstimulated sample is subtracted."""
    return Analyte(
        code,
        name,
        group=group,
        unit="%",
        entry_limits=EntryLimits("%", hard=(at_least(lowest, "%"), at_most("100", "%"))),
        display_places=1,
        provenance=PLAUSIBLE,
        denominator=denominator,
        adult_ranges=adult_ranges,
    )
