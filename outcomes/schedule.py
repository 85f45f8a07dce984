"""From rows to the pure state that decides who is due."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from django.utils import timezone

from dosing.models import Administration, Order
from enrollment.models import Consent, Move, Participant, Visit
from enrollment.rules.calendar import PlannedWindow
from enrollment.states import ENDED, State
from labs.models import CytotoxicityAssay, Result
from labs.rules.conversion import Conversion, PcrObservation
from labs.rules.pcr import PcrClass
from labs.series import conversion_of
from outcomes.models import SampleOverrule
from outcomes.overrules import LYSIS
from outcomes.rules.bloods import Treatment
from outcomes.rules.endings import SignedConsent
from outcomes.rules.flags import DatedRecord, PlannedVisit
from outcomes.rules.follow_up import ParticipantSchedule, PcrSummary
from outcomes.rules.unrecorded import DoseRecord, OrderedDoses
from trial_site.protocol import current
from trial_site.protocol.definition import Anchor, Drug, Frequency

Row = TypeVar("Row", Visit, Result, Order)


@dataclass(frozen=True)
class _Rows:
    """What was read of a batch of participants, each by primary key."""

    visits: Mapping[int, list[Visit]]
    results: Mapping[int, list[Result]]
    orders: Mapping[int, list[Order]]
    bloods: Mapping[int, dict[str, DatedRecord]]
    plates: Mapping[int, list[DatedRecord]]
    decided: Mapping[int, list[str]]
    rescues: Mapping[int, list[dt.date]]
    consents: Mapping[int, list[SignedConsent]]


def schedules(
    participants: Iterable[Participant],
) -> Iterator[tuple[Participant, ParticipantSchedule]]:
    """The state of each participant, in a number of queries that does not grow with the batch."""
    batch = list(participants)
    rows = _Rows(
        visits=_by_participant(Visit.objects.in_plan().filter(participant__in=batch)),
        results=pcr_results(batch),
        orders=_by_participant(Order.objects.filter(participant__in=batch, drug=Drug.GANCICLOVIR)),
        bloods=_bloods(batch),
        plates=_plates(batch),
        decided=_decided(batch),
        rescues=_rescues(batch),
        consents=_consents(batch),
    )
    for participant in batch:
        yield participant, _schedule(participant, rows)


def dose_records(participants: Iterable[Participant]) -> dict[int, DoseRecord]:
    """What was ordered and recorded of each participant (by primary key), in three queries."""
    batch = list(participants)
    orders: dict[int, list[OrderedDoses]] = defaultdict(list)
    for order in Order.objects.filter(participant__in=batch):
        orders[order.participant_id].append(
            OrderedDoses(
                drug=order.drug,
                starts_at=order.starts_at,
                ends_at=order.ends_at,
                frequency=order.frequency,
                record=f"order:{order.pk}",
            )
        )
    recorded = defaultdict(set)
    rows = Administration.objects.in_force().filter(participant__in=batch).order_by()
    for key, drug, slot_at in rows.values_list("participant_id", "drug", "slot_at"):
        recorded[key].add((drug, slot_at))
    left = dict(
        Move.objects.filter(participant__in=batch, after__in=ENDED)
        .order_by()
        .values_list("participant_id", "at")
    )
    return {
        person.pk: DoseRecord(
            tuple(orders[person.pk]), frozenset(recorded[person.pk]), left.get(person.pk)
        )
        for person in batch
    }


def pcr_results(participants: Iterable[Participant]) -> dict[int, list[Result]]:
    """Every PCR result in force, by participant, in the order of collection; for reading only.

    What was remarked and confirmed at entry stays in the database.
    """
    rows = Result.objects.in_force().filter(
        participant__in=list(participants), analyte=current().pcr.analyte
    )
    return _by_participant(rows.defer("remarks", "confirmed_checks", "replicates"))


# --- reading rows -----------------------------------------------------------------------------


def _by_participant(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.participant_id].append(row)
    return found


def _bloods(batch: list[Participant]) -> dict[int, dict[str, DatedRecord]]:
    """The latest evaluable result of each analyte that is examined under ganciclovir."""
    watched = {code for check in current().ganciclovir.blood_checks for code in check.analytes}
    rows = (
        Result.objects.in_force()
        .filter(participant__in=batch, analyte__in=watched)
        .exclude(operator=Result.Operator.NOT_EVALUABLE)
        .values_list("participant_id", "analyte", "collected_at", "pk")
    )
    found: dict[int, dict[str, DatedRecord]] = defaultdict(dict)
    for person, analyte, collected_at, key in rows.order_by("collected_at", "pk"):
        found[person][analyte] = DatedRecord(timezone.localdate(collected_at), f"result:{key}")
    return found


def _plates(batch: list[Participant]) -> dict[int, list[DatedRecord]]:
    """The samples whose NK cytotoxicity counts and could be computed."""
    rows = CytotoxicityAssay.objects.counted().filter(participant__in=batch, lysis__isnull=False)
    found: dict[int, list[DatedRecord]] = defaultdict(list)
    for person, collected_at, key in rows.values_list("participant_id", "collected_at", "pk"):
        found[person].append(DatedRecord(timezone.localdate(collected_at), f"plate:{key}"))
    return found


def _decided(batch: list[Participant]) -> dict[int, list[str]]:
    """The visits whose NK sample an investigator has decided about."""
    rows = SampleOverrule.objects.in_force().filter(participant__in=batch, measure=LYSIS)
    found: dict[int, list[str]] = defaultdict(list)
    for person, visit in rows.values_list("participant_id", "visit"):
        found[person].append(visit)
    return found


def _rescues(batch: list[Participant]) -> dict[int, list[dt.date]]:
    rows = Move.objects.filter(participant__in=batch, after=State.RESCUE).order_by()
    found: dict[int, list[dt.date]] = defaultdict(list)
    for person, at in rows.values_list("participant_id", "at"):
        found[person].append(timezone.localdate(at))
    return found


def _consents(batch: list[Participant]) -> dict[int, list[SignedConsent]]:
    whose = "screening__participant"
    rows = Consent.objects.filter(**{f"{whose}__in": batch}).order_by("pk")
    columns = (whose, "form__version_label", "form__valid_to", "pk")
    found: dict[int, list[SignedConsent]] = defaultdict(list)
    for person, version, valid_to, key in rows.values_list(*columns):
        found[person].append(SignedConsent(version, valid_to, f"consent:{key}"))
    return found


# --- putting them together --------------------------------------------------------------------


def _schedule(participant: Participant, rows: _Rows) -> ParticipantSchedule:
    key, row = participant.pk, f"participant:{participant.pk}"
    day0 = participant.day0_at
    anchors = {
        Anchor.DAY0: DatedRecord(timezone.localdate(day0), row) if day0 else None,
        Anchor.WITHDRAWAL: DatedRecord(participant.withdrawn_on, row)
        if participant.withdrawn_on
        else None,
    }
    results = rows.results.get(key, [])
    conversion = conversion_of(participant, results)
    visits = (visit for visit in rows.visits.get(key, ()) if _counts(visit, day0))
    return ParticipantSchedule(
        subject=participant.subject,
        visits=tuple(_planned(visit, anchors) for visit in visits),
        day0=anchors[Anchor.DAY0],
        withdrawal=anchors[Anchor.WITHDRAWAL],
        pcr=_summary(conversion, results),
        conversion=conversion,
        treatments=tuple(map(_treatment, rows.orders.get(key, ()))),
        rescues=tuple(rows.rescues.get(key, ())),
        bloods=rows.bloods.get(key, {}),
        plates=tuple(rows.plates.get(key, ())),
        decided=frozenset(rows.decided.get(key, ())),
        consents=tuple(rows.consents.get(key, ())),
        follow_up_ended=participant.has_ended,
    )


def _counts(visit: Visit, day0: dt.datetime | None) -> bool:
    """Not what nobody planned, nor what was done before a first dose was taken back."""
    return not visit.is_unscheduled and (visit.status == Visit.Status.PLANNED or day0 is not None)


def _planned(visit: Visit, anchors: dict[Anchor, DatedRecord | None]) -> PlannedVisit:
    anchor = anchors[current().visit(visit.code).anchor]
    if anchor is None:
        raise ValueError(f"{visit} is planned without its anchor")
    return PlannedVisit(
        code=visit.code,
        anchor=anchor,
        window=PlannedWindow(visit.target, visit.opens, visit.closes),
        done=visit.status != Visit.Status.PLANNED,
        record=f"visit:{visit.pk}",
        missed=visit.status == Visit.Status.MISSED,
    )


def _treatment(order: Order) -> Treatment:
    return Treatment(
        starts_on=timezone.localdate(order.starts_at),
        ends_on=timezone.localdate(order.ends_at) if order.ends_at else None,
        frequency=Frequency(order.frequency),
        record=f"order:{order.pk}",
    )


def _summary(conversion: Conversion | None, results: list[Result]) -> PcrSummary:
    if conversion is None or not results:
        return PcrSummary()
    since: DatedRecord | None = None
    for dated in conversion.post_baseline:
        negative = dated.pcr_class is PcrClass.NEGATIVE
        if not negative:
            since = None
        elif since is None:
            since = _record(dated.observation)
    confirmed = conversion.confirmed
    return PcrSummary(
        last=DatedRecord(timezone.localdate(results[-1].collected_at), f"result:{results[-1].pk}"),
        negative_since=since,
        confirmed=_record(confirmed.observation) if confirmed else None,
    )


def _record(observation: PcrObservation) -> DatedRecord:
    return DatedRecord(timezone.localdate(observation.collected_at), f"result:{observation.key}")
