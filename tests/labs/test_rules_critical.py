"""What goes to the investigator at once: grade 3 and worse, ganciclovir stops (DOMAIN 4, 8)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.critical import critical, least_grade
from labs.rules.grading import grade
from labs.rules.pcr import parse_result
from trial_site.protocol import current

PROTOCOL = current()
LIMITS = {
    "anc": {"lln": "1.8"},
    "wbc": {"lln": "3.5"},
    "platelets": {"lln": "125"},
    "hemoglobin": {"lln": "115"},
    "creatinine": {"uln": "97", "baseline": "60"},
    "alt": {"uln": "40", "baseline": "20"},
    "ast": {"uln": "40", "baseline": "20"},
    "bilirubin": {"uln": "21", "baseline": "15"},
}


def references(analyte):
    limits = LIMITS[analyte]
    names = ("lln", "uln", "baseline")
    return {name: Decimal(limits[name]) if name in limits else None for name in names}


def assessed(analyte, printed):
    operator, value = parse_result(printed)
    table = PROTOCOL.grade_table(analyte)
    least = None
    if table and value is not None:
        least = least_grade(table, operator, value, **references(analyte))
    return critical(analyte, operator, value, least=least, protocol=PROTOCOL)


def texts(messages):
    return [message.render().replace("\N{NO-BREAK SPACE}", " ") for message in messages]


@pytest.mark.parametrize(
    ("analyte", "printed", "is_critical"),
    [
        ("anc", "0.49", True),
        ("anc", "0.5", True),
        ("anc", "0.99", True),
        ("anc", "1.0", False),
        ("wbc", "1.99", True),
        ("wbc", "2.0", False),
        ("platelets", "24", True),
        ("platelets", "49.9", True),
        ("platelets", "50", False),
        ("hemoglobin", "79", True),
        ("hemoglobin", "80", False),
        ("creatinine", "180", False),
        ("creatinine", "180.1", True),
        ("alt", "200", False),
        ("alt", "200.1", True),
        ("ast", "200", False),
        ("ast", "200.1", True),
        ("bilirubin", "63", False),
        ("bilirubin", "63.1", True),
        ("lymphocytes", "0.01", False),
    ],
)
def test_grade_3_and_worse_is_critical(analyte, printed, is_critical):
    found = assessed(analyte, printed)
    assert bool(found) is is_critical
    assert found.undecided == ()


@pytest.mark.parametrize(
    ("analyte", "printed", "stop"),
    [
        ("anc", "0.49", "Neutrophils (ANC) 0.49 ×10⁹/L, below 0.5: hold"),
        ("anc", "0.5", None),
        ("anc", "0.51", None),
        ("hemoglobin", "79", "Haemoglobin 79 g/L, below 80: hold"),
        ("hemoglobin", "80", None),
        ("hemoglobin", "81", None),
        ("platelets", "24", "Platelets 24 ×10⁹/L, below 25: hold"),
        ("platelets", "25", None),
        ("platelets", "26", None),
        ("platelets", "<25", "Platelets <25 ×10⁹/L, below 25: hold"),
        ("platelets", "<10", "Platelets <10 ×10⁹/L, below 25: hold"),
        ("platelets", ">25", None),
    ],
)
def test_the_stops_are_strict(analyte, printed, stop):
    found = [text for text in texts(assessed(analyte, printed).reasons) if "hold" in text]
    assert found == ([stop] if stop else [])


@pytest.mark.parametrize("printed", ["<30", "<25.1", ">24.9", ">5"])
def test_a_bound_that_leaves_a_stop_open_says_so(printed):
    found = assessed("platelets", printed)
    assert texts(found.undecided) == [
        f"Platelets {printed} ×10⁹/L: may be below 25, where ganciclovir stops"
    ]
    assert found


@pytest.mark.parametrize(
    ("analyte", "printed"),
    [
        ("anc", "not detected"),
        ("hemoglobin", "not evaluable"),
    ],
)
def test_a_result_without_a_number_leaves_the_stop_open(analyte, printed):
    found = assessed(analyte, printed)
    assert found.reasons == ()
    assert len(found.undecided) == 1


@pytest.mark.parametrize(
    ("analyte", "printed", "least"),
    [
        ("anc", "<1.0", 3),
        ("anc", "<1.1", 2),
        ("anc", "<0.5", 4),
        ("platelets", "<30", 3),
        ("platelets", ">10", None),
        ("hemoglobin", "<80", 3),
        ("alt", ">200", 3),
        ("alt", ">199", 2),
        ("alt", "<5", None),
        ("bilirubin", ">210", 4),
        ("creatinine", ">582", 4),
    ],
)
def test_the_grade_that_a_bound_has_at_least(analyte, printed, least):
    operator, value = parse_result(printed)
    table = PROTOCOL.grade_table(analyte)
    assert least_grade(table, operator, value, **references(analyte)) == least


def test_a_grade_by_a_bound_is_said_to_be_one_at_least():
    assert texts(assessed("alt", ">200").reasons) == ["CTCAE grade 3 or worse"]
    assert texts(assessed("alt", "201").reasons) == ["CTCAE grade 3"]
    assert texts(assessed("anc", "0.3").reasons) == [
        "CTCAE grade 4",
        "Neutrophils (ANC) 0.3 ×10⁹/L, below 0.5: hold",
    ]


amounts = st.decimals("0.1", "900", places=1)


@given(amounts, amounts, st.sampled_from(sorted(LIMITS)))
def test_no_number_within_a_bound_is_milder_than_its_grade(limit, number, analyte):
    table = PROTOCOL.grade_table(analyte)
    for operator, inside in (("<", number < limit), (">", number > limit)):
        least = least_grade(table, operator, limit, **references(analyte))
        if inside and least is not None:
            assert grade(table, value=number, **references(analyte)).value >= least
