"""Laboratory values that forbid ganciclovir: all limits strict (DOMAIN 4)."""

from decimal import Decimal

import pytest

from labs.rules.stops import deciding_value, hold_reasons, missing_results
from trial_site.protocol import current
from trial_site.protocol.definition import below

PROTOCOL = current()
ANC = below("0.5", "10^9/L")
FINE = {"anc": Decimal("2.0"), "hemoglobin": Decimal("120"), "platelets": Decimal("150")}


@pytest.mark.parametrize(
    ("analyte", "value", "held"),
    [
        ("anc", "0.49", True),
        ("anc", "0.4999999", True),
        ("anc", "0.5", False),
        ("anc", "0.51", False),
        ("hemoglobin", "79", True),
        ("hemoglobin", "79.99", True),
        ("hemoglobin", "80", False),
        ("hemoglobin", "80.1", False),
        ("platelets", "24", True),
        ("platelets", "24.9", True),
        ("platelets", "25", False),
        ("platelets", "25.1", False),
    ],
)
def test_a_value_strictly_below_its_limit_holds(analyte, value, held):
    assert bool(hold_reasons({**FINE, analyte: Decimal(value)}, PROTOCOL)) is held


def test_the_reason_shows_the_result_and_the_limit():
    reason = hold_reasons({**FINE, "anc": Decimal("0.49")}, PROTOCOL)[0]
    assert reason.render().replace("\N{NO-BREAK SPACE}", " ") == (
        "Neutrophils (ANC) 0.49 ×10⁹/L, below 0.5: hold"
    )


def test_every_value_that_holds_is_named():
    low = {"anc": Decimal("0.1"), "hemoglobin": Decimal("60"), "platelets": Decimal("10")}
    assert len(hold_reasons(low, PROTOCOL)) == 3


def test_other_analytes_hold_nothing():
    assert hold_reasons({**FINE, "wbc": Decimal("0.1")}, PROTOCOL) == ()


def test_a_missing_result_holds_nothing_but_is_named():
    without = {code: value for code, value in FINE.items() if code != "platelets"}
    assert hold_reasons(without, PROTOCOL) == ()
    assert [message.render() for message in missing_results(without, PROTOCOL)] == [
        "no result for Platelets"
    ]
    assert missing_results(FINE, PROTOCOL) == ()
    assert len(missing_results({}, PROTOCOL)) == 3


# --- what a printed result says about a limit -----------------------------------------------


@pytest.mark.parametrize(
    ("operator", "value", "holds"),
    [
        ("=", "0.49", True),
        ("=", "0.5", False),
        ("=", "0.51", False),
        ("<", "0.1", True),
        ("<", "0.5", True),
        (">", "0.5", False),
        (">", "20", False),
    ],
)
def test_results_that_decide(operator: str, value: str, holds: bool) -> None:
    deciding = deciding_value(operator, Decimal(value), ANC)
    assert deciding is not None
    assert ANC.holds(deciding) is holds


@pytest.mark.parametrize(
    ("operator", "value"),
    [("<", Decimal("0.51")), (">", Decimal("0.49")), ("ND", None), ("=", None), ("ND", Decimal(1))],
)
def test_results_that_leave_it_open_decide_nothing(operator: str, value: Decimal | None) -> None:
    assert deciding_value(operator, value, ANC) is None
