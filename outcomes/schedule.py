"""From rows to the pure state that decides who is due."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.utils import timezone

from dosing.models import Administration, Order
from enrollment.models import Move, Participant, Visit
from enrollment.rules.calendar import PlannedWindow
from enrollment.states import ENDED
from labs.models import Result
from labs.rules.conversion import PcrObservation
from labs.rules.pcr import PcrClass
from labs.series import conversion_of
from outcomes.rules.follow_up import DatedRecord, ParticipantSchedule, PcrSummary, PlannedVisit
from outcomes.rules.unrecorded import DoseRecord, OrderedDoses
from trial_site.protocol import current
from trial_site.protocol.definition import Anchor


def schedules(
    participants: Iterable[Participant],
) -> Iterator[tuple[Participant, ParticipantSchedule]]:
    """The state of each participant, in a number of queries that does not grow with the batch."""
    batch = list(participants)
    visits: dict[int, list[Visit]] = defaultdict(list)
    for visit in Visit.objects.in_plan().filter(participant__in=batch):
        visits[visit.participant_id].append(visit)
    results = pcr_results(batch)
    for participant in batch:
        yield participant, _schedule(participant, visits[participant.pk], results[participant.pk])


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
    """Every PCR result in force, by participant, in the order of collection."""
    found: dict[int, list[Result]] = defaultdict(list)
    rows = Result.objects.in_force().filter(
        participant__in=list(participants), analyte=current().pcr.analyte
    )
    for row in rows:
        found[row.participant_id].append(row)
    return found


def _schedule(
    participant: Participant, visits: list[Visit], results: list[Result]
) -> ParticipantSchedule:
    row = f"participant:{participant.pk}"
    day0 = participant.day0_at
    anchors = {
        Anchor.DAY0: DatedRecord(timezone.localdate(day0), row) if day0 else None,
        Anchor.WITHDRAWAL: DatedRecord(participant.withdrawn_on, row)
        if participant.withdrawn_on
        else None,
    }
    return ParticipantSchedule(
        subject=participant.subject,
        visits=tuple(_planned(visit, anchors) for visit in visits if _counts(visit, day0)),
        day0=anchors[Anchor.DAY0],
        withdrawal=anchors[Anchor.WITHDRAWAL],
        pcr=_summary(participant, results),
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
    )


def _summary(participant: Participant, results: list[Result]) -> PcrSummary:
    conversion = conversion_of(participant, results)
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
