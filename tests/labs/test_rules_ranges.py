"""Dated reference ranges of a laboratory."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.ranges import RangeRow, in_force, overlaps

FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 6, 30)
DAY = dt.timedelta(days=1)
BOTH = RangeRow("hemoglobin", "", "g/L", Decimal(115), Decimal(150), FIRST, LAST)
OPEN = replace(BOTH, valid_from=LAST + DAY, valid_to=None)
MALE = replace(BOTH, sex="male", low=Decimal(130), valid_to=dt.date(2026, 3, 31))


def found(day, *rows, sex="female", analyte="hemoglobin"):
    return in_force(rows or (BOTH, OPEN), analyte=analyte, sex=sex, day=day)


@pytest.mark.parametrize(
    ("day", "row"),
    [
        (FIRST - DAY, None),
        (FIRST, BOTH),
        (FIRST + DAY, BOTH),
        (LAST - DAY, BOTH),
        (LAST, BOTH),
        (LAST + DAY, OPEN),
        (dt.date(2126, 1, 1), OPEN),
    ],
)
def test_the_first_and_the_last_day_belong_to_a_range(day, row):
    assert found(day) == row


@pytest.mark.parametrize(
    ("day", "sex", "row"),
    [
        (dt.date(2026, 3, 31), "male", MALE),
        (dt.date(2026, 4, 1), "male", BOTH),
        (dt.date(2026, 3, 31), "female", BOTH),
        (dt.date(2026, 3, 31), "", BOTH),
    ],
)
def test_a_range_for_the_sex_wins(day, sex, row):
    assert found(day, BOTH, MALE, sex=sex) == row
    assert found(day, MALE, BOTH, sex=sex) == row


def test_another_sex_or_analyte_has_no_range():
    assert found(FIRST, MALE) is None
    assert found(FIRST, analyte="anc") is None


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (OPEN, False),
        (replace(OPEN, valid_from=LAST), True),
        (replace(BOTH, valid_to=None), True),
        (replace(BOTH, valid_from=FIRST - DAY, valid_to=FIRST - DAY), False),
        (replace(BOTH, valid_from=FIRST - DAY, valid_to=FIRST), True),
        (replace(BOTH, valid_from=FIRST + DAY, valid_to=LAST - DAY), True),
        (replace(BOTH, unit="g/dL"), True),
        (replace(BOTH, analyte="anc"), False),
        (MALE, False),
    ],
)
def test_ranges_overlap_where_a_day_belongs_to_both(other, expected):
    assert overlaps(BOTH, other) is expected
    assert overlaps(other, BOTH) is expected


days = st.dates(dt.date(2026, 1, 1), dt.date(2026, 1, 20))
spans = st.tuples(days, st.none() | days).filter(lambda span: span[1] is None or span[0] <= span[1])


@given(spans, spans, days)
def test_ranges_that_do_not_overlap_never_hold_on_one_day(one, other, day):
    rows = [replace(BOTH, valid_from=first, valid_to=last) for first, last in (one, other)]
    both_hold = all(found(day, row) is not None for row in rows)
    assert not both_hold or overlaps(*rows)
