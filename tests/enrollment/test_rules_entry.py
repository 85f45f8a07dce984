"""What the form asks about and what it refuses (DOMAIN 2, 3, 6)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from enrollment.facts import Measurement, ScreeningFacts, SteroidDose
from enrollment.rules.entry import Doubt, doubts, impossible, new_doubts
from tests.enrollment.eligible import CMV, ELIGIBLE
from trial_site.protocol import current

RIGHT = "is unusual. Is this right?"
IMPOSSIBLE = "is not possible."


def asked(**changes: Any) -> list[tuple[str, str]]:
    return told(doubts(replace(ELIGIBLE, **changes), current()))


def refused(**changes: Any) -> list[tuple[str, str]]:
    return told(impossible(replace(ELIGIBLE, **changes), current()))


def told(found: list[Doubt]) -> list[tuple[str, str]]:
    return [(doubt.field, str(doubt.message)) for doubt in found]


def test_ordinary_and_empty_forms_ask_nothing() -> None:
    assert asked() == []
    assert refused() == []
    assert doubts(ScreeningFacts(), current()) == []
    assert impossible(ScreeningFacts(), current()) == []


@pytest.mark.parametrize(
    ("weight", "doubtful", "wrong"),
    [
        ("34.9", True, False),
        ("35", False, False),
        ("120", False, False),
        ("120.1", True, False),
        ("20", True, False),
        ("19.9", True, True),
        ("300", True, False),
        ("300.1", True, True),
    ],
)
def test_weight(weight: str, doubtful: bool, wrong: bool) -> None:
    number = Decimal(weight)
    question, refusal = f"{weight} kg {RIGHT}", f"{weight} kg {IMPOSSIBLE}"

    assert asked(weight_kg=number) == ([("weight_kg", question)] if doubtful else [])
    assert refused(weight_kg=number) == ([("weight_kg", refusal)] if wrong else [])


@pytest.mark.parametrize(
    ("creatinine", "unit", "doubtful", "wrong"),
    [
        ("29.9", "µmol/L", True, False),
        ("30", "µmol/L", False, False),
        ("300", "µmol/L", False, False),
        ("300.1", "µmol/L", True, False),
        ("5", "µmol/L", True, False),
        ("4.9", "µmol/L", True, True),
        ("3000", "µmol/L", True, False),
        ("3000.1", "µmol/L", True, True),
        ("0.33", "mg/dL", True, False),
        ("0.34", "mg/dL", False, False),
        ("3.39", "mg/dL", False, False),
        ("3.4", "mg/dL", True, False),  # 300.56 µmol/L
        ("15", "mg/dL", True, False),
    ],
)
def test_creatinine(creatinine: str, unit: str, doubtful: bool, wrong: bool) -> None:
    typed = {"creatinine": Decimal(creatinine), "creatinine_unit": unit}
    question = ("creatinine", f"{Decimal(creatinine):,} {unit} {RIGHT}")
    refusal = ("creatinine", f"{Decimal(creatinine):,} {unit} {IMPOSSIBLE}")

    assert asked(**typed) == ([question] if doubtful else [])
    assert refused(**typed) == ([refusal] if wrong else [])


def test_above_15_mg_dl_asks_about_the_unit_instead() -> None:
    assert asked(creatinine=Decimal("15.1"), creatinine_unit="mg/dL") == [
        ("creatinine", "15.1 mg/dL is very high. Is this µmol/L?")
    ]
    assert refused(creatinine=Decimal("15.1"), creatinine_unit="mg/dL") == []


def test_an_impossible_slip_is_refused_with_the_same_hint() -> None:
    slip = {"creatinine": Decimal("62"), "creatinine_unit": "mg/dL"}

    assert asked(**slip) == [("creatinine", "62 mg/dL is very high. Is this µmol/L?")]
    assert refused(**slip) == [("creatinine", "62 mg/dL is not possible. Is this µmol/L?")]


@pytest.mark.parametrize(
    ("mg", "doubtful", "wrong"),
    [("80", False, False), ("80.1", True, False), ("500", True, False), ("-0.1", False, True)],
)
def test_corticosteroid_of_one_day(mg: str, doubtful: bool, wrong: bool) -> None:
    day = (SteroidDose(date(2026, 3, 14), "methylprednisolone", Decimal(mg)),)  # 80 mg: PED 100

    assert [field for field, _ in asked(steroids=day)] == ["steroids"] * doubtful
    assert [field for field, _ in refused(steroids=day)] == ["steroids"] * wrong


def test_doses_of_one_day_are_asked_about_together() -> None:
    day = date(2026, 3, 14)
    doses = tuple(SteroidDose(day, "prednisone", Decimal(mg)) for mg in ("60", "60"))

    assert asked(steroids=doses) == [("steroids", f"120 mg/d {RIGHT}")]
    assert asked(steroids=(doses[0], replace(doses[1], on=date(2026, 3, 15)))) == []


def test_the_highest_day_is_asked_about() -> None:
    doses = tuple(
        SteroidDose(date(2026, 3, day), "prednisone", Decimal(mg))
        for day, mg in ((13, "5"), (14, "120"), (15, "5"))
    )

    assert asked(steroids=doses) == [("steroids", f"120 mg/d {RIGHT}")]


def test_a_dose_below_zero_does_not_hide_in_the_sum_of_its_day() -> None:
    day = date(2026, 3, 14)
    doses = tuple(SteroidDose(day, "prednisone", Decimal(mg)) for mg in ("60", "-5"))

    assert refused(steroids=doses) == [("steroids", f"-5 mg/d {IMPOSSIBLE}")]


def test_an_agent_without_equivalence_asks_nothing() -> None:
    assert asked(steroids=(SteroidDose(date(2026, 3, 14), "budesonide", Decimal("900")),)) == []


@pytest.mark.parametrize(
    ("operator", "value", "unit", "doubtful", "wrong"),
    [
        ("=", "99.9", "copies/mL", True, False),
        ("=", "100", "copies/mL", False, False),
        ("=", "10000000", "copies/mL", False, False),
        ("=", "10000000.1", "copies/mL", True, False),
        ("=", "0.1", "copies/mL", True, False),
        ("=", "0", "copies/mL", True, True),
        ("=", "10000000000", "copies/mL", True, False),
        ("=", "10000000000.1", "copies/mL", True, True),
        ("<", "50", "copies/mL", False, False),
        (">", "99999999", "copies/mL", False, False),
        ("ND", None, "copies/mL", False, False),
        ("=", "50", "IU/mL", False, False),  # limits are not in this unit
    ],
)
def test_cmv(operator: str, value: str | None, unit: str, doubtful: bool, wrong: bool) -> None:
    number = None if value is None else Decimal(value)
    load = replace(CMV, operator=operator, value=number, unit=unit)

    assert [field for field, _ in asked(cmv=load)] == ["cmv.value"] * doubtful
    assert [field for field, _ in refused(cmv=load)] == ["cmv.value"] * wrong


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("alt", {"alt": Decimal("-1")}),
        ("ast", {"ast": Decimal("-1")}),
        ("bilirubin", {"bilirubin": Decimal("-1")}),
        ("anc.value", {"anc": Measurement(Decimal("-1"), "/µL")}),
        ("hemoglobin.value", {"hemoglobin": Measurement(Decimal("0"), "g/dL")}),
        ("platelets.value", {"platelets": Measurement(Decimal("-1"), "10^9/L")}),
    ],
)
def test_other_results_have_hard_limits(field: str, changes: dict[str, Any]) -> None:
    assert [refusal for refusal, _ in refused(**changes)] == [field]


def test_every_doubt_names_a_field_of_the_form() -> None:
    found = doubts(
        replace(
            ELIGIBLE,
            weight_kg=Decimal("10"),
            creatinine=Decimal("1"),
            cmv=replace(CMV, value=Decimal("1")),
        ),
        current(),
    )

    assert [doubt.field for doubt in found] == ["weight_kg", "cmv.value", "creatinine"]
    assert all(hasattr(ELIGIBLE, doubt.field.split(".")[0]) for doubt in found)


def test_what_was_called_right_once_is_not_asked_again() -> None:
    light = replace(ELIGIBLE, weight_kg=Decimal("34.9"))
    lighter = replace(ELIGIBLE, weight_kg=Decimal("34.8"))

    assert told(new_doubts(light, ELIGIBLE, current())) == [("weight_kg", f"34.9 kg {RIGHT}")]
    assert new_doubts(light, light, current()) == []
    assert told(new_doubts(lighter, light, current())) == [("weight_kg", f"34.8 kg {RIGHT}")]
