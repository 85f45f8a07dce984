"""Courses of participants for the outcome tests, recorded through the rooms' actions."""

import datetime as dt
from decimal import Decimal

from dosing.checks import Given
from dosing.models import Administration, Order
from enrollment.models import Participant
from tests import factories
from tests.labs.examples import plated
from tests.remembered import remembered
from trial_site.models import Site
from trial_site.protocol.definition import ArmCode

IL2, CONTROL = ArmCode.IL2_GANCICLOVIR.value, ArmCode.GANCICLOVIR.value
SLOTS_APART = dt.timedelta(hours=12)

# DOMAIN 10: A-lysis in percent, baseline and day 7.
LYSIS = {
    IL2: [
        ("18.4", "27.9"), ("22.1", "35.6"), ("15.0", "19.8"), ("30.2", "41.3"), ("25.7", "33.4"),
    ],
    CONTROL: [
        ("20.3", "22.4"), ("16.8", "15.2"), ("28.9", "33.5"), ("19.5", "18.8"), ("24.0", "27.1"),
    ],
}  # fmt: skip


def day0(participant: Participant) -> dt.datetime:
    assert participant.day0_at is not None
    return participant.day0_at


def plated_lysis(participant: Participant, percent: str, at: dt.datetime) -> None:
    """A plate whose formula A gives exactly ``percent``: with S = 10, E = 10 + 0.9 A."""
    effectors = str(10 + Decimal(percent) * Decimal("0.9"))
    plated(participant, (("10",) * 3, ("96",) * 3, (effectors,) * 3), at=at)


def with_lysis(participant: Participant, baseline: str, day7: str) -> None:
    """Both plates of the primary endpoint, each drawn before that day's doses."""
    before = day0(participant) - dt.timedelta(hours=1)
    plated_lysis(participant, baseline, before)
    plated_lysis(participant, day7, before + dt.timedelta(days=7))


@remembered
def trial_of_ten(site: Site) -> list[Participant]:
    """Ten participants, five an arm, with the lysis of DOMAIN 10."""
    waiting = {arm: iter(values) for arm, values in LYSIS.items()}
    people = [factories.on_treatment(site, days_ago=8) for _ in range(10)]
    for person in people:
        with_lysis(person, *next(waiting[str(person.arm)]))
    return people


@remembered
def two_weeks_of_ganciclovir(site: Site) -> Participant:
    """DOMAIN 4: 60 kg, 300 mg every 12 hours for 14 days; one missed, one stopped at 60 %."""
    participant = factories.allocated(site)
    starts_at = factories.local(dt.date(2026, 3, 3))
    order = factories.order(participant, starts_at=starts_at)
    for number in range(28):
        factories.dose(order, starts_at + number * SLOTS_APART, _unusual(order, number))
    return Participant.objects.get(pk=participant.pk)


def _unusual(order: Order, number: int) -> Given | None:
    status, why = Administration.Status, Administration.Reason
    at = order.starts_at + number * SLOTS_APART
    return {
        5: Given(status.NOT_GIVEN, Decimal(0), why=why.REFUSAL),
        9: Given(status.PARTIAL, Decimal("180"), at, why=why.ADVERSE_EVENT),
    }.get(number)
