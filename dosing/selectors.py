"""What the bedside needs to read: values that hold a dose, earlier doses, who recorded what."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, OuterRef, Q, Subquery, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from dosing.models import (
    Administration,
    CourseChoice,
    DosingQuerySet,
    DrugChoice,
    Hold,
    Order,
)
from dosing.rules.slots import slots_on
from dosing.wording import clock_text, what_happened
from enrollment.models import Participant, RetractableQuerySet
from labs.models import LabQuerySet, Result
from labs.rules.numbers import quantity
from labs.rules.stops import deciding_value
from trial_site import clock
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import Frequency, gettext_noop


@dataclass(frozen=True)
class SafetyValue:
    """The latest result of one analyte that says something about its limit.

    ``value`` decides, in the limit's unit; ``printed`` is what the laboratory wrote.
    """

    value: Decimal
    printed: str
    collected_at: dt.datetime


SafetyValues = Mapping[str, SafetyValue]


def latest_safety_values(participant: Participant, at: dt.datetime) -> dict[str, Decimal]:
    """The latest canonical value of each analyte that can hold ganciclovir, as known at ``at``."""
    found = latest_safety_results([participant.pk], at)[participant.pk]
    return {analyte: safety.value for analyte, safety in found.items()}


def latest_safety_results(
    participants: Collection[int], at: dt.datetime
) -> dict[int, dict[str, SafetyValue]]:
    """The same for many participants (primary keys) in one query, with the time of the blood.

    Only the latest result speaks: one that leaves the limit open leaves its analyte unknown.
    """
    latest: dict[int, dict[str, SafetyValue]] = defaultdict(dict)
    if not participants:
        return latest
    bounds = {hold.analyte: hold.bound for hold in current().ganciclovir.holds}
    rows = (
        Result.objects.in_force()
        .filter(
            participant__in=participants,
            analyte__in=bounds,
            collected_at__lte=at,
        )
        .annotate(
            place=Window(
                RowNumber(),
                partition_by=(F("participant_id"), F("analyte")),
                order_by=(F("collected_at").desc(), F("pk").desc()),
            )
        )
        .filter(place=1)
        .values_list("participant_id", "analyte", "operator", "canonical_value", "collected_at")
    )
    for participant, analyte, operator, number, collected_at in rows:
        value = deciding_value(operator, number, bounds[analyte])
        if value is not None:
            printed = ("" if operator == "=" else operator) + quantity(number, bounds[analyte].unit)
            latest[participant][analyte] = SafetyValue(value, printed, collected_at)
    return latest


def holding_results(participant: Participant, drug: str) -> LabQuerySet:
    """The participant's results that can be the cause of a hold on ``drug``, the latest first:
    those of the analytes that the label's stops name, none for interleukin-2."""
    stops = current().ganciclovir.holds if drug == DrugChoice.GANCICLOVIR else ()
    rows = participant.results.in_force().filter(analyte__in=[stop.analyte for stop in stops])
    found: LabQuerySet = rows.order_by("-collected_at", "-pk")
    return found


HoldKey = tuple[int, str]  # participant's primary key, drug


def holds_in_force(participants: Collection[int], at: dt.datetime) -> dict[HoldKey, Hold]:
    """The investigator's hold of each participant (primary key) and drug in force at ``at``.

    One query, each with its result.  What a result below the label's limits holds by itself is not
    among them: see ``latest_safety_results``.
    """
    if not participants:
        return {}
    rows = Hold.objects.filter(
        Q(resumed_at=None) | Q(resumed_at__gt=at), participant__in=participants, held_at__lte=at
    ).select_related("result", "held_by")
    return {(hold.participant_id, hold.drug): hold for hold in rows}


def planned_slots(order: Order, day: dt.date) -> tuple[dt.datetime, ...]:
    """The order's slots on the calendar ``day`` of the site."""
    return slots_on(
        day,
        starts_at=order.starts_at,
        ends_at=order.ends_at,
        frequency=Frequency(order.frequency),
        tz=timezone.get_default_timezone(),
    )


def delivered(
    participant: Participant, drug: str, course: CourseChoice | None = None
) -> RetractableQuerySet:
    """The doses of ``drug`` that were given, whole or in part, the earliest first; of one
    ``course`` where it is named."""
    rows = Administration.objects.in_force().filter(participant=participant, drug=drug)
    if course is not None:
        rows = rows.filter(course=course)
    return rows.exclude(status=Administration.Status.NOT_GIVEN).order_by("given_at", "pk")


def open_order(participant: Participant, drug: str) -> Order | None:
    """The order of ``drug`` that is running or about to."""
    return Order.objects.filter(participant=participant, drug=drug, ends_at=None).first()


def with_last_given(orders: DosingQuerySet, at: dt.datetime) -> DosingQuerySet:
    """``orders`` with ``last_given``: when their participant last had their drug, as of ``at``."""
    rows = Administration.objects.in_force().filter(
        participant=OuterRef("participant"), drug=OuterRef("drug"), given_at__lte=at
    )
    latest = rows.order_by("-given_at").values("given_at")[:1]
    found: DosingQuerySet = orders.annotate(last_given=Subquery(latest))
    return found


def with_recorder(administrations: RetractableQuerySet) -> RetractableQuerySet:
    """``administrations`` with ``recorder``: the name of who recorded each first."""
    first = Administration.history.filter(id=OuterRef("pk"), history_type="+")
    name = first.values("history_user__username")[:1]
    found: RetractableQuerySet = administrations.annotate(recorder=Subquery(name))
    return found


def recorders(administrations: Iterable[Administration]) -> dict[int, tuple[str, dt.datetime]]:
    """Who recorded each administration first, and when, by its primary key."""
    first = Administration.history.filter(
        id__in=[administration.pk for administration in administrations], history_type="+"
    )
    rows = first.values_list("id", "history_user__username", "history_date")
    return {pk: (name, at) for pk, name, at in rows}


def at_slot(participant: int, drug: str, slot_at: dt.datetime) -> Administration | None:
    """What was recorded of a participant's (primary key) drug at this slot, whoever planned it."""
    return (
        Administration.objects.in_force()
        .filter(participant=participant, drug=drug, slot_at=slot_at)
        .first()
    )


def recorded_already(administration: Administration) -> Message:
    """For whoever comes second: who recorded the dose, when, and as what."""
    name, at = recorders([administration])[administration.pk]
    return Message(
        gettext_noop("Recorded already by %(who)s at %(when)s. %(what)s."),
        {
            "who": name,
            "when": clock_text(at, clock.today()),
            "what": what_happened(administration),
        },
    )
