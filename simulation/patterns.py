"""Patterns: courses that are played once through the real actions, read back, and undone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import transaction

from enrollment.models import AllocationSlot, Participant
from enrollment.seals import seal_arm
from oversight.records import Record, history_model
from oversight.trail import AuditAction, AuditEntry
from simulation.disease import Fate, Patient
from simulation.moving import holds_date
from simulation.people import Staff
from simulation.trial import Course, play
from trial_site.models import User

Key = tuple[type[Record], int]  # a model, and the primary key that the row had in the pattern
MONTHS_DIFFER = dt.timedelta(days=3)  # a copy's monthly visits can come so much sooner


@dataclass(frozen=True)
class Version:
    """One version of one row, as its audit entry and its history row tell it.

    ``values`` are by column, without the primary key; ``dated`` names those that hold dates.
    """

    row: Key
    created: bool
    at: dt.datetime
    by: User
    reason: str
    values: dict[str, Any]
    dated: frozenset[str]


@dataclass(frozen=True)
class Pattern:
    """All versions of one course in their order; ``withdrawn_on`` where it got so far."""

    start: dt.date
    versions: tuple[Version, ...]
    withdrawn_on: dt.date | None


class Patterns:
    """Plays a pattern when it is first asked for: one a journey, fate and arm."""

    def __init__(self, staff: Staff, seed: int, as_of: dt.datetime) -> None:
        self.staff, self.seed, self.as_of = staff, seed, as_of
        self._played: dict[tuple[str, Fate, str], Pattern] = {}

    def of(self, course: Course, arm: str) -> Pattern:
        """The pattern of ``course``, whose patient is allocated to ``arm``, if to any.

        Courses are asked for in the order of their start, so that the first of its kind is also the
        longest, and the others are cut short at the same ``as_of``.
        """
        key = (course.journey, Patient.number(course.number, self.seed).fate, arm)
        if key not in self._played:
            self._played[key] = self._play(course, arm)
        return self._played[key]

    def _play(self, course: Course, arm: str) -> Pattern:
        with undone():
            before = AuditEntry.objects.order_by("pk").values_list("pk", flat=True).last()
            if arm:
                first = AllocationSlot.objects.select_related("list").get(sequence=1)
                first.sealed_arm = seal_arm(arm, stratum=first.list.stratum, place=1)
                first.save()
            play([course.process(self.staff, self.seed)], self.as_of + MONTHS_DIFFER)
            versions = tuple(_versions_after(before or 0))
        ends = [v.values["withdrawn_on"] for v in versions if v.row[0] is Participant]
        return Pattern(course.start, versions, ends[-1] if ends else None)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever the block writes is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def record_models() -> list[type[Record]]:
    """Every clinical model in the rooms' order, and after whatever it points to."""
    waiting = [model for model in apps.get_models() if issubclass(model, Record)]
    ordered: list[type[Record]] = []
    while waiting:
        model = next(one for one in waiting if not _points_to(one) & ({*waiting} - {one}))
        waiting.remove(model)
        ordered.append(model)
    return ordered


def _points_to(model: type[Record]) -> set[Any]:
    return {field.related_model for field in model._meta.concrete_fields if field.is_relation}


def _versions_after(newest: int) -> Iterator[Version]:
    """The versions of clinical records that were written after the audit entry ``newest``."""
    models = {model._meta.label_lower: model for model in record_models()}
    entries = AuditEntry.objects.filter(pk__gt=newest, model__in=models).order_by("pk")
    found = list(entries.select_related("actor"))
    kept = {}
    for label, model in models.items():
        keys = [entry.history_id for entry in found if entry.model == label]
        kept[label] = history_model(model).objects.in_bulk(keys)
    for entry in found:
        version = kept[entry.model][entry.history_id]
        columns = [field.attname for field in version.tracked_fields if field.attname != "id"]
        values = {name: getattr(version, name) for name in columns}
        yield Version(
            row=(models[entry.model], int(entry.object_id)),
            created=entry.action == AuditAction.CREATED,
            at=entry.at,
            by=entry.actor,
            reason=entry.reason,
            values=values,
            dated=frozenset(name for name, value in values.items() if holds_date(value)),
        )
