"""A simulated trial of any size: patterns are played through the real actions, then copied.

A copy has the rows, history rows and audit entries of its pattern, moved to its own days, under its
own numbers, allocated by the next slot of the sealed list.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count, groupby
from typing import Any

from django.db import transaction

from enrollment.models import Allocation, AllocationSlot, Participant, Screening
from enrollment.seals import unseal_arm
from oversight.canonical import digest
from oversight.recording import Recording, write_together
from oversight.records import Record, insert, note_version
from safety.models import DeclinedOffer, Deviation
from simulation.moving import Moved
from simulation.patterns import Key, Pattern, Patterns, Version, record_models
from simulation.trial import WHOLE, Course, close_the_day, courses, open_trial
from trial_site.memory import no_garbage

COPIES_A_BATCH = 50


def simulate_in_bulk(
    *, participants: int, seed: int, as_of: dt.datetime, progress: Callable[[str], object] = str
) -> None:
    """As ``simulate``: the same people on the same days, in the same arms, with the same fates.

    Up to five participants it is the same trial; beyond, people of one fate and arm have the same
    values, on their own days.  Raises ``Refused`` where participants exist already.
    """
    staff = open_trial(participants=participants, seed=seed, as_of=as_of)
    planned = _planned(courses(participants, as_of), Patterns(staff, seed, as_of))
    numbers = Numbers()
    for batch in _batches(planned):
        progress(batch[-1].course.start.isoformat())
        with no_garbage():
            _write([Copy(planned, numbers, as_of) for planned in batch])
    close_the_day(staff, as_of)


@dataclass(frozen=True)
class Planned:
    """A course, its slot of the sealed list, and the pattern to follow in that slot's arm."""

    course: Course
    slot: AllocationSlot | None
    pattern: Pattern


def _planned(courses: Iterable[Course], patterns: Patterns) -> list[Planned]:
    """Every pattern is played before the first copy is saved: a pattern needs the trial empty."""
    slots, planned = iter(AllocationSlot.objects.select_related("list")), []
    for course in courses:
        slot = next(slots) if course.journey == WHOLE else None
        arm = _arm_of(slot) if slot else ""
        planned.append(Planned(course, slot, patterns.of(course, arm)))
    return planned


def _arm_of(slot: AllocationSlot) -> str:
    return unseal_arm(slot.sealed_arm, stratum=slot.list.stratum, place=slot.sequence)


def _batches(planned: Iterable[Planned]) -> Iterator[list[Planned]]:
    """Whole days, so that the trial's own chain stays in the order of time."""
    batch: list[Planned] = []
    for _, of_day in groupby(planned, lambda planned: planned.course.start):
        batch += of_day
        if len(batch) >= COPIES_A_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


class Numbers:
    """Screening numbers and subjects, given out in order."""

    def __init__(self) -> None:
        self._counts: dict[type[Record], Iterator[int]] = defaultdict(lambda: count(1))

    def next_like(self, pattern: str, model: type[Record]) -> str:
        """The next number of the form of ``pattern``: a prefix, and as many digits or more."""
        prefix, _, digits = pattern.rpartition("-")
        return f"{prefix}-{next(self._counts[model]):0{len(digits)}}"


class Copy:
    """One pattern moved to other days, as far as ``as_of``."""

    def __init__(self, planned: Planned, numbers: Numbers, as_of: dt.datetime) -> None:
        pattern, self._slot, self._numbers = planned.pattern, planned.slot, numbers
        moved = self._moved = Moved(pattern.start, pattern.withdrawn_on, planned.course.start)
        moments = [(moved.moment(version.at), version) for version in pattern.versions]
        self.versions = [(at, version) for at, version in moments if at <= as_of]
        self._last = {version.row: version for _, version in self.versions}
        self._rows: dict[Key, Record] = {}
        self._own: dict[Key, dict[str, Any]] = {}

    def build(self, model: type[Record]) -> list[Record]:
        """The rows of ``model`` as they are last, unsaved; the rows they point to are saved."""
        keys = [key for key in self._last if key[0] is model]
        for key in keys:
            related = dict(self._relations(self._last[key]))
            keyed = {f"{name}_id": row.pk for name, row in related.items()}
            self._own[key] = keyed | self._own_values(key)
            row = self._rows[key] = model(**self._values(self._last[key]))
            for name, target in related.items():
                setattr(row, name, target)
        return [self._rows[key] for key in keys]

    def note(self, version: Version, at: dt.datetime) -> Recording:
        """Make the row what it was in ``version``, and note that version."""
        row, recording = self._rows[version.row], Recording(version.by, at, version.reason)
        if not (version.created and version is self._last[version.row]):
            for name, value in self._values(version).items():
                setattr(row, name, value)
        note_version(row, created=version.created, recording=recording)
        return recording

    def _values(self, version: Version) -> dict[str, Any]:
        """By column, without the primary key."""
        moved = {name: self._moved.value(version.values[name]) for name in version.dated}
        return version.values | moved | self._own[version.row]

    def _relations(self, version: Version) -> Iterator[tuple[str, Record]]:
        """The copy's own rows that this one points to."""
        for name, related in relations(version.row[0]):
            key = (related, version.values[f"{name}_id"])
            if key in self._rows:
                yield name, self._rows[key]

    def _own_values(self, key: Key) -> dict[str, Any]:
        """What is this copy's own and not its pattern's, beside the rows that it points to."""
        model, values = key[0], self._last[key].values
        if model is Screening:
            return {"number": self._numbers.next_like(values["number"], model)}
        if model is Participant:
            return {"subject": self._numbers.next_like(values["subject"], model)}
        if model is Allocation and self._slot:
            [screening] = [row for row in self._rows.values() if isinstance(row, Screening)]
            return {"slot_id": self._slot.pk, "eligibility_digest": digest(screening.eligibility)}
        if model in (Deviation, DeclinedOffer) and values["source"]:
            return {"source": self._own_source(values["source"])}
        return {}

    def _own_source(self, source: str) -> str:
        """What a rule offered names its row by number (``missed_dose:administration:12``)."""
        named, _, number = source.rpartition(":")
        model = named.rpartition(":")[2]
        for (kind, pk), row in self._rows.items():
            if kind._meta.model_name == model and pk == int(number):
                return f"{named}:{row.pk}"
        return source


@cache
def relations(model: type[Record]) -> list[tuple[str, Any]]:
    """Name and target of each foreign key."""
    fields = model._meta.concrete_fields
    return [(field.name, field.related_model) for field in fields if field.is_relation]


def _write(copies: list[Copy]) -> None:
    """Save the copies in one transaction, their audit entries in the order of time."""
    with transaction.atomic():
        for model in record_models():
            insert(model, [row for copy in copies for row in copy.build(model)])
        notes = [(at, version, copy) for copy in copies for at, version in copy.versions]
        notes.sort(key=lambda note: note[0])
        write_together(copy.note(version, at) for at, version, copy in notes)
