"""What the room's pages read, already narrowed to the sites of the reader."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone

from enrollment.models import (
    Allocation,
    AllocationList,
    Participant,
    ParticipantQuerySet,
    Screening,
    ScreeningQuerySet,
    Visit,
)
from enrollment.states import State
from trial_site import clock
from trial_site.models import User
from trial_site.protocol import by_version
from trial_site.protocol.definition import VisitRule
from trial_site.roles import SEES_ARM

PARTICIPANT_ORDERS = {
    "subject": "subject",
    "state": "state",
    "arm": "allocation__arm",
    "first-dose": "day0_at",
    "site": "site__code",
}


def screenings(user: User) -> ScreeningQuerySet:
    """Screenings with everything that a row or a page of them shows."""
    return Screening.objects.visible_to(user).select_related(
        "site", "consent", "participant__allocation", "submitted_by", "confirmed_by"
    )


def screening_log(user: User, status: str = "") -> ScreeningQuerySet:
    """The newest first, without their answers; ``status`` narrows it to one."""
    found = screenings(user).defer("facts").order_by("-pk")
    return found.filter(status=status) if status in Screening.Status.values else found


def open_screenings(user: User) -> ScreeningQuerySet:
    """Screenings that may still lead to an allocation, the oldest first."""
    left = Q(participant__isnull=False) & ~Q(participant__state=State.ENROLLED)
    found = screenings(user).exclude(status=Screening.Status.FAILED)
    return found.exclude(left).order_by("pk")


def screening_counts(user: User) -> dict[str, int]:
    """How many screenings have each status; those without any are left out."""
    counted = Screening.objects.visible_to(user).order_by().values_list("status")
    return dict(counted.annotate(number=Count("pk")))


def participants(user: User, *, state: str = "", order: str = "") -> ParticipantQuerySet:
    """The participants of the user's sites, of one ``state``, ordered by a column (``-`` reverses).

    The laboratory cannot order by arm either: the order would tell it.
    """
    found = Participant.objects.visible_to(user).with_arm()
    if state in State.values:
        found = found.filter(state=state)
    column = PARTICIPANT_ORDERS.get(order.removeprefix("-"))
    if column is None or (order.removeprefix("-") == "arm" and not SEES_ARM.allows(user)):
        return found.order_by("subject")
    return found.order_by("-" + column if order.startswith("-") else column, "subject")


def participant_pages(user: User) -> ParticipantQuerySet:
    """Participants with the screening that they came from, for the pages of one of them."""
    found = Participant.objects.visible_to(user).with_arm()
    return found.select_related("screening__consent", "screening__confirmed_by")


def participant_counts(user: User) -> dict[str, int]:
    counted = Participant.objects.visible_to(user).order_by().values_list("state")
    return dict(counted.annotate(number=Count("pk")))


@dataclass(frozen=True)
class VisitLine:
    """A visit with its rule, and how it stands on a day."""

    visit: Visit
    rule: VisitRule
    today: dt.date

    @property
    def standing(self) -> str:
        """done, outside (done, but not in its window), missed, late, due or planned."""
        visit = self.visit
        if visit.status == Visit.Status.MISSED:
            return "missed"
        if visit.done_on:
            return "done" if visit.in_window(visit.done_on) else "outside"
        if self.today > visit.closes:
            return "late"
        return "due" if visit.in_window(self.today) else "planned"

    @property
    def is_open(self) -> bool:
        return self.visit.status == Visit.Status.PLANNED


def visit_lines(participant: Participant) -> list[VisitLine]:
    """The planned visits in the order of their days, read with the protocol of the screening."""
    return [visit_line(participant, visit) for visit in participant.visits.all()]


def visit_line(participant: Participant, visit: Visit) -> VisitLine:
    protocol = by_version(participant.screening.protocol_version)
    return VisitLine(visit, protocol.visit(visit.code), clock.today())


def treatment_day(participant: Participant) -> int | None:
    """Elapsed days since the first dose, while on treatment."""
    if participant.state != State.ON_TREATMENT or participant.day0_at is None:
        return None
    return (clock.today() - timezone.localdate(participant.day0_at)).days


def allocation_list_used() -> tuple[AllocationList | None, int]:
    """The list and how many of its slots are used; never a slot itself."""
    found = AllocationList.objects.select_related("generated_by").defer("sealed_file").first()
    return found, Allocation.objects.filter(slot__list=found).count() if found else 0


def receipt(participant: Participant) -> Allocation:
    """The allocation with its slot's number, the list's commitment, and who did it."""
    rows = Allocation.objects.select_related("slot__list", "allocated_by").defer(
        "slot__sealed_arm", "slot__list__sealed_file"
    )
    found: Allocation = rows.get(participant=participant)
    return found
