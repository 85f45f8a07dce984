"""E4b: Cockcroft-Gault, exact at the limit (DOMAIN 3)."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.facts import Sex
from enrollment.rules.clearance import cockcroft_gault, creatinine_mg_dl
from enrollment.rules.verdicts import CriterionVerdict, State
from tests.enrollment.eligible import JUDGED_ON, SAMPLED_ON, verdict, words
from trial_site.protocol import current

RULE = current().clearance


def clearance(sex: Sex, age: int, weight: str, creatinine: str, unit: str) -> Fraction:
    mg_dl = creatinine_mg_dl(Decimal(creatinine), unit, RULE)
    assert mg_dl is not None
    return cockcroft_gault(
        age=age, weight_kg=Decimal(weight), creatinine_mg_dl=mg_dl, sex=sex, rule=RULE
    )


def judged(sex: Sex, age: int, weight: str, creatinine: str, unit: str) -> CriterionVerdict:
    return verdict(
        "E4b",
        sex=sex,
        birth_date=date(SAMPLED_ON.year - age, 1, 1),
        weight_kg=Decimal(weight),
        creatinine=Decimal(creatinine),
        creatinine_unit=unit,
    )


WORKED = [
    # sex, age, kg, creatinine, unit, mL/min, places of the reference, excluded
    (Sex.MALE, 40, "72", "1.0", "mg/dL", "100.00", False),
    (Sex.FEMALE, 40, "72", "1.0", "mg/dL", "85.00", False),
    (Sex.FEMALE, 35, "54", "0.8", "mg/dL", "83.67", False),
    (Sex.FEMALE, 60, "60", "1.9", "mg/dL", "29.82", True),
    (Sex.MALE, 68, "60", "2.0", "mg/dL", "30.00", True),
    (Sex.MALE, 60, "65", "150", "µmol/L", "42.56", False),
    (Sex.MALE, 18, "40", "200", "µmol/L", "29.958", True),  # 1.23 would give 30.012
    (Sex.FEMALE, 18, "41", "174", "µmol/L", "30.0008", False),  # 1.04 would give 29.897
    (Sex.MALE, 18, "43.2", "2.44", "mg/dL", "30", True),  # floats give 30.000000000000004
]


@pytest.mark.parametrize(("sex", "age", "weight", "creatinine", "unit", "ml_min", "_"), WORKED)
def test_worked_examples(
    sex: Sex, age: int, weight: str, creatinine: str, unit: str, ml_min: str, _: bool
) -> None:
    places = Decimal(ml_min).as_tuple().exponent
    half_a_digit = Fraction(Decimal((0, (5,), int(places) - 1)))

    assert abs(clearance(sex, age, weight, creatinine, unit) - Fraction(ml_min)) <= half_a_digit


@pytest.mark.parametrize(("sex", "age", "weight", "creatinine", "unit", "_", "excluded"), WORKED)
def test_verdicts_of_the_worked_examples(
    sex: Sex, age: int, weight: str, creatinine: str, unit: str, _: str, excluded: bool
) -> None:
    assert judged(sex, age, weight, creatinine, unit).state is State.of(excluded)


@pytest.mark.parametrize(("weight", "creatinine"), [("60", "2.0"), ("43.2", "2.44")])
def test_exactly_thirty_is_exact(weight: str, creatinine: str) -> None:
    age = 68 if weight == "60" else 18

    assert clearance(Sex.MALE, age, weight, creatinine, "mg/dL") == 30


@pytest.mark.parametrize(
    ("creatinine", "state"),
    [
        ("2.0001", State.MET),  # below 30
        ("2", State.MET),  # 30 exactly
        ("1.9999", State.NOT_MET),  # above 30
        ("1.99933", State.NOT_MET),  # 30.01
    ],
)
def test_around_the_limit(creatinine: str, state: State) -> None:
    assert judged(Sex.MALE, 68, "60", creatinine, "mg/dL").state is state


@pytest.mark.parametrize(
    ("missing", "needed"),
    [
        ({"sex": None}, ["sex at birth"]),
        ({"weight_kg": None}, ["the weight"]),
        ({"birth_date": None}, ["the date of birth"]),
        ({"creatinine": None}, ["serum creatinine"]),
        ({"creatinine_unit": None}, ["the unit of creatinine"]),
        ({"creatinine_unit": "mmol/L"}, ["the unit of creatinine"]),
        ({"creatinine_collected_on": None}, ["the date of collection"]),
        ({"creatinine": None, "sex": None}, ["sex at birth", "serum creatinine"]),
        ({"creatinine": Decimal(0)}, ["a creatinine that is possible"]),
        ({"weight_kg": Decimal(0)}, ["a weight that is possible"]),
        ({"birth_date": JUDGED_ON}, ["a date of birth before the sample"]),
    ],
)
def test_what_is_missing_is_named(missing: dict[str, Any], needed: list[str]) -> None:
    found = verdict("E4b", **missing)

    assert found.state is State.UNKNOWN
    assert words(found.needed) == needed


@pytest.mark.parametrize(
    ("age_days", "state"),
    [(-1, State.UNKNOWN), (0, State.NOT_MET), (14, State.NOT_MET), (15, State.UNKNOWN)],
)
def test_sample_inside_the_screening_window(age_days: int, state: State) -> None:
    collected_on = JUDGED_ON - timedelta(days=age_days)

    assert verdict("E4b", creatinine_collected_on=collected_on).state is state


def test_age_is_that_of_the_sample_date() -> None:
    before_birthday = verdict("E4b", birth_date=date(1984, 3, 18))
    on_birthday = verdict("E4b", birth_date=date(1984, 3, 17))

    assert "(140 − 41)" in words(before_birthday.steps)[2]
    assert "(140 − 42)" in words(on_birthday.steps)[2]


def test_steps_show_the_whole_computation() -> None:
    assert words(verdict("E4b").steps) == [
        "collected 2026-03-17, 1 d old",
        "62 µmol/L ÷ 88.4 = 0.7014 mg/dL",
        "(140 − 41) × 60.0 × 0.85 ÷ (72 × 0.7014)",
        "99.98 mL/min",
    ]


def test_steps_of_a_man_in_mg_dl_need_neither_factor_nor_conversion() -> None:
    assert words(judged(Sex.MALE, 68, "60", "2.0", "mg/dL").steps)[1:] == [
        "(140 − 68) × 60 ÷ (72 × 2)",
        "30.00 mL/min",
    ]


def test_a_clearance_just_above_the_limit_does_not_read_as_the_limit() -> None:
    assert words(judged(Sex.FEMALE, 18, "41", "174", "µmol/L").steps)[-1] == "30.001 mL/min"


def test_unknown_day_of_birth_decides_where_every_age_agrees() -> None:
    month = date(1984, 3, 1)  # 41 or 42 on the sample date

    assert verdict("E4b", birth_date=month, birth_day_known=False).state is State.NOT_MET


def test_unknown_day_of_birth_is_unknown_where_the_ages_disagree() -> None:
    found = verdict(
        "E4b",
        sex="male",
        birth_date=date(1958, 3, 1),  # 67 or 68: 30.42 or 30.00 mL/min
        birth_day_known=False,
        weight_kg=Decimal("60"),
        creatinine=Decimal("2.0"),
        creatinine_unit="mg/dL",
    )

    assert found.state is State.UNKNOWN
    assert words(found.needed) == ["the day of birth: the age is near the limit"]


def test_an_old_weight_is_flagged_and_still_used() -> None:
    found = verdict("E4b", weight_on=JUDGED_ON - timedelta(days=8))

    assert found.state is State.NOT_MET
    assert words(found.flags)[:1] == [
        "The weight should have: a value at most 7 d old (this one is 8 d old)"
    ]


weights = st.decimals("20", "300", places=1)
creatinines = st.decimals("0.1", "20", places=2)
ages = st.integers(18, 90)


@given(weights, creatinines, ages)
def test_exact_against_fractions(weight: Decimal, creatinine: Decimal, age: int) -> None:
    found = clearance(Sex.MALE, age, str(weight), str(creatinine), "mg/dL")

    assert found * 72 * Fraction(creatinine) == (140 - age) * Fraction(weight)


@given(weights, creatinines, ages)
def test_both_units_agree(weight: Decimal, creatinine: Decimal, age: int) -> None:
    micromolar = str(creatinine * Decimal("88.4"))
    of_mg_dl = clearance(Sex.FEMALE, age, str(weight), str(creatinine), "mg/dL")

    assert clearance(Sex.FEMALE, age, str(weight), micromolar, "µmol/L") == of_mg_dl


@given(weights, creatinines, ages)
def test_a_woman_has_85_percent_of_a_man(weight: Decimal, creatinine: Decimal, age: int) -> None:
    man = clearance(Sex.MALE, age, str(weight), str(creatinine), "mg/dL")
    woman = clearance(Sex.FEMALE, age, str(weight), str(creatinine), "mg/dL")

    assert woman * 100 == man * 85
