"""The collected values survive storage exactly, and what cannot be judged is refused."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.facts import (
    Facts,
    Measurement,
    Operator,
    QualitativeResult,
    ScreeningFacts,
    Sex,
    SteroidDose,
    ViralLoad,
)
from tests.enrollment.eligible import ELIGIBLE

numbers = st.decimals(allow_nan=False, allow_infinity=False)
maybe_numbers = st.none() | numbers
maybe_dates = st.none() | st.dates()
maybe_answers = st.none() | st.booleans()
measurements = st.none() | st.builds(Measurement, numbers, st.text())
doses = st.builds(SteroidDose, st.dates(), st.text(), numbers, st.sampled_from([1, 2]))
loads = st.builds(
    ViralLoad,
    operator=st.none() | st.sampled_from(Operator),
    value=maybe_numbers,
    unit=st.none() | st.text(),
    lod=maybe_numbers,
    collected_on=maybe_dates,
)
screenings = st.builds(
    ScreeningFacts,
    birth_date=maybe_dates,
    birth_day_known=st.booleans(),
    sex=st.none() | st.sampled_from(Sex),
    weight_kg=maybe_numbers,
    diagnosis=st.none() | st.text(),
    diagnosis_text=st.text(),
    cmv=st.none() | loads,
    steroids=st.lists(doses, max_size=4).map(tuple),
    no_steroids=maybe_answers,
    creatinine=maybe_numbers,
    infections=st.dictionaries(st.text(), st.sampled_from(QualitativeResult)),
    infection_dates=st.dictionaries(st.text(), st.dates()),
    infection_reasons=st.dictionaries(st.text(), st.text()),
    nyha=st.none() | st.integers(1, 4),
    hcg=st.none() | st.sampled_from(QualitativeResult),
    hcg_on=maybe_dates,
    malignancy=maybe_answers,
    anc=measurements,
)


@given(screenings)
def test_json_round_trip_is_exact(facts: ScreeningFacts) -> None:
    stored = json.dumps(facts.to_json())
    restored = ScreeningFacts.from_json(json.loads(stored))

    assert restored == facts
    assert restored.to_json() == facts.to_json()  # equal decimals may still differ in digits
    assert isinstance(restored.steroids, tuple)


def test_the_digits_typed_are_kept() -> None:
    facts = ScreeningFacts(weight_kg=Decimal("60.0"))

    assert facts.to_json()["weight_kg"] == "60.0"
    assert str(ScreeningFacts.from_json(facts.to_json()).weight_kg) == "60.0"


def test_whole_screening_survives_storage() -> None:
    assert ScreeningFacts.from_json(json.loads(json.dumps(ELIGIBLE.to_json()))) == ELIGIBLE


def test_nothing_stored_is_everything_missing() -> None:
    assert ScreeningFacts.from_json({}) == ScreeningFacts()


def test_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="ScreeningFacts has no wieght_kg"):
        ScreeningFacts.from_json({"wieght_kg": "60"})


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="weight_kg must be a finite number"):
        ScreeningFacts(weight_kg=Decimal(number))


def test_codes_given_as_strings_become_codes() -> None:
    facts = ScreeningFacts(
        sex="female", hcg="negative", infections={"rpr": "positive"}, cmv=ViralLoad(operator="ND")
    )

    assert facts.sex is Sex.FEMALE
    assert facts.hcg is QualitativeResult.NEGATIVE
    assert facts.infections == {"rpr": QualitativeResult.POSITIVE}
    assert facts.cmv is not None
    assert facts.cmv.operator is Operator.NOT_DETECTED


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (ScreeningFacts, {"sex": "F"}),
        (ScreeningFacts, {"hcg": "yes"}),
        (ScreeningFacts, {"infections": {"rpr": "maybe"}}),
        (ViralLoad, {"operator": "≤"}),
        (ScreeningFacts, {"nyha": 0}),
        (ScreeningFacts, {"nyha": 5}),
    ],
)
def test_an_unknown_code_is_refused(kind: type[Facts], values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"not a valid|does not exist"):
        kind(**values)


@pytest.mark.parametrize("cycle", [-1, 0, 3, 30])
def test_a_pulse_cannot_be_averaged_over_a_long_cycle(cycle: int) -> None:
    with pytest.raises(ValueError, match="alternate days"):
        SteroidDose(date(2026, 3, 14), "methylprednisolone", Decimal("500"), cycle)
