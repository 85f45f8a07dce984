"""Courses of corticosteroids as eligibility's rule reads them (DOMAIN 2, 12)."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.verdicts import State
from safety.rules.corticosteroids import Course, Rate, rate_of
from trial_site.protocol import current

TODAY = dt.date(2026, 3, 18)
JUDGED_ON = TODAY + dt.timedelta(days=1)
FIRST = TODAY - dt.timedelta(days=6)  # of the seven days that are looked at
YESTERDAY = TODAY - dt.timedelta(days=1)


def course(agent: str = "methylprednisolone", mg: str = "40", **changes: object) -> Course:
    values: dict[str, object] = {
        "agent": agent,
        "dose_mg": Decimal(mg),
        "every_days": 1,
        "route": "oral",
        "route_name": "By mouth",
        "since": YESTERDAY,
        "until": None,
    }
    return Course(**values | changes)  # type: ignore[arg-type]


def rate(*courses: Course, weight: str | None = "60", on: dt.date | None = YESTERDAY) -> Rate:
    return rate_of(
        courses,
        judged_on=JUDGED_ON,
        weight_kg=Decimal(weight) if weight else None,
        weight_on=on,
        protocol=current(),
    )


def days(found: Rate) -> dict[dt.date, str]:
    assert found.diary is not None
    return {day.on: day.intake.ped for day in found.diary.days}


def test_a_course_counts_on_each_of_its_days() -> None:
    found = days(rate(course("prednisone", "20", since=FIRST + dt.timedelta(days=2))))
    assert list(found.values()) == ["0", "0", "20", "20", "20", "20", "20"]


def test_a_course_that_ended_counts_up_to_its_last_day() -> None:
    found = days(rate(course("prednisone", "20", since=FIRST, until=FIRST)))
    assert list(found.values()) == ["20", "0", "0", "0", "0", "0", "0"]


@pytest.mark.parametrize("began_days_before", [0, 1, 2, 3, 29, 30])
def test_alternate_days_are_averaged_whatever_day_it_began(began_days_before: int) -> None:
    since = FIRST - dt.timedelta(days=began_days_before)
    found = days(rate(course("prednisone", "60", every_days=2, since=since), weight="55"))
    assert set(found.values()) == {"30"}


def test_a_course_from_before_the_trial_counts_on_every_day() -> None:
    assert set(days(rate(course("prednisone", "20", since=None))).values()) == {"20"}


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (FIRST - dt.timedelta(days=9), FIRST - dt.timedelta(days=1)),
        (None, FIRST - dt.timedelta(days=1)),
        (JUDGED_ON, None),
    ],
)
def test_a_course_outside_these_days_says_nothing_about_them(
    since: dt.date | None, until: dt.date | None
) -> None:
    found = rate(course(since=since, until=until))
    assert found.diary is None
    assert found.verdict.state is State.UNKNOWN


def test_nothing_recorded_is_unknown_and_never_none() -> None:
    found = rate()
    assert (found.diary, found.verdict.state) == (None, State.UNKNOWN)
    assert found.verdict.needed


# --- the limit -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mg", "state"),
    [("47.99", State.MET), ("48", State.NOT_MET), ("48.01", State.NOT_MET)],
)
def test_around_the_limit(mg: str, state: State) -> None:
    assert rate(course(mg=mg)).verdict.state is state


def test_two_agents_add_up() -> None:
    both = [course("prednisone", "20"), course("hydrocortisone", "100", route="iv")]
    found = rate(*both, weight="50")
    assert found.verdict.state is State.MET
    assert found.diary is not None
    assert (found.diary.highest.ped, found.diary.highest.per_kg) == ("45", "0.90")


def test_exactly_one_fails_where_floats_pass() -> None:
    found = rate(course("dexamethasone", "6.6"), weight="44.0")
    assert found.verdict.state is State.NOT_MET
    assert found.diary is not None
    assert (found.diary.highest.ped, found.diary.highest.per_kg) == ("44", "1.00")


@pytest.mark.parametrize(
    ("weight", "on"),
    [(None, None), ("60", None), ("60", JUDGED_ON - dt.timedelta(days=8))],
)
def test_without_a_recent_weight_a_dose_is_unknown(weight: str | None, on: dt.date | None) -> None:
    assert rate(course(mg="1"), weight=weight, on=on).verdict.state is State.UNKNOWN


def test_a_weight_of_seven_days_ago_counts() -> None:
    found = rate(course(mg="1"), on=JUDGED_ON - dt.timedelta(days=7))
    assert found.verdict.state is State.MET


# --- routes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ["topical", "inhaled", "intra_articular"])
def test_local_routes_do_not_count(route: str) -> None:
    pulse = course(mg="500", route=route)
    assert rate(pulse).diary is None
    assert rate(course(mg="10"), pulse).verdict.state is State.MET


@pytest.mark.parametrize("route", ["im", "sc", "other"])
def test_an_undecided_route_leaves_open_what_would_pass(route: str) -> None:
    depot = course("triamcinolone", "40", route=route, route_name="Intramuscular")
    found = rate(course(mg="10"), depot).verdict
    assert found.state is State.UNKNOWN
    assert "whether Triamcinolone counts by this route: Intramuscular" in map(str, found.needed)
    assert rate(course(mg="48"), depot).verdict.state is State.NOT_MET  # fails without it
    over = replace(depot, since=None, until=FIRST - dt.timedelta(days=1))
    assert rate(course(mg="10"), over).verdict.state is State.MET


@given(mg=st.integers(1, 2000), weight=st.integers(20, 300), length=st.integers(1, 30))
def test_a_daily_course_passes_below_its_weight_however_long(
    mg: int, weight: int, length: int
) -> None:
    since = TODAY - dt.timedelta(days=length - 1)
    found = rate(course("prednisone", str(mg), since=since), weight=str(weight))
    assert (found.verdict.state is State.MET) == (mg < weight)
