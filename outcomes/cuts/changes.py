"""What was recorded after a cut-off about the time before it: changes, and late entries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from outcomes.cuts.checking import frozen
from outcomes.cuts.content import contents_of, together
from outcomes.models import DataCut
from outcomes.rules.differences import Difference, differences
from oversight.kept import kept
from oversight.trail import AuditAction, AuditEntry
from trial_site import clock
from trial_site.models import Site, User

# The day on which what an entry tells happened, by kind of record.
HAPPENED = {
    "dosing.administration": "given_at",
    "dosing.vitalsigns": "measured_at",
    "dosing.reaction": "onset_at",
    "enrollment.consent": "signed_at",
    "enrollment.visit": "done_on",
    "labs.cytotoxicityassay": "collected_at",
    "labs.result": "collected_at",
    "labs.specimen": "collected_at",
    "safety.adverseevent": "onset_on",
    "safety.concomitantmedication": "started_on",
    "safety.deviation": "occurred_on",
}
# What the scheduled task raises, cuts themselves and accounts: none of it is data of the trial.
ROOMS = ("enrollment.", "labs.", "dosing.", "safety.")
DECISIONS = "outcomes.sampleoverrule"


def value_differences(cut: DataCut, user: User) -> list[Difference]:
    """What was frozen beside what the record says now.

    Kept until the record changes, for a day: windows close without a write.
    """

    def compute() -> list[Difference]:
        sites = Site.objects.filter(code__in=cut.scope.split(","))
        return differences(together(frozen(cut)), together(contents_of(sites)))

    return kept(user, f"cut:{cut.pk}:values:{clock.today()}", compute)


CHANGED, LATE = "changed", "late"


def later_entries(
    cut: DataCut, user: User, *, kind: str = "", text: str = ""
) -> QuerySet[AuditEntry]:
    """Changes since the cut-off of what existed then, and late entries; in the order of time.

    ``kind`` leaves one of the two, ``text`` what has it in the record's or the person's name.
    """
    late = Q(pk__in=late_keys(cut, user))
    wanted = {CHANGED: _is_change(cut), LATE: late}.get(kind, _is_change(cut) | late)
    found = _later(cut).filter(wanted)
    if text:
        found = found.filter(Q(object_label__icontains=text) | Q(actor_name__icontains=text))
    return found.order_by("at", "pk")


def late_keys(cut: DataCut, user: User) -> list[int]:
    """The entries made later that tell of something before the cut-off."""

    def compute() -> list[int]:
        rows = _later(cut).filter(action=AuditAction.CREATED, model__in=HAPPENED)
        told = rows.values_list("pk", "model", "changes").iterator(1000)
        return [pk for pk, model, changes in told if _fell_before(cut.cutoff, model, changes)]

    return kept(user, f"cut:{cut.pk}:late", compute)


def count_since(cut: DataCut, user: User) -> int:
    """How many changes and late entries there are, kept until the record changes."""
    return kept(user, f"cut:{cut.pk}:count", lambda: later_entries(cut, user).count())


def latest_cut(user: User) -> DataCut | None:
    """The cut in force with the latest cut-off that ``user`` may read."""
    found: DataCut | None = (
        DataCut.objects.visible_to(user).in_force().order_by("-cutoff", "-number").first()
    )
    return found


@dataclass(frozen=True)
class Since:
    """The latest cut in force, and how much was recorded since about the time before it."""

    number: int
    day: dt.date
    count: int


def since_latest(user: User) -> Since | None:
    """What the dashboard tells of the latest cut; None where nothing is frozen."""
    cut = latest_cut(user)
    if cut is None:
        return None
    return Since(cut.number, timezone.localdate(cut.cutoff), count_since(cut, user))


def _later(cut: DataCut) -> QuerySet[AuditEntry]:
    about = Q(model=DECISIONS)
    for room in ROOMS:
        about |= Q(model__startswith=room)
    own = Q(site=None) | Q(site__code__in=cut.scope.split(","))
    return AuditEntry.objects.filter(about, own, at__gt=cut.cutoff)


def _is_change(cut: DataCut) -> Q:
    """A change, after the cut-off, of a record that had been made by then; or a decision on which
    sample counts, which changes what was frozen without changing a record."""
    before = AuditEntry.objects.filter(
        model=OuterRef("model"),
        object_id=OuterRef("object_id"),
        action=AuditAction.CREATED,
        at__lte=cut.cutoff,
    )
    return Q(action=AuditAction.CHANGED) & Q(Exists(before)) | Q(model=DECISIONS)


def _fell_before(cutoff: dt.datetime, model: str, changes: Mapping[str, Any]) -> bool:
    """Whether the record says that it happened by the cut-off, by the moment or the local day."""
    _, told = changes.get(HAPPENED[model], (None, None))
    if not told:
        return False
    if "T" in told:
        return dt.datetime.fromisoformat(told) <= cutoff
    return dt.date.fromisoformat(told) <= timezone.localdate(cutoff)
