"""Units as people write them, in one place for pages and for the sentences of rules."""

from decimal import Decimal

import pytest

from labs.rules import numbers
from trial_site.protocol import current
from trial_site.templatetags import trial
from trial_site.units import SPELLINGS, spelled


@pytest.mark.parametrize(
    ("code", "written"),
    [("10^9/L", "×10⁹/L"), ("10^3/µL", "×10³/µL"), ("copies/mL", "copies/mL"), ("", "")],
)
def test_powers_of_ten_are_written_with_exponents(code: str, written: str) -> None:
    assert spelled(code) == written


def test_pages_and_sentences_write_a_quantity_alike() -> None:
    value = Decimal("0.46")
    assert numbers.quantity(value, "10^9/L") == "0.46\u00a0×10⁹/L"
    assert trial.quantity(value, "10^9/L") == "0.46\u00a0×10⁹/L"


def test_every_unit_with_a_power_is_spelled() -> None:
    units = {unit for analyte in current().analytes for unit in analyte.units}
    assert {unit for unit in units if "^" in unit} == set(SPELLINGS)
