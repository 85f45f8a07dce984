"""Whether two results say the same, in the record or within one file."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from labs.actions.entries import Entry
from labs.models import Result, ResultStatus
from labs.rules.drafts import Draft, RowReading

Readings = Sequence[tuple[int, RowReading]]
Key = tuple[str, str, dt.datetime, str, str]  # subject, kind, collected, analyte, status

VALUE = ("operator", "value", "unit")
BESIDE = ("assay", "kit_lot", "lod", "lloq", "uloq", "lln", "uln")


class Against(StrEnum):
    """How a row's result stands to the one that the specimen has."""

    THE_SAME = "the same"
    DIFFERENT = "different"
    MAKES_FINAL = "makes final"
    CORRECTS = "corrects"


def against(standing: Entry | Result, entry: Entry) -> Against:
    """A preliminary result gives way to a final one; a corrected one replaces another value.

    Numbers are compared as numbers.  What the row does not say (assay, limits) contradicts nothing.
    """
    if ResultStatus.PRELIMINARY == standing.status != entry.status:
        return Against.CORRECTS if entry.status == ResultStatus.CORRECTED else Against.MAKES_FINAL
    beside = (name for name in BESIDE if getattr(entry, name) not in (None, ""))
    if all(getattr(standing, name) == getattr(entry, name) for name in (*VALUE, *beside)):
        return Against.THE_SAME
    return Against.CORRECTS if entry.status == ResultStatus.CORRECTED else Against.DIFFERENT


@dataclass(frozen=True)
class Contradictions:
    """The rows that give different values for one specimen, analyte and status."""

    rows: Mapping[Key, tuple[int, ...]]

    def others(self, number: int, draft: Draft) -> tuple[int, ...]:
        """The rows that contradict row ``number`` about ``draft``."""
        return tuple(row for row in self.rows.get(_key(draft), ()) if row != number)


def contradictions(readings: Readings) -> Contradictions:
    """Asked of a whole file: no row of it counts more than another."""
    said: dict[Key, set[tuple[object, ...]]] = defaultdict(set)
    rows: dict[Key, list[int]] = defaultdict(list)
    for number, reading in readings:
        for draft in reading.drafts:
            key = _key(draft)
            said[key].add(tuple(getattr(draft, name) for name in (*VALUE, *BESIDE)))
            rows[key].append(number)
    differing = [key for key, values in said.items() if len(values) > 1]
    return Contradictions({key: tuple(rows[key]) for key in differing})


def _key(draft: Draft) -> Key:
    return draft.subject, draft.specimen, draft.collected_at, draft.analyte, draft.status
