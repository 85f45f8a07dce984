"""What the record shows of departures from the protocol, and which of it still waits for a person.

A handful of queries, however many participants.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils import timezone, translation

from dosing.models import Administration, Hold, Order
from dosing.selectors import planned_slots
from dosing.wording import DRUGS, UNITS
from enrollment.models import Participant, Screening, Visit
from enrollment.models.visits import UNSCHEDULED
from enrollment.rules.verdicts import State as Verdict
from enrollment.states import ENDED
from enrollment.visits import end_days
from labs.models import Specimen
from labs.rules.inbox import Tube, VisitWindow
from safety.models import DeclinedOffer, Deviation
from safety.rules.allocation_departures import (
    Allocated,
    NotedError,
    allocation_error,
    eligibility_departure,
)
from safety.rules.dose_departures import Dose, Held, Slot, dose_departures, unrecorded_doses
from safety.rules.found import Found, by_source, record_of
from safety.rules.visit_departures import HeldVisit, samples_outside, visit_departures
from trial_site import clock
from trial_site.access import may_open
from trial_site.models import User
from trial_site.protocol import by_version, current
from trial_site.protocol.definition import Anchor, DeviationKind, Protocol


@dataclass
class _Case:
    """One participant with every row that a rule reads; days and hours are the site's."""

    subject: str
    screening: str
    protocol: Protocol
    arm_drugs: tuple[str, ...]
    allocated_on: dt.date | None
    ended_on: dt.date | None = None
    visits: list[HeldVisit] = field(default_factory=list)
    tubes: list[Tube] = field(default_factory=list)
    doses: list[Dose] = field(default_factory=list)
    holds: list[Held] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    noted: list[Found] = field(default_factory=list)

    def found(self, today: dt.date) -> Mapping[str, Found]:
        windows = [self._sampled_from(visit.window) for visit in self.visits]
        return by_source(
            (
                *self.noted,
                *visit_departures(self.visits, self.protocol),
                *samples_outside(windows, self.tubes, self.protocol),
                *dose_departures(self.doses, self.holds, self.arm_drugs, self.protocol),
                *unrecorded_doses(self.slots, self.holds, today),
            )
        )

    def _sampled_from(self, window: VisitWindow) -> VisitWindow:
        """The baseline is drawn before the first dose, from the allocation on (DOMAIN 9)."""
        rule = self.protocol.visit(window.code)
        is_baseline = rule.anchor is Anchor.DAY0 and not (rule.offset_days or rule.offset_months)
        if not is_baseline or self.allocated_on is None:
            return window
        opens = min(window.opens, self.allocated_on)
        return VisitWindow(window.code, opens, window.closes, window.done_on, window.missed)


@dataclass(frozen=True)
class Offer:
    """A departure that nobody has recorded or declined; ``url`` leads to its row."""

    subject: str
    found: Found
    kind: DeviationKind
    url: str


@dataclass(frozen=True)
class Conduct:
    """``offers`` wait for a person; ``holding`` are all departures that the record shows now, as
    participant (primary key) and source."""

    offers: tuple[Offer, ...]
    holding: frozenset[tuple[int, str]]

    def still_holds(self, deviation: Deviation) -> bool:
        """Whether what a deviation was recorded for is still so; one that somebody noticed is."""
        return not deviation.source or (deviation.participant_id, deviation.source) in self.holding


def conduct(user: User, participant: Participant | None = None) -> Conduct:
    """The departures of the user's sites, or of one participant, the earliest first."""
    cases = _cases(user, participant)
    found = {pk: case.found(clock.today()) for pk, case in cases.items()}
    settled = _settled(cases)
    kinds = {kind.code: kind for kind in current().safety.deviations}
    waiting = [
        Offer(
            cases[pk].subject,
            one,
            kinds[one.kind],
            page_of(one.source, cases[pk].subject, cases[pk].screening, one.occurred_on, user),
        )
        for pk, of_participant in found.items()
        for source, one in of_participant.items()
        if (pk, source) not in settled
    ]
    waiting.sort(key=lambda offer: (offer.found.occurred_on, offer.subject, offer.found.source))
    holding = frozenset((pk, source) for pk, sources in found.items() for source in sources)
    return Conduct(tuple(waiting), holding)


def page_of(source: str, subject: str, screening: str, on: dt.date, user: User) -> str:
    """The page that shows the row of a source; empty for who may not open it."""
    model, pk = record_of(source)
    pages: dict[str, tuple[str, list[Any]]] = {
        "visit": ("enrollment:visits", [subject]),
        "specimen": ("labs:specimen", [pk]),
        "screening": ("enrollment:screening", [screening]),
        "allocationerror": ("enrollment:allocation-receipt", [subject]),
    }
    name, arguments = pages.get(model, ("dosing:sheet", []))
    if not may_open(user, name):
        return ""
    day = "" if model in pages else f"?date={on.isoformat()}#{subject}"
    return reverse(name, args=arguments) + day


def _settled(cases: Mapping[int, _Case]) -> set[tuple[int, str]]:
    """What is recorded, or declined."""
    whose = {"participant__in": list(cases)}
    recorded = Deviation.objects.in_force().filter(**whose).exclude(source="")
    declined = DeclinedOffer.objects.filter(**whose)
    columns = ("participant_id", "source")
    return {*recorded.values_list(*columns), *declined.values_list(*columns)}


# --- from rows to cases --------------------------------------------------------------------------


