"""The proposed ganciclovir dose: bands of clearance, weight, whole milligrams (DOMAIN 4)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing.rules.orders import Phase, asks_for_review, propose_ganciclovir
from trial_site.protocol import current

RULE = current().ganciclovir


def propose(clearance, phase=Phase.INDUCTION, weight_kg="60"):
    return propose_ganciclovir(
        weight_kg=Decimal(weight_kg), clearance=clearance, phase=phase, rule=RULE
    )


@pytest.mark.parametrize(
    ("clearance", "induction", "maintenance"),
    [
        ("150", ("5", "q12h"), ("5", "q24h")),
        ("70", ("5", "q12h"), ("5", "q24h")),
        ("69.9999", ("2.5", "q12h"), ("2.5", "q24h")),
        ("69.6", ("2.5", "q12h"), ("2.5", "q24h")),
        ("50", ("2.5", "q12h"), ("2.5", "q24h")),
        ("49.9999", ("2.5", "q24h"), ("1.25", "q24h")),
        ("49.5", ("2.5", "q24h"), ("1.25", "q24h")),
        ("30.01", ("2.5", "q24h"), ("1.25", "q24h")),
        ("25", ("2.5", "q24h"), ("1.25", "q24h")),
        ("24.9999", ("1.25", "q24h"), ("0.625", "q24h")),
        ("10", ("1.25", "q24h"), ("0.625", "q24h")),
        ("9.9999", ("1.25", "3x_week"), ("0.625", "3x_week")),
        ("0.1", ("1.25", "3x_week"), ("0.625", "3x_week")),
    ],
)
def test_the_bands_of_the_label(clearance, induction, maintenance):
    for phase, (mg_per_kg, frequency) in (
        (Phase.INDUCTION, induction),
        (Phase.MAINTENANCE, maintenance),
    ):
        proposal = propose(Decimal(clearance), phase)
        assert (proposal.mg_per_kg, proposal.frequency) == (Decimal(mg_per_kg), frequency)
        assert proposal.exact_mg == 60 * Fraction(mg_per_kg)


def test_a_clearance_just_below_a_band_is_not_rounded_into_it():
    below = Fraction(70) - Fraction(1, 10**30)
    assert propose(below).mg_per_kg == Decimal("2.5")
    assert propose(Fraction(70)).mg_per_kg == 5
    assert propose(below).steps[0].render() == (
        "creatinine clearance 69.99 mL/min, at least 50 and below 70: 2.5 mg/kg q12h"
    )


@pytest.mark.parametrize(
    ("weight", "clearance", "mg"),
    [
        ("60", "100", "300"),
        ("60.1", "100", "301"),  # 300.5: halves go up
        ("60.09", "100", "300"),  # 300.45
        ("60.2", "60", "151"),  # 150.5
        ("43.2", "20", "54"),  # 54.0
        ("0.9", "0.9", "1"),  # 1.125: small is odd, and not impossible here
    ],
)
def test_the_dose_is_rounded_to_a_whole_milligram(weight, clearance, mg):
    assert propose(Decimal(clearance), weight_kg=weight).mg == Decimal(mg)


def test_the_computation_is_told():
    exact = propose(Decimal(100))
    assert [step.render() for step in exact.steps] == [
        "creatinine clearance 100 mL/min, at least 70: 5 mg/kg q12h",
        "60 kg × 5 mg/kg = 300 mg",
    ]
    rounded = propose(Decimal("8.5"), weight_kg="54.3")
    assert [step.render() for step in rounded.steps] == [
        "creatinine clearance 8.5 mL/min, below 10: 1.25 mg/kg 3x_week",
        "54.3 kg × 1.25 mg/kg = 67.88 mg, to the whole milligram: 68 mg",
    ]


def test_a_phase_may_be_named_as_stored():
    assert propose(Decimal(100), "maintenance").frequency == "q24h"


@pytest.mark.parametrize(
    ("weight", "clearance", "phase"),
    [("0", 100, "induction"), ("-1", 100, "induction"), ("60", 0, "induction"), ("60", 100, "x")],
)
def test_what_cannot_be_dosed_is_refused(weight, clearance, phase):
    with pytest.raises(ValueError, match=r"above 0|not a valid Phase"):
        propose(clearance, phase, weight_kg=weight)


@given(
    st.fractions(Fraction(1, 100), 300),
    st.fractions(Fraction(1, 100), 300),
    st.decimals("20", "300", places=1),
    st.sampled_from(Phase),
)
def test_a_worse_clearance_never_gets_a_higher_daily_dose(one, other, weight, phase):
    times_a_day = {"q12h": Fraction(2), "q24h": Fraction(1), "3x_week": Fraction(3, 7)}
    low, high = (propose(value, phase, str(weight)) for value in sorted((one, other)))
    daily = [proposal.exact_mg * times_a_day[proposal.frequency] for proposal in (low, high)]
    assert daily[0] <= daily[1]


@given(st.decimals("20", "300", places=2), st.fractions(Fraction(1, 100), 300))
def test_rounding_never_moves_a_dose_by_more_than_half_a_milligram(weight, clearance):
    proposal = propose(clearance, weight_kg=str(weight))
    assert abs(Fraction(proposal.mg) - proposal.exact_mg) <= Fraction(1, 2)
    assert proposal.mg == proposal.mg.to_integral_value()


SMALLEST = Fraction(1, 10**40)


@pytest.mark.parametrize(
    ("bound", "at_it", "under_it"),
    [(70, "70-", "50-70"), (50, "50-70", "25-50"), (25, "25-50", "10-25"), (10, "10-25", "-10")],
)
def test_each_bound_belongs_to_the_band_above_it(bound, at_it, under_it):
    """Half-open bands without gaps: nothing is rounded across a bound (DOMAIN 4)."""
    assert propose(Fraction(bound)).band == at_it
    assert propose(Fraction(bound) + SMALLEST).band == at_it
    assert propose(Fraction(bound) - SMALLEST).band == under_it
    assert propose(Decimal("69.6")).band == "50-70"


def test_an_order_is_as_proposed_only_with_the_same_dose_and_frequency():
    proposal = propose(Decimal(100))
    assert proposal.is_ordered(Decimal("300.00"), "q12h")
    assert not proposal.is_ordered(Decimal("300"), "q24h")
    assert not proposal.is_ordered(Decimal("300.01"), "q12h")


@pytest.mark.parametrize(
    ("ordered", "found", "reviewed", "asked"),
    [
        ("70-", "70-", (), False),
        ("70-", "50-70", (), True),
        ("50-70", "70-", (), True),  # better kidneys ask as well
        ("70-", None, (), False),  # what cannot be computed asks nothing by itself
        ("70-", "50-70", ("50-70",), False),  # looked at already
        ("70-", "25-50", ("50-70",), True),  # a further change asks anew
        ("", "70-", (), True),  # ordered while nothing was known
        ("", None, (), False),
    ],
)
def test_another_band_asks_for_a_review_until_it_was_looked_at(ordered, found, reviewed, asked):
    assert asks_for_review(ordered=ordered, found=found, reviewed=reviewed) is asked
