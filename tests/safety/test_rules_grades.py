"""The criteria of CTCAE v5.0 in words, with the numbers of DOMAIN 8."""

import pytest

from safety.rules.grades import GRADES, criteria_of, known_terms
from trial_site.protocol import current

NBSP = "\N{NO-BREAK SPACE}"


def words(code: str, grade: int) -> str:
    return str(criteria_of(code, current())[grade]).replace(NBSP, " ")


@pytest.mark.parametrize(
    ("code", "grade", "text"),
    [
        ("anc", 1, "below the lower limit of normal, down to 1.5 ×10⁹/L"),
        ("anc", 2, "below 1.5 ×10⁹/L, down to 1 ×10⁹/L"),
        ("anc", 3, "below 1 ×10⁹/L, down to 0.5 ×10⁹/L"),
        ("anc", 4, "below 0.5 ×10⁹/L"),
        ("wbc", 3, "below 2 ×10⁹/L, down to 1 ×10⁹/L"),
        ("platelets", 4, "below 25 ×10⁹/L"),
        ("hemoglobin", 2, "below 100 g/L, down to 80 g/L"),
        ("hemoglobin", 3, "below 80 g/L"),
        ("hemoglobin", 4, "Life-threatening: urgent treatment"),  # clinical only
        ("anc", 5, "Death related to the event"),
        (
            "creatinine",
            2,
            "above 1.5 × the upper limit of normal, up to 3 × the upper limit of normal; "
            "or above 1.5 × baseline, up to 3 × baseline",
        ),
        (
            "alt",
            1,
            "baseline normal: above the upper limit of normal, up to 3 × the upper limit of "
            "normal; or baseline abnormal: at least 1.5 × baseline, up to 3 × baseline",
        ),
        (
            "bilirubin",
            4,
            "baseline normal: above 10 × the upper limit of normal; "
            "or baseline abnormal: above 10 × baseline",
        ),
        ("fever", 3, "Above 40.0 °C for 24 hours or less"),
        ("injection_site", 1, "Tenderness with or without redness or itching"),
        ("", 2, "Moderate: minimal, local or noninvasive treatment"),
        ("no such term", 5, "Death related to the event"),
    ],
)
def test_the_words_of_a_grade(code: str, grade: int, text: str) -> None:
    assert words(code, grade) == text


def test_every_known_term_has_words_for_every_grade() -> None:
    codes = [code for code, _name in known_terms(current())]
    assert codes == [
        *("injection_site", "fever", "anc", "wbc", "platelets", "hemoglobin"),
        *("creatinine", "alt", "ast", "bilirubin"),
    ]
    for code in codes:
        found = criteria_of(code, current())
        assert sorted(found) == list(GRADES)
        assert len({str(text) for text in found.values()}) == len(GRADES)