def _cases(user: User, participant: Participant | None) -> dict[int, _Case]:
    people = Participant.objects.visible_to(user)
    if participant is not None:
        people = people.filter(pk=participant.pk)
    screening = ("screening__number", "screening__protocol_version")
    error = ("pk", "noted_at", "what")
    columns = ("pk", "subject", *screening, "allocation__arm", "allocation__allocated_at")
    cases = {}
    for pk, subject, number, version, arm, allocated_at, *noted in people.values_list(
        *columns, *(f"allocation_error__{name}" for name in error)
    ):
        protocol = by_version(version)
        drugs = protocol.arm(arm).drugs if arm else ()
        allocated_on = timezone.localdate(allocated_at) if allocated_at else None
        cases[pk] = _Case(subject, number, protocol, drugs, allocated_on)
        if allocated_on and noted[0] is not None:
            cases[pk].noted.append(_noted(allocated_on, *noted))
    for pk, ended_on in end_days(people.filter(state__in=ENDED).only("pk", "state")).items():
        cases[pk].ended_on = ended_on
    for gather in (_visits, _tubes, _holds, _doses, _allocations):
        gather(cases, people)
    return cases


def _visits(cases: Mapping[int, _Case], people: Any) -> None:
    columns = ("participant_id", "pk", "code", "opens", "closes", "done_on", "status", "why")
    for pk, key, code, opens, closes, done_on, status, why in Visit.objects.filter(
        participant__in=people
    ).values_list(*columns):
        if not code.startswith(UNSCHEDULED):
            missed = status == Visit.Status.MISSED
            window = VisitWindow(code, opens, closes, done_on, missed)
            cases[pk].visits.append(HeldVisit(key, window, why))


def _tubes(cases: Mapping[int, _Case], people: Any) -> None:
    columns = ("participant_id", "pk", "kind", "collected_at", "visit", "unusable")
    rows = Specimen.objects.filter(participant__in=people).values_list(*columns)
    for pk, key, kind, collected_at, visit, unusable in rows:
        tube = Tube(key, kind, timezone.localdate(collected_at), visit, bool(unusable))
        cases[pk].tubes.append(tube)


def _holds(cases: Mapping[int, _Case], people: Any) -> None:
    columns = ("participant_id", "drug", "held_at", "resumed_at")
    rows = Hold.objects.filter(participant__in=people).values_list(*columns)
    for pk, drug, held_at, resumed_at in rows:
        cases[pk].holds.append(Held(drug, held_at, resumed_at))


def _doses(cases: Mapping[int, _Case], people: Any) -> None:
    """What was recorded at each slot, then the slots of the days before today without a record."""
    columns = ("participant_id", "pk", "drug", "slot_at", "status", "amount", "unit", "why")
    rows = Administration.objects.in_force().filter(participant__in=people).order_by()
    recorded = set()
    reasons = {code: untranslated(label) for code, label in Administration.Reason.choices}
    for pk, key, drug, slot_at, status, amount, unit, why, ordered in rows.values_list(
        *columns, "order__amount"
    ):
        recorded.add((pk, drug, slot_at))
        cases[pk].doses.append(
            Dose(
                key,
                drug,
                DRUGS[drug],
                timezone.localtime(slot_at),
                amount,
                ordered,
                UNITS[unit],
                status != Administration.Status.NOT_GIVEN,
                why,
                reasons.get(why, ""),
            )
        )
    for order in Order.objects.filter(participant__in=people).order_by():
        case = cases[order.participant_id]
        for slot_at in _past_slots(order, case.ended_on):
            if (order.participant_id, order.drug, slot_at) not in recorded:
                case.slots.append(Slot(order.pk, order.drug, DRUGS[order.drug], slot_at))


def _past_slots(order: Order, ended_on: dt.date | None) -> Iterator[dt.datetime]:
    """The slots of ``order`` on the days before today, and before the participation ended."""
    last = min(filter(None, (clock.today(), ended_on)))
    if order.ends_at is not None:
        last = min(last, timezone.localdate(order.ends_at) + dt.timedelta(days=1))
    day = timezone.localdate(order.starts_at)
    while day < last:
        yield from planned_slots(order, day)
        day += dt.timedelta(days=1)


def _allocations(cases: Mapping[int, _Case], people: Any) -> None:
    """Allocated participants whose screening is not eligible now."""
    allocated = Screening.objects.filter(
        participant__in=people, participant__allocation__isnull=False
    ).exclude(status=Screening.Status.ELIGIBLE)
    for screening in allocated.select_related("participant"):
        case = cases[screening.participant.pk]
        case.noted.append(eligibility_departure(_reads_now(screening, case)))


def _noted(allocated_on: dt.date, key: int, noted_at: dt.datetime, what: str) -> Found:
    return allocation_error(NotedError(key, allocated_on, timezone.localdate(noted_at), what))


def _reads_now(screening: Screening, case: _Case) -> Allocated:
    verdict = screening.verdict
    protocol = by_version(verdict.protocol_version)
    blocking = tuple(
        (one.criterion_id, protocol.criterion(one.criterion_id).title, one.state is Verdict.UNKNOWN)
        for one in verdict.verdicts
        if one.blocks
    )
    on = case.allocated_on or verdict.judged_on
    return Allocated(screening.pk, screening.number, on, blocking)


def untranslated(label: Any) -> str:
    """A label as it stands in the source, for sentences that are stored and translated later."""
    with translation.override(None):
        return str(label)
