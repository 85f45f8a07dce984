"""The total dose of ganciclovir from day 0 to withdrawal, as delivered (DOMAIN 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from labs.rules.numbers import half_up
from trial_site.protocol.definition import Number

THOUSANDTHS = 3  # decimals


class Delivery(StrEnum):
    """What became of a planned dose."""

    GIVEN = "given"
    PARTIAL = "partial"
    NOT_GIVEN = "not_given"


class Course(StrEnum):
    """The treatment that a dose belongs to; a relapse after withdrawal is treated by rescue."""

    FIRST = "first"
    RESCUE = "rescue"


@dataclass(frozen=True)
class DeliveredDose:
    """One dose at its aware time; ``mg`` is what was delivered, and is left out if not given."""

    at: datetime
    mg: Decimal
    delivery: Delivery
    course: Course = Course.FIRST


@dataclass(frozen=True)
class Total:
    """``mg`` delivered between day 0 and withdrawal, per kilogram of baseline weight if known.

    ``full``, ``partial`` and ``missed`` count the doses of that time; the milligrams that do not
    belong to the outcome are shown apart.
    """

    mg: Decimal
    mg_per_kg: Fraction | None
    full: int
    partial: int
    missed: int
    before_day0_mg: Decimal
    after_withdrawal_mg: Decimal
    rescue_mg: Decimal


def delivered_mg(ordered_mg: Decimal, volume_fraction: Number) -> Decimal:
    """What a partial infusion delivered: the share of the volume that ran in, 0 to 1, of the dose.

    A share that is no decimal is told to a thousandth of a milligram.  Raises ``ValueError`` for
    a share outside 0 to 1.  Source: DOMAIN 4.
    """
    if not 0 <= volume_fraction <= 1:
        raise ValueError(f"{volume_fraction} is not a share of the volume")
    if isinstance(volume_fraction, Fraction):
        return half_up(Fraction(ordered_mg) * volume_fraction, THOUSANDTHS)
    return ordered_mg * volume_fraction


def total_dose(
    doses: Iterable[DeliveredDose],
    *,
    day0: datetime,
    withdrawal: datetime | None,
    weight_kg: Decimal | None,
) -> Total:
    """Sum the first course from ``day0`` (first dose) to ``withdrawal`` (last dose), inclusive.

    ``withdrawal`` is ``None`` while treatment goes on; ``weight_kg`` is the baseline weight.
    Doses not given, before day 0, after withdrawal and of rescue courses do not count.
    Source: DOMAIN 4.
    """
    doses = tuple(doses)
    first = [dose for dose in doses if dose.course == Course.FIRST]
    before = [dose for dose in first if dose.at < day0]
    since = [dose for dose in first if dose.at >= day0]
    counted = [dose for dose in since if withdrawal is None or dose.at <= withdrawal]
    after = [dose for dose in since if withdrawal is not None and dose.at > withdrawal]
    mg = _sum(counted)
    return Total(
        mg=mg,
        mg_per_kg=None if weight_kg is None else Fraction(mg) / Fraction(weight_kg),
        full=_count(counted, Delivery.GIVEN),
        partial=_count(counted, Delivery.PARTIAL),
        missed=_count(counted, Delivery.NOT_GIVEN),
        before_day0_mg=_sum(before),
        after_withdrawal_mg=_sum(after),
        rescue_mg=_sum(dose for dose in doses if dose.course == Course.RESCUE),
    )


def _sum(doses: Iterable[DeliveredDose]) -> Decimal:
    return sum((dose.mg for dose in doses if dose.delivery != Delivery.NOT_GIVEN), start=Decimal(0))


def _count(doses: Iterable[DeliveredDose], delivery: Delivery) -> int:
    return sum(dose.delivery == delivery for dose in doses)
