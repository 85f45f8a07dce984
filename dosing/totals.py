"""What a participant has received of each drug: the outcome's total, and the doses behind it."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.utils import timezone

from dosing.models import Administration, CourseChoice, DrugChoice
from dosing.rules.totals import Course, DeliveredDose, Delivery, Total, total_dose
from dosing.wording import dose_text, drug_name
from enrollment.models import Participant
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop


@dataclass(frozen=True)
class DrugTotal:
    """How many doses of one drug and course there were to date, and what they delivered.

    ``mg_per_kg`` is the outcome's, of the first course of ganciclovir alone.
    """

    name: Message
    given: int
    partial: int
    not_given: int
    delivered: Message
    mg_per_kg: Fraction | None = None


def ganciclovir_total(
    participant: Participant, administrations: Iterable[Administration]
) -> Total | None:
    """What was delivered from day 0 to withdrawal, or so far; None before the first dose."""
    if participant.day0_at is None:
        return None
    withdrawn = participant.withdrawn_on
    return total_dose(
        [
            DeliveredDose(
                row.given_at or row.slot_at, row.amount, Delivery(row.status), Course(row.course)
            )
            for row in administrations
            if row.drug == DrugChoice.GANCICLOVIR
        ],
        day0=participant.day0_at,
        withdrawal=_end_of(withdrawn) if withdrawn else None,
        weight_kg=participant.screening.answers.weight_kg,
    )


def totals_to_date(participant: Participant) -> list[DrugTotal]:
    """What the participant has received of each drug, the rescue course apart; one query."""
    rows = list(Administration.objects.in_force().filter(participant=participant))
    by_course: dict[tuple[str, str], list[Administration]] = defaultdict(list)
    for row in rows:
        by_course[row.drug, row.course].append(row)
    first = ganciclovir_total(participant, rows)
    return [
        _total(drug, course, group, first) for (drug, course), group in sorted(by_course.items())
    ]


def _total(drug: str, course: str, rows: list[Administration], first: Total | None) -> DrugTotal:
    count = Counter(row.status for row in rows)
    amount = sum((row.amount for row in rows if row.delivered), Decimal(0))
    is_outcome = (drug, course) == (DrugChoice.GANCICLOVIR, CourseChoice.FIRST)
    return DrugTotal(
        name=_name(drug, course),
        given=count[Administration.Status.GIVEN],
        partial=count[Administration.Status.PARTIAL],
        not_given=count[Administration.Status.NOT_GIVEN],
        delivered=dose_text(amount, rows[0].unit),
        mg_per_kg=first.mg_per_kg if first and is_outcome else None,
    )


def _name(drug: str, course: str) -> Message:
    if course == CourseChoice.RESCUE:
        return Message(gettext_noop("%(drug)s, rescue treatment"), {"drug": drug_name(drug)})
    return drug_name(drug)


def _end_of(day: dt.date) -> dt.datetime:
    """The last moment of the site's ``day``."""
    return dt.datetime.combine(day, dt.time.max, timezone.get_default_timezone())
