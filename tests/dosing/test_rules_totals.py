"""Total ganciclovir from day 0 to withdrawal (DOMAIN 4)."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing.rules.totals import Course, DeliveredDose, Delivery, delivered_mg, total_dose

DAY0 = datetime(2020, 3, 2, 8, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
TWELVE_HOURS = timedelta(hours=12)
WITHDRAWAL = DAY0 + 27 * TWELVE_HOURS


def given_dose(at, mg="300", course=Course.FIRST):
    return DeliveredDose(at, Decimal(mg), Delivery.GIVEN, course)


def course_of_28():
    """60 kg, 300 mg every 12 hours for 14 days: one missed, one stopped at 60 %."""
    doses = [given_dose(DAY0 + n * TWELVE_HOURS) for n in range(28)]
    doses[5] = DeliveredDose(doses[5].at, Decimal(0), Delivery.NOT_GIVEN)
    part = delivered_mg(Decimal("300"), Decimal("0.6"))
    doses[9] = DeliveredDose(doses[9].at, part, Delivery.PARTIAL)
    return doses


def total(doses, withdrawal=WITHDRAWAL, weight_kg="60"):
    return total_dose(
        doses,
        day0=DAY0,
        withdrawal=withdrawal,
        weight_kg=None if weight_kg is None else Decimal(weight_kg),
    )


def test_the_worked_example():
    result = total(course_of_28())
    assert result.mg == Decimal("7980")
    assert result.mg_per_kg == 133
    assert (result.full, result.partial, result.missed) == (26, 1, 1)
    assert (result.before_day0_mg, result.after_withdrawal_mg, result.rescue_mg) == (0, 0, 0)


def test_milligrams_per_kilogram_are_exact():
    assert total([given_dose(DAY0, "100")], weight_kg="70").mg_per_kg == Fraction(10, 7)
    assert total([given_dose(DAY0)], weight_kg=None).mg_per_kg is None


def test_a_dose_said_not_given_counts_nothing_whatever_amount_it_carries():
    ordered = DeliveredDose(DAY0, Decimal("300"), Delivery.NOT_GIVEN)
    assert total([ordered]).mg == 0
    assert total([ordered]).missed == 1


def test_doses_before_day_0_are_shown_apart():
    early = given_dose(DAY0 - timedelta(microseconds=1), "250")
    result = total([early, *course_of_28()])
    assert (result.mg, result.before_day0_mg, result.full) == (7980, 250, 26)


def test_day_0_and_withdrawal_themselves_count():
    result = total([given_dose(DAY0, "100"), given_dose(WITHDRAWAL, "200")])
    assert (result.mg, result.full) == (300, 2)


def test_doses_after_withdrawal_are_shown_apart():
    late = given_dose(WITHDRAWAL + timedelta(microseconds=1), "250")
    result = total([*course_of_28(), late])
    assert (result.mg, result.after_withdrawal_mg) == (7980, 250)


@pytest.mark.parametrize("at", [DAY0 - TWELVE_HOURS, DAY0 + TWELVE_HOURS, WITHDRAWAL])
def test_rescue_is_shown_apart_whenever_it_was_given(at):
    result = total([*course_of_28(), given_dose(at, "250", Course.RESCUE)])
    assert (result.mg, result.rescue_mg, result.full) == (7980, 250, 26)
    assert (result.before_day0_mg, result.after_withdrawal_mg) == (0, 0)


def test_missed_doses_outside_the_time_are_not_counted():
    missed = [
        DeliveredDose(at, Decimal(0), Delivery.NOT_GIVEN)
        for at in (DAY0 - TWELVE_HOURS, WITHDRAWAL + TWELVE_HOURS)
    ]
    assert total([*course_of_28(), *missed]).missed == 1


def test_while_treatment_goes_on_everything_from_day_0_counts():
    doses = [*course_of_28(), given_dose(WITHDRAWAL + TWELVE_HOURS)]
    assert total(doses, withdrawal=None).mg == 8280


def test_no_doses():
    result = total([])
    assert (result.mg, result.mg_per_kg, result.full, result.missed) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("share", "mg"), [("0", "0"), ("0.6", "180"), ("1", "300"), ("0.333", "99.9")]
)
def test_a_partial_infusion_delivers_its_share_of_the_volume(share, mg):
    assert delivered_mg(Decimal("300"), Decimal(share)) == Decimal(mg)


@pytest.mark.parametrize("share", ["-0.01", "1.01", "60"])
def test_a_share_is_between_none_and_all(share):
    with pytest.raises(ValueError, match="not a share"):
        delivered_mg(Decimal("300"), Decimal(share))


doses = st.lists(
    st.builds(
        DeliveredDose,
        at=st.integers(-60, 90).map(lambda n: DAY0 + n * TWELVE_HOURS),
        mg=st.decimals("0", "6000", places=2),
        delivery=st.sampled_from(Delivery),
        course=st.sampled_from(Course),
    ),
    max_size=30,
)


@given(doses, st.sampled_from([WITHDRAWAL, None]))
def test_every_delivered_milligram_is_counted_exactly_once(doses, withdrawal):
    result = total(doses, withdrawal)
    parts = (result.mg, result.before_day0_mg, result.after_withdrawal_mg, result.rescue_mg)
    delivered = [dose.mg for dose in doses if dose.delivery is not Delivery.NOT_GIVEN]
    assert sum(map(Fraction, parts)) == sum(map(Fraction, delivered))
    assert result.full + result.partial + result.missed <= len(doses)
