"""Which corrected values need a look at the eligibility that was judged with them."""

import datetime as dt
from decimal import Decimal

import pytest

from enrollment.facts import Operator, ScreeningFacts, ViralLoad
from labs.rules.judged import eligibility_look
from trial_site.protocol import current

DAY = dt.date(2026, 3, 10)
FACTS = ScreeningFacts(
    cmv=ViralLoad(
        operator=Operator.EQUAL, value=Decimal(52000), unit="copies/mL", collected_on=DAY
    ),
    creatinine=Decimal(62),
    creatinine_unit="µmol/L",
    creatinine_collected_on=DAY,
    alt=Decimal(22),
    ast=Decimal(20),
    bilirubin=Decimal("12.4"),
    bilirubin_unit="µmol/L",
    liver_collected_on=DAY,
)


@pytest.mark.parametrize(
    ("analyte", "judged"),
    [
        ("cmv_dna", "52,000 copies/mL of 2026-03-10"),
        ("creatinine", "62 µmol/L of 2026-03-10"),
        ("alt", "22 U/L of 2026-03-10"),
        ("ast", "20 U/L of 2026-03-10"),
        ("bilirubin", "12.4 µmol/L of 2026-03-10"),
    ],
)
def test_what_a_criterion_reads_needs_a_look(analyte: str, judged: str) -> None:
    look = eligibility_look(analyte, FACTS)
    assert look is not None
    text = look.render().replace("\N{NO-BREAK SPACE}", " ")
    assert text == f"Eligibility was judged with {judged}: it needs a look"


def test_so_does_a_value_that_the_screening_had_not() -> None:
    look = eligibility_look("cmv_dna", ScreeningFacts())
    assert look is not None
    assert "judged with no such value" in look.render()


def test_what_no_criterion_reads_does_not() -> None:
    others = {analyte.code for analyte in current().analytes}
    others -= {"cmv_dna", "creatinine", "alt", "ast", "bilirubin"}
    assert [code for code in others if eligibility_look(code, FACTS)] == []
