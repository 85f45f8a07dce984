"""What a printed blood count says about the limit of ANC, 0.5 ×10⁹/L (DOMAIN 4)."""

from decimal import Decimal

import pytest

from dosing.rules.readings import deciding_value
from trial_site.protocol.definition import below

ANC = below("0.5", "10^9/L")


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
