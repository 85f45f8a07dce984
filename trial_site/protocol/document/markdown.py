"""The few shapes of Markdown that ``docs/protocol.md`` is made of."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from trial_site.protocol.definition import Bound, Comparison, EntryLimits, Provenance

_SIGNS = {
    Comparison.AT_LEAST: "≥",
    Comparison.ABOVE: ">",
    Comparison.AT_MOST: "≤",
    Comparison.BELOW: "<",
}


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def facts(rows: Iterable[tuple[str, object]]) -> str:
    return table(("Item", "Value"), rows)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def number(value: Decimal) -> str:
    """In full, without an exponent and without trailing zeros."""
    return f"{value.normalize():f}"


def bound(row: Bound) -> str:
    return f"{_SIGNS[row.comparison]} {number(row.value)} {row.unit}"


def bounds(rows: Iterable[Bound]) -> str:
    return ", ".join(bound(row) for row in rows) or "-"


def limits(row: EntryLimits | None) -> tuple[str, str]:
    """The soft and the hard limits, as two cells."""
    return (bounds(row.soft), bounds(row.hard)) if row else ("-", "-")


def provenance(row: Provenance) -> str:
    """The registry's words as a quotation, then the reading and the row that decided it."""
    quoted = f"> {row.quote}\n\n" if row.quote else ""
    decided = f" ({row.decision})" if row.decision else ""
    return f"{quoted}Source: {row.source}. {row.reading}{decided}"
