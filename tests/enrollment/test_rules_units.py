"""Values in the unit that the protocol's limits are written in."""

from decimal import Decimal
from fractions import Fraction

import pytest

from enrollment.forms.questions import Questions
from enrollment.rules.units import in_canonical_unit
from trial_site.protocol import current


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "canonical"),
    [
        ("hemoglobin", "7.9", "g/dL", 79),
        ("hemoglobin", "79", "g/L", 79),
        ("bilirubin", "1.2", "mg/dL", Fraction(2052, 100)),
        ("anc", "500", "/µL", Fraction(1, 2)),
        ("cmv_dna", "3", "log10 copies/mL", 1000),
        ("cmv_dna", "52000", "log10 copies/mL", None),
        ("cmv_dna", "52000", "IU/mL", None),
        ("alt", "40", "µkat/L", None),
        ("alt", "40", None, None),
    ],
)
def test_a_value_is_converted_as_the_protocol_says_or_not_at_all(analyte, value, unit, canonical):
    assert in_canonical_unit(Decimal(value), unit, current().analyte(analyte)) == canonical


def test_screening_offers_no_logarithm():
    offered = {value for value, _ in Questions().fields["cmv_unit"].choices if value}
    assert offered == {"copies/mL", "IU/mL"}
