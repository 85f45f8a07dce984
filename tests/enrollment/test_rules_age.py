"""A1: completed years at consent (DOMAIN 1.1, 12)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.age import age_on, age_range
from enrollment.rules.verdicts import State
from tests.enrollment.eligible import CONSENT_ON, ELIGIBLE, judge, verdict, words


@pytest.mark.parametrize(
    ("birth", "state"),
    [
        (date(2008, 3, 17), State.NOT_MET),  # 17 y 364 d
        (date(2008, 3, 16), State.MET),  # 18th birthday
        (date(2008, 3, 15), State.MET),
        (date(1955, 3, 17), State.MET),  # 70 y 364 d
        (date(1955, 3, 16), State.NOT_MET),  # 71st birthday
        (date(1955, 3, 15), State.NOT_MET),
        (None, State.UNKNOWN),
        (date(2026, 3, 17), State.UNKNOWN),  # born after consent: unreadable
    ],
)
def test_age_at_consent_on_16_march_2026(birth: date | None, state: State) -> None:
    assert verdict("A1", birth_date=birth).state is state


def test_consent_is_needed() -> None:
    judged = judge(ELIGIBLE, consent_on=None).verdict("A1")

    assert judged.state is State.UNKNOWN
    assert words(judged.needed) == ["the date of consent"]


def test_consent_in_the_future_is_unknown() -> None:
    assert judge(ELIGIBLE, consent_on=date(2026, 3, 19)).verdict("A1").state is State.UNKNOWN


def test_step_says_the_age() -> None:
    assert words(verdict("A1").steps) == ["41 completed years on the day of consent, 2026-03-16"]


@pytest.mark.parametrize(
    ("birth_month", "state"),
    [
        (date(2008, 2, 1), State.MET),
        (date(2008, 3, 1), State.UNKNOWN),  # 17 or 18
        (date(2008, 4, 1), State.NOT_MET),
        (date(1955, 2, 1), State.NOT_MET),
        (date(1955, 3, 1), State.UNKNOWN),  # 70 or 71
        (date(1955, 4, 1), State.MET),
    ],
)
def test_unknown_day_is_unknown_only_near_the_limits(birth_month: date, state: State) -> None:
    judged = verdict("A1", birth_date=birth_month, birth_day_known=False)

    assert judged.state is state


def test_unknown_day_asks_for_the_day() -> None:
    judged = verdict("A1", birth_date=date(2008, 3, 1), birth_day_known=False)

    assert words(judged.steps) == ["17 or 18 years on the day of consent, 2026-03-16"]
    assert words(judged.needed) == ["the day of birth: the age is near the limit"]


@pytest.mark.parametrize(
    ("on", "age"),
    [
        (date(2026, 2, 28), 17),
        (date(2026, 3, 1), 18),  # a common year is completed on 1 March
        (date(2028, 2, 28), 19),
        (date(2028, 2, 29), 20),
    ],
)
def test_born_on_29_february(on: date, age: int) -> None:
    assert age_on(date(2008, 2, 29), on) == age


def test_no_age_before_birth() -> None:
    with pytest.raises(ValueError, match="before birth"):
        age_on(date(2008, 3, 17), date(2008, 3, 16))


births = st.dates(min_value=date(1940, 1, 1), max_value=date(2010, 12, 31))


@given(births, st.dates(min_value=date(2011, 1, 1), max_value=date(2040, 12, 31)))
def test_a_year_is_completed_on_the_birthday_and_not_before(birth: date, on: date) -> None:
    age = age_on(birth, on)
    birthday = (birth.month, birth.day)

    assert (birth.year + age, *birthday) <= (on.year, on.month, on.day)
    assert (on.year, on.month, on.day) < (birth.year + age + 1, *birthday)


@pytest.mark.parametrize(
    ("on", "ages"),
    [
        (date(2026, 2, 28), (17, 17)),
        (date(2026, 3, 1), (17, 18)),
        (date(2026, 3, 30), (17, 18)),
        (date(2026, 3, 31), (18, 18)),
        (date(2008, 3, 15), (0, 0)),  # not born later than today
    ],
)
def test_ages_of_somebody_born_in_march_2008(on: date, ages: tuple[int, int]) -> None:
    assert age_range(date(2008, 3, 9), on, day_known=False) == ages


@given(births)
def test_an_unknown_day_contains_the_true_age(birth: date) -> None:
    ages = age_range(birth.replace(day=1), CONSENT_ON, day_known=False)

    assert ages.youngest <= age_on(birth, CONSENT_ON) <= ages.oldest
    assert ages.oldest - ages.youngest <= 1
