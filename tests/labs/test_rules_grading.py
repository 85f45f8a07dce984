"""CTCAE v5.0 grades of laboratory values (DOMAIN 8 and 12)."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.grading import Grade, grade
from tests.shared import shared_path
from trial_site.protocol import current

PROTOCOL = current()
NO_BASELINE = "no baseline: graded as if it had been normal"
WITHIN_NORMAL = "graded against the baseline although the value is within normal"


def graded(
    analyte: str,
    value: str,
    *,
    lln: str | None = None,
    uln: str | None = None,
    baseline: str | None = None,
) -> Grade:
    numbers = {"lln": lln, "uln": uln, "baseline": baseline}
    return grade(
        PROTOCOL.grade_table(analyte),
        value=Decimal(value),
        **{name: None if number is None else Decimal(number) for name, number in numbers.items()},
    )


def flags(result: Grade) -> list[str]:
    return [flag.render() for flag in result.flags]


def test_every_table_is_version_5():
    assert {table.version for table in PROTOCOL.grades} == {"5.0"}


# --- values that fall ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("analyte", "lln", "value", "expected"),
    [
        ("anc", "1.8", "1.8", 0),
        ("anc", "1.8", "1.79", 1),
        ("anc", "1.8", "1.5", 1),
        ("anc", "1.8", "1.49", 2),
        ("anc", "1.8", "1.0", 2),
        ("anc", "1.8", "0.99", 3),
        ("anc", "1.8", "0.8", 3),
        ("anc", "1.8", "0.5", 3),
        ("anc", "1.8", "0.49", 4),
        ("anc", "1.8", "0.3", 4),
        ("wbc", "3.5", "3.5", 0),
        ("wbc", "3.5", "3.49", 1),
        ("wbc", "3.5", "3.0", 1),
        ("wbc", "3.5", "2.99", 2),
        ("wbc", "3.5", "2.0", 2),
        ("wbc", "3.5", "1.99", 3),
        ("wbc", "3.5", "1.0", 3),
        ("wbc", "3.5", "0.99", 4),
        ("platelets", "125", "125", 0),
        ("platelets", "125", "124", 1),
        ("platelets", "125", "75", 1),
        ("platelets", "125", "74.9", 2),
        ("platelets", "125", "50", 2),
        ("platelets", "125", "49.9", 3),
        ("platelets", "125", "25", 3),
        ("platelets", "125", "24", 4),
        ("hemoglobin", "115", "115", 0),
        ("hemoglobin", "115", "114", 1),
        ("hemoglobin", "115", "100", 1),
        ("hemoglobin", "115", "99", 2),
        ("hemoglobin", "115", "80", 2),
        ("hemoglobin", "115", "79", 3),
        ("hemoglobin", "115", "30", 3),  # grade 4 is clinical only
    ],
)
def test_a_falling_value(analyte, lln, value, expected):
    result = graded(analyte, value, lln=lln)
    assert (result.value, result.flags) == (expected, ())


@pytest.mark.parametrize(
    ("analyte", "value", "expected"),
    [
        ("anc", "1.5", None),
        ("anc", "4.0", None),
        ("anc", "1.49", 2),
        ("anc", "0.49", 4),
        ("hemoglobin", "100", None),
        ("hemoglobin", "79", 3),
        ("platelets", "75", None),
        ("platelets", "74", 2),
    ],
)
def test_without_an_lln_only_the_numeric_grades_are_known(analyte, value, expected):
    result = graded(analyte, value, uln="500", baseline="200")
    assert result.value == expected
    if expected is None:
        assert result.step.render() == "the lower limit of normal is missing"


# --- values that rise ------------------------------------------------------------------------


@pytest.mark.parametrize("analyte", ["alt", "ast"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("40", 0),
        ("40.1", 1),
        ("120", 1),
        ("120.1", 2),
        ("200", 2),
        ("200.1", 3),
        ("800", 3),
        ("800.1", 4),
    ],
)
def test_a_transaminase_over_a_normal_baseline(analyte, value, expected):
    for baseline in ("20", "40"):  # a baseline at the ULN was normal
        result = graded(analyte, value, uln="40", baseline=baseline)
        assert (result.value, result.flags) == (expected, ())


@pytest.mark.parametrize("analyte", ["alt", "ast"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("60", 0),
        ("80", 0),
        ("110", 0),  # 1.375 times
        ("119.9", 0),
        ("120", 1),  # exactly 1.5 times
        ("130", 1),  # 1.625 times
        ("240", 1),
        ("240.1", 2),
        ("250", 2),  # 3.125 times
        ("400", 2),
        ("400.1", 3),
        ("1600", 3),
        ("1600.1", 4),
    ],
)
def test_a_transaminase_over_an_abnormal_baseline(analyte, value, expected):
    assert graded(analyte, value, uln="40", baseline="80").value == expected


def test_a_baseline_just_above_the_uln_was_abnormal():
    assert graded("alt", "50", uln="40", baseline="40").value == 1
    assert graded("alt", "50", uln="40", baseline="40.1").value == 0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("21", 0),
        ("21.1", 1),
        ("31.5", 1),
        ("32", 2),
        ("63", 2),
        ("63.1", 3),
        ("210", 3),
        ("210.1", 4),
    ],
)
def test_bilirubin_over_a_normal_baseline(value, expected):
    assert graded("bilirubin", value, uln="21", baseline="15").value == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("25", 0),
        ("30", 0),
        ("30.1", 1),
        ("45", 1),
        ("45.1", 2),
        ("90", 2),
        ("90.1", 3),
        ("300", 3),
        ("300.1", 4),
    ],
)
def test_bilirubin_over_an_abnormal_baseline(value, expected):
    assert graded("bilirubin", value, uln="21", baseline="30").value == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("97", 0),
        ("97.1", 1),
        ("145.5", 1),
        ("145.6", 2),
        ("291", 2),
        ("291.1", 3),
        ("582", 3),
        ("582.1", 4),
    ],
)
def test_creatinine_over_the_uln(value, expected):
    # A baseline this high leaves every grade to the ULN.
    assert graded("creatinine", value, uln="97", baseline="580").value == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("90", 0), ("90.1", 2), ("180", 2), ("180.1", 3), ("600", 4)],
)
def test_creatinine_over_the_baseline(value, expected):
    assert graded("creatinine", value, uln="97", baseline="60").value == expected


def test_creatinine_within_normal_is_graded_literally_and_flagged():
    result = graded("creatinine", "95", uln="97", baseline="60")
    assert result.value == 2
    assert flags(result) == [WITHIN_NORMAL]
    assert flags(graded("creatinine", "97", uln="97", baseline="60")) == [WITHIN_NORMAL]
    assert flags(graded("creatinine", "98", uln="97", baseline="60")) == []


# --- missing references ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("analyte", "value", "uln", "expected"),
    [
        ("alt", "130", "40", 2),
        ("alt", "40", "40", 0),
        ("bilirubin", "32", "21", 2),
        ("creatinine", "95", "97", 0),
        ("creatinine", "98", "97", 1),
        ("creatinine", "150", "97", 2),
    ],
)
def test_without_a_baseline_it_counts_as_normal_and_is_flagged(analyte, value, uln, expected):
    result = graded(analyte, value, uln=uln)
    assert result.value == expected
    assert flags(result) == [NO_BASELINE]


@pytest.mark.parametrize("analyte", ["alt", "ast", "bilirubin"])
@pytest.mark.parametrize("baseline", [None, "20", "80"])
def test_without_a_uln_a_rise_cannot_be_graded(analyte, baseline):
    result = graded(analyte, "5000", lln="5", baseline=baseline)
    assert result.value is None
    assert result.step.render() == "the upper limit of normal is missing"


def test_without_a_uln_creatinine_is_graded_by_its_baseline_from_grade_2():
    assert graded("creatinine", "90", baseline="60").value is None
    assert graded("creatinine", "95").value is None
    result = graded("creatinine", "190", baseline="60")
    assert result.value == 3
    assert flags(result) == ["at least grade 3: the upper limit of normal is missing"]


def test_a_reference_of_zero_is_no_reference():
    assert graded("anc", "1.6", lln="0").value is None
    assert graded("alt", "50", uln="0").value is None


# --- in words --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "step"),
    [
        (graded("anc", "0.49", lln="1.8"), "0.49 is below 0.5: grade 4"),
        (graded("anc", "1.6", lln="1.8"), "1.6 is below 1 × LLN (1.8): grade 1"),
        (
            graded("alt", "130", uln="40", baseline="80"),
            "130 is at least 1.5 × baseline (80): grade 1",
        ),
        (
            graded("creatinine", "150", uln="97", baseline="140"),
            "150 is above 1.5 × ULN (97): grade 2",
        ),
        (graded("alt", "30", uln="40", baseline="20"), "30 reaches no grade: grade 0"),
    ],
)
def test_a_grade_says_which_bound_gave_it(result, step):
    assert result.step.render() == step


# --- properties ------------------------------------------------------------------------------

amounts = st.decimals("0.1", "2000", places=1)


@given(amounts, amounts, amounts, st.sampled_from(["anc", "wbc", "platelets", "hemoglobin"]))
def test_a_lower_value_never_has_a_milder_grade(one, other, lln, analyte):
    low, high = sorted((one, other))
    worse, milder = (graded(analyte, str(value), lln=str(lln)).value for value in (low, high))
    assert worse >= milder


@given(
    amounts, amounts, amounts, amounts, st.sampled_from(["alt", "ast", "bilirubin", "creatinine"])
)
def test_a_higher_value_never_has_a_milder_grade(one, other, uln, baseline, analyte):
    low, high = sorted((one, other))
    milder, worse = (
        graded(analyte, str(value), uln=str(uln), baseline=str(baseline)).value
        for value in (low, high)
    )
    assert worse >= milder


@given(amounts, amounts, st.sampled_from(["1.5", "3", "6"]))
def test_a_multiple_is_compared_exactly(uln, baseline, times):
    """At n x ULN the milder grade holds, whatever the digits; a product in floats drifts."""
    limit = Fraction(uln) * Fraction(times)
    at_limit = Decimal(limit.numerator) / Decimal(limit.denominator)
    expected = {"1.5": 1, "3": 2, "6": 3}[times]
    high_baseline = str(at_limit + baseline)  # so that only the ULN speaks
    assert graded("creatinine", str(at_limit), uln=str(uln), baseline=high_baseline).value == (
        expected
    )


# --- against the published table -------------------------------------------------------------

PUBLISHED = {
    "anc": ("Neutrophil count decreased", ["0.5", "1", "1.5"]),
    "wbc": ("White blood cell decreased", ["1", "2", "3"]),
    "platelets": ("Platelet count decreased", ["25", "50", "75"]),
    "hemoglobin": ("Anemia", ["80", "100"]),
}


@pytest.mark.parametrize("analyte", PUBLISHED)
def test_the_numeric_limits_are_those_of_the_published_version(analyte):
    term, limits = PUBLISHED[analyte]
    published = json.loads(shared_path("standards/ctcae-5.0/ncictcaev5.json").read_text())
    rows = next(
        row
        for row in published
        if row["TERM"] == term and row.get("UNIT_CHECK") in ("10^9/L", "g/L")
    )
    worst = 3 if analyte == "hemoglobin" else 4
    for step, limit in enumerate(limits):
        assert f"signif(AVAL, signif_dig) < {limit} " in rows[f"GRADE_{worst - step}_CODE"]
        assert graded(analyte, limit, lln="300").value == worst - step - 1
