"""What is known about participants and laboratories before values are entered, read at once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import F

from enrollment.models import Participant
from labs.models import Assay, Laboratory, ReferenceRange, Result
from labs.rules.ranges import in_force


@dataclass(frozen=True)
class Known:
    """``baselines`` are the last canonical values at or before the first dose, by participant
    (primary key) and analyte; ``assays`` by laboratory, analyte and name; ``ranges`` by laboratory
    and analyte."""

    baselines: Mapping[tuple[int, str], Decimal] = field(default_factory=dict)
    assays: Mapping[tuple[int, str, str], Assay] = field(default_factory=dict)
    ranges: Mapping[tuple[int, str], list[ReferenceRange]] = field(default_factory=dict)

    def assay(self, laboratory: Laboratory | None, analyte: str, name: str) -> Assay | None:
        return self.assays.get((laboratory.pk, analyte, name)) if laboratory else None

    def range(
        self, laboratory: Laboratory | None, analyte: str, unit: str, sex: str, day: dt.date
    ) -> ReferenceRange | None:
        """The laboratory's range in force on ``day``, if it is in ``unit``."""
        if laboratory is None:
            return None
        rows = self.ranges.get((laboratory.pk, analyte), ())
        found = in_force(rows, analyte=analyte, sex=sex, day=day)
        return found if found and found.unit == unit else None


def known_about(
    participants: Collection[Participant],
    laboratory: Laboratory | None,
    *,
    leave_out: int | None = None,
) -> Known:
    """Three queries, however many participants; ``leave_out`` is a result to be replaced."""
    return Known(
        baselines=_baselines(participants, leave_out),
        assays={
            (laboratory.pk, row.analyte, row.name): row
            for row in Assay.objects.filter(laboratory=laboratory)
        }
        if laboratory
        else {},
        ranges=_ranges(laboratory) if laboratory else {},
    )


def _baselines(
    participants: Collection[Participant], leave_out: int | None
) -> dict[tuple[int, str], Decimal]:
    """The last value counts, so later rows overwrite earlier ones."""
    started = [person.pk for person in participants if person.day0_at is not None]
    if not started:
        return {}
    rows = (
        Result.objects.in_force()
        .filter(
            participant__in=started,
            operator="=",
            canonical_value__isnull=False,
            collected_at__lte=F("participant__day0_at"),
        )
        .exclude(pk=leave_out)
        .order_by("collected_at", "pk")
    )
    values = rows.values_list("participant_id", "analyte", "canonical_value")
    return {(participant, analyte): number for participant, analyte, number in values}


def _ranges(laboratory: Laboratory) -> dict[tuple[int, str], list[ReferenceRange]]:
    found: dict[tuple[int, str], list[ReferenceRange]] = defaultdict(list)
    for row in ReferenceRange.objects.filter(laboratory=laboratory):
        found[laboratory.pk, row.analyte].append(row)
    return found
