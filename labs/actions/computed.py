"""Absolute counts of lymphocyte subsets: computed, kept with their steps, and kept current."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.timezone import localdate

from enrollment.models import Participant
from labs.actions.entries import Entry
from labs.actions.known import Known
from labs.actions.making import make_result
from labs.models import Result, ResultStatus, Specimen
from labs.readings import lymphocytes_source
from labs.rules.numbers import half_up
from labs.rules.subsets import Computed, Measured, absolute_counts
from labs.selectors import blood_count_near, results_of_day
from trial_site.messages import Message
from trial_site.protocol import current

COMPUTED_ANEW = "What a count is computed from changed"
MOST_TEXT, MOST_PLACES = 32, 12  # of a stored value; far beyond what is ever shown


@dataclass
class _Tube:
    """The results of one specimen that counts depend on, and the counts computed so far."""

    specimen: Specimen
    measured: dict[str, Result] = field(default_factory=dict)
    computed: dict[str, Result] = field(default_factory=dict)


def refresh_counts(
    participant: Participant, changed: Iterable[Result], moments: Iterable[dt.datetime] = ()
) -> None:
    """Compute the counts (cells/µL) of every specimen of the days of ``changed``, and save them.

    Lymphocytes (10^9/L) are those of the specimen itself, else those of the blood count of the same
    day on the site's clock that is nearest in time.  A count that the laboratory printed stands,
    and none is computed; a computed one that nothing gives any more is marked in error.
    ``moments`` are further ones whose days are looked at.  Call it inside ``recorded`` with a
    reason, the participant locked.  Source: DOMAIN 7.
    """
    analytes = count_analytes()
    moved = [result.collected_at for result in changed if result.analyte in analytes]
    for day in {localdate(moment) for moment in (*moved, *moments)}:
        tubes: dict[int, _Tube] = {}
        for row in results_of_day(participant, day, analytes):
            tube = tubes.setdefault(row.specimen_id, _Tube(row.specimen))
            (tube.computed if row.is_computed else tube.measured)[row.analyte] = row
        for tube in tubes.values():
            _refresh(participant, tube)


def count_analytes() -> set[str]:
    """What the counts are, and what they are computed from."""
    return {code for rule in current().counts for code in (rule.analyte, rule.percent, rule.of)}


def _refresh(participant: Participant, tube: _Tube) -> None:
    protocol = current()
    lymphocytes = protocol.counts[0].of
    measured, at = dict(tube.measured), tube.specimen.collected_at
    if lymphocytes not in measured and (nearest := blood_count_near(participant, at)):
        measured[lymphocytes] = nearest
    found = {count.analyte: count for count in absolute_counts(numbers_of(measured), protocol)}
    for rule in protocol.counts:
        count, saved = found.get(rule.analyte), tube.computed.get(rule.analyte)
        if count is None or count.value is None:
            if saved:
                saved.status = ResultStatus.IN_ERROR
                saved.save()
            continue
        remarks = [count.step, lymphocytes_source(measured[lymphocytes], tube.specimen.pk)]
        _keep(_computed(participant, tube.specimen, count, remarks), saved)


def numbers_of(results: Mapping[str, Result]) -> dict[str, Measured]:
    """Results as the rule of counts reads them: in the analytes' own units."""
    return {code: Measured(row.operator, row.canonical_value) for code, row in results.items()}


def _computed(
    participant: Participant, specimen: Specimen, count: Computed, remarks: list[Message]
) -> Result:
    """Unsaved."""
    unit = current().analyte(count.analyte).unit
    entry = Entry(count.analyte, unit, _storable(count.value), count.operator)
    made = make_result(participant, specimen, entry, known=Known())
    made.source = Result.Source.COMPUTED
    made.remarks = [message.to_json() for message in remarks]
    return made


def _storable(value: Decimal | None) -> Decimal | None:
    if value is None or len(f"{value:f}") <= MOST_TEXT:
        return value
    return half_up(value, MOST_PLACES)


def _keep(fresh: Result, saved: Result | None) -> None:
    if saved is None:
        fresh.save()
        return
    names = ("operator", "value", "canonical_value", "remarks")
    if all(getattr(saved, name) == getattr(fresh, name) for name in names):
        return
    for name in names:
        setattr(saved, name, getattr(fresh, name))
    saved.status = ResultStatus.CORRECTED
    saved.save()
