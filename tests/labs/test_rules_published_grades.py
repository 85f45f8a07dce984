"""Grades against the published CTCAE v5.0, whose own rules are read and evaluated (DOMAIN 8)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Context, Decimal

import pytest

from labs.rules.grading import grade
from tests.shared import shared_path
from trial_site.protocol import current

PROTOCOL = current()
SIGNIFICANT = Context(prec=15)  # the digits that the published rules compare

# --- the language of the published rules -------------------------------------------------------

TOKEN = re.compile(r'\s*(%in%|<=|>=|[A-Za-z_.]+|[0-9.]+|"[^"]*"|[<>!&|~*(),])')
NOT_AVAILABLE = "NA_character_"

Value = Decimal | bool | str | frozenset[str] | None


class Rules:
    """``condition ~ grade`` pairs in their order, over the variables of one case.

    As in the language they are written in, a condition that is not known does not hold, and
    comparing with what is missing is not known.
    """

    def __init__(self, text: str, case: dict[str, Value]) -> None:
        self.tokens = TOKEN.findall(text)
        assert "".join(self.tokens) == "".join(text.split()), text
        self.case = case

    def result(self) -> str | None:
        """The grade of the first condition that holds; ``None`` where none does."""
        found = None
        while self.tokens:
            holds = self.either()
            self.take("~")
            grade = self.tokens.pop(0).strip('"')
            if holds is True and found is None:
                found = grade
            if self.tokens:
                self.take(",")
        return found

    def take(self, token: str) -> None:
        assert self.tokens.pop(0) == token

    def next_is(self, *tokens: str) -> bool:
        return bool(self.tokens) and self.tokens[0] in tokens

    def either(self) -> Value:
        answers = [self.both()]
        while self.next_is("|"):
            self.take("|")
            answers.append(self.both())
        return True if True in answers else None if None in answers else answers[0]

    def both(self) -> Value:
        answers = [self.negated()]
        while self.next_is("&"):
            self.take("&")
            answers.append(self.negated())
        if len(answers) == 1:
            return answers[0]
        return False if False in answers else None if None in answers else True

    def negated(self) -> Value:
        if not self.next_is("!"):
            return self.comparison()
        self.take("!")
        answer = self.comparison()
        return None if answer is None else not answer

    def comparison(self) -> Value:
        left = self.product()
        if not self.next_is("<", ">", "<=", ">=", "%in%"):
            return left
        sign = self.tokens.pop(0)
        right = self.product()
        if sign == "%in%":
            return isinstance(right, frozenset) and left in right
        if left is None or right is None:
            return None
        assert isinstance(left, Decimal)
        assert isinstance(right, Decimal)
        return {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[
            sign
        ]

    def product(self) -> Value:
        value = self.term()
        while self.next_is("*"):
            self.take("*")
            other = self.term()
            known = isinstance(value, Decimal) and isinstance(other, Decimal)
            value = value * other if known else None
        return value

    def term(self) -> Value:
        word = self.tokens.pop(0)
        if word == "(":
            value = self.either()
        elif word == "is.na":
            self.take("(")
            value = self.either() is None
        elif word == "signif":
            self.take("(")
            number = self.product()
            self.take(",")
            self.take("signif_dig")
            value = None if number is None else SIGNIFICANT.plus(number)
        else:
            return Decimal(word) if word[0].isdigit() else self.case[word]
        self.take(")")
        return value


def published_grade(rules: dict[str, str], case: dict[str, Value]) -> int | None:
    """Not available first, then the grades from the worst; 0 where no condition holds."""
    names = ("NA", "4", "3", "2", "1")
    written = [rules[f"GRADE_{name}_CODE"] for name in names if f"GRADE_{name}_CODE" in rules]
    found = Rules(",".join(written), case).result()
    return None if found == NOT_AVAILABLE else int(found or 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('is.na(A) ~ "1", B < 2 ~ "2"', "1"),
        ('A < 2 ~ "1", B < 2 ~ "2"', "2"),
        ('!(S %in% high) & B > 0.5*B ~ "1"', None),
        ('S %in% high & signif(B, signif_dig) >= 1 ~ "1"', "1"),
        ("is.na(B) | is.na(A) ~ NA_character_", NOT_AVAILABLE),
        ('A > 1 | B > 2 ~ "1"', None),
    ],
)
def test_the_published_language_is_read(text: str, expected: str | None) -> None:
    case = {"A": None, "B": Decimal(1), "S": "HIGH", "high": frozenset({"HIGH"})}
    assert Rules(text, case).result() == expected


# --- ours against theirs -----------------------------------------------------------------------

FALLING = {  # the limits of DOMAIN 8 in the last place that laboratories print, and LLNs
    "anc": (["0.5", "1.0", "1.5"], ["1.8", "2.00", "1.2"], "0.01"),
    "wbc": (["1.0", "2.0", "3.0"], ["3.5", "4.00", "2.5"], "0.01"),
    "platelets": (["25", "50", "75"], ["125", "100", "60"], "1"),
    "hemoglobin": (["80", "100"], ["115", "130", "90"], "1"),
}
RISING = {  # multiples of ULN or baseline in DOMAIN 8; ULN; baselines: normal, at ULN, abnormal
    "creatinine": (["1", "1.5", "3.0", "6.0"], ["97", "84.5"], ["60", "97", "97.1", "150"], "0.1"),
    "alt": (["1", "1.5", "3", "5", "20"], ["40", "50"], ["20", "40", "41", "80"], "0.1"),
    "ast": (["1", "1.5", "3", "5", "20"], ["40", "35"], ["20", "40", "41", "80"], "0.1"),
    "bilirubin": (["1", "1.5", "3", "10"], ["21", "17.1"], ["15", "21", "21.1", "30"], "0.1"),
}
Case = tuple[Decimal, Decimal | None, Decimal | None, Decimal | None]


def around(limit: Decimal, place: str) -> Iterator[Decimal]:
    """The limit itself and one unit in the last place to either side of it."""
    return (limit + step * Decimal(place) for step in (-1, 0, 1))


def falling_cases(analyte: str) -> Iterator[Case]:
    limits, lower_limits, place = FALLING[analyte]
    for lln in (*map(Decimal, lower_limits), None):
        for limit in (*map(Decimal, limits), *([] if lln is None else [lln])):
            for value in around(limit, place):
                yield value, lln, None, None


def rising_cases(analyte: str) -> Iterator[Case]:
    multiples, upper_limits, baselines, place = RISING[analyte]
    for uln in (*map(Decimal, upper_limits), None):
        for baseline in (*map(Decimal, baselines), None):
            for reference in (uln, baseline):
                for times in multiples if reference is not None else ():
                    for value in around(reference * Decimal(times), place):
                        yield value, None, uln, baseline


@pytest.fixture(scope="module")
def published() -> dict[str, dict[str, str]]:
    path = shared_path("standards/ctcae-5.0/ncictcaev5.json")
    rows = json.loads(path.read_text(encoding="utf-8"))
    units = {None, "10^9/L", "g/L"}  # of terms in several units, the one that ours are kept in
    return {row["TERM"]: row for row in rows if row.get("UNIT_CHECK") in units}


def their_grade(rules: dict[str, str], case: Case) -> int | None:
    value, lln, uln, baseline = case
    is_high = baseline is not None and uln is not None and baseline > uln
    return published_grade(
        rules,
        {
            "AVAL": value,
            "ANRLO": lln,
            "ANRHI": uln,
            "BASE": baseline,
            "BNRIND": None if baseline is None else "HIGH" if is_high else "NORMAL",
            "high_indicator": frozenset({"HIGH"}),
        },
    )


@pytest.mark.parametrize("analyte", [*FALLING, *RISING])
def test_every_bound_gives_the_published_grade(
    published: dict[str, dict[str, str]], analyte: str
) -> None:
    table = PROTOCOL.grade_table(analyte)
    rules = published[table.term]
    cases = list(falling_cases(analyte) if analyte in FALLING else rising_cases(analyte))
    assert len(cases) > 30
    grades = set()
    for case in cases:
        value, lln, uln, baseline = case
        ours = grade(table, value=value, lln=lln, uln=uln, baseline=baseline).value
        assert ours == their_grade(rules, case), (analyte, case)
        grades.add(ours)
    worst = 3 if analyte == "hemoglobin" else 4
    assert grades == {None, *range(worst + 1)}


def test_grade_4_anaemia_is_clinical_in_both(published: dict[str, dict[str, str]]) -> None:
    table = PROTOCOL.grade_table("hemoglobin")
    case = (Decimal(30), Decimal(115), None, None)
    assert "GRADE_4_CODE" not in published[table.term]
    assert their_grade(published[table.term], case) == 3
    assert grade(table, value=case[0], lln=case[1], uln=None, baseline=None).value == 3


def test_a_limit_of_zero_is_missing_here_and_a_number_there(
    published: dict[str, dict[str, str]],
) -> None:
    """Deliberate: no laboratory's limit is 0, so that a 0 is a slip and grades nothing."""
    table = PROTOCOL.grade_table("alt")
    case = (Decimal(50), None, Decimal(0), None)
    assert their_grade(published[table.term], case) == 4
    assert grade(table, value=case[0], lln=None, uln=case[2], baseline=None).value is None


def test_more_than_15_digits_are_compared_here_and_not_there(
    published: dict[str, dict[str, str]],
) -> None:
    """Deliberate: values are compared unrounded."""
    table = PROTOCOL.grade_table("anc")
    case = (Decimal("0.4999999999999999999"), Decimal("1.8"), None, None)
    assert their_grade(published[table.term], case) == 3
    assert grade(table, value=case[0], lln=case[1], uln=None, baseline=None).value == 4
