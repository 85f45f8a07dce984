"""S1 and the ganciclovir allergy warn and never decide (DOMAIN 1.1)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from enrollment.facts import Measurement
from tests.enrollment.eligible import ELIGIBLE, judge, words
from trial_site.protocol import current


def warned(**changes: Any) -> list[str]:
    judged = judge(replace(ELIGIBLE, **changes))
    assert judged.eligible  # whatever is warned of
    return words(judged.warnings)


def measured(value: str, unit: str) -> Measurement:
    return Measurement(Decimal(value), unit)


def test_nothing_to_warn_of() -> None:
    assert warned() == []


@pytest.mark.parametrize(
    ("field", "value", "unit", "warns"),
    [
        ("anc", "0.49", "10^9/L", True),
        ("anc", "0.5", "10^9/L", False),
        ("anc", "0.51", "10^9/L", False),
        ("anc", "499", "/µL", True),
        ("anc", "500", "/µL", False),
        ("hemoglobin", "79", "g/L", True),
        ("hemoglobin", "80", "g/L", False),
        ("hemoglobin", "7.9", "g/dL", True),
        ("hemoglobin", "8.0", "g/dL", False),
        ("platelets", "24", "10^9/L", True),
        ("platelets", "25", "10^9/L", False),
    ],
)
def test_label_stops_are_strict(field: str, value: str, unit: str, warns: bool) -> None:
    assert bool(warned(**{field: measured(value, unit)})) is warns


def test_the_warning_says_value_and_limit() -> None:
    name = current().analyte("hemoglobin").name

    assert warned(hemoglobin=measured("7.9", "g/dL")) == [
        f"{name} 7.9 g/dL: below 80 g/L, do not give"
    ]


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"anc": None}, "Neutrophils (ANC): not known"),
        ({"platelets": measured("180", "g/L")}, "Platelets: not in a unit that is read"),
        ({"ganciclovir_allergy": None}, "Ganciclovir allergy: not asked"),
        ({"ganciclovir_allergy": True}, "Ganciclovir or valganciclovir allergy: do not give"),
    ],
)
def test_what_is_not_known_warns_too(changes: dict[str, Any], warning: str) -> None:
    assert warned(**changes) == [warning]
