"""The stratum is exact at its limit, and unknown is not a stratum (DOMAIN 11)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from enrollment.facts import Operator, ScreeningFacts, ViralLoad
from enrollment.rules.strata import stratum_of
from trial_site.protocol import current
from trial_site.protocol.definition import StratificationFactor, Stratum

PROTOCOL = current()
PLASMA = ViralLoad(Operator.EQUAL, Decimal("10000"), "copies/mL", "plasma")


def factor(code: str) -> StratificationFactor:
    found = PROTOCOL.allocation.factor(code)
    assert found
    return found


def by_cmv(load: ViralLoad | None) -> str:
    found = stratum_of(factor("cmv_dna"), ScreeningFacts(cmv=load), PROTOCOL.pcr)
    return found.code if isinstance(found, Stratum) else f"needs {found}"


@pytest.mark.parametrize(
    ("operator", "value", "stratum"),
    [
        ("=", "9999.99", "CMV-LOW"),
        ("=", "10000", "CMV-LOW"),
        ("=", "10000.00", "CMV-LOW"),
        ("=", "10000.0000000000000000000000000001", "CMV-HIGH"),
        ("=", "10001", "CMV-HIGH"),
        ("<", "10000", "CMV-LOW"),
        (">", "10000", "CMV-HIGH"),
        (">", "10000000", "CMV-HIGH"),
    ],
)
def test_the_limit_belongs_to_the_lower_stratum(operator: str, value: str, stratum: str) -> None:
    load = replace(PLASMA, operator=Operator(operator), value=Decimal(value))
    assert by_cmv(load) == stratum


TOLD_APART = "needs a result that can be told apart from 10,000 copies/mL"


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({"operator": Operator.ABOVE, "value": Decimal("5000")}, TOLD_APART),
        ({"operator": Operator.ABOVE, "value": Decimal("9999.99")}, TOLD_APART),
        ({"operator": Operator.BELOW, "value": Decimal("10001")}, TOLD_APART),
        ({"value": None}, TOLD_APART),
        ({"operator": None}, "needs a CMV-DNA result"),
        ({"unit": "IU/mL"}, "needs a result in copies/mL (other units are not converted)"),
        ({"specimen": "whole_blood"}, "needs a result from plasma"),
    ],
)
def test_what_cannot_be_told_is_no_stratum(changes: dict[str, Any], needed: str) -> None:
    assert by_cmv(replace(PLASMA, **changes)) == needed


def test_no_result_is_no_stratum() -> None:
    assert by_cmv(None) == "needs a CMV-DNA result"


@pytest.mark.parametrize(
    ("diagnosis", "expected"),
    [("sle", "SLE"), ("ra", "NON-SLE"), ("other", "NON-SLE"), (None, None), ("", None)],
)
def test_lupus_and_everything_else(diagnosis: str | None, expected: str | None) -> None:
    found = stratum_of(factor("sle"), ScreeningFacts(diagnosis=diagnosis), PROTOCOL.pcr)
    assert (found.code if isinstance(found, Stratum) else None) == expected


def test_a_plan_has_one_factor_of_the_protocol_or_none() -> None:
    rule = PROTOCOL.allocation
    assert rule.factor("") is None
    assert [one.code for one in rule.strata("")] == ["ALL"]
    assert [one.code for one in rule.strata("cmv_dna")] == ["CMV-LOW", "CMV-HIGH"]
    assert [one.code for one in rule.strata("sle")] == ["SLE", "NON-SLE"]
    with pytest.raises(LookupError):
        rule.factor("age")
