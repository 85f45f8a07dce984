"""The week ahead: what falls due on each day, from the facts and further than the flags look."""

import csv
import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from dosing.models import DrugChoice
from outcomes.rules.bloods import Treatment
from outcomes.rules.flags import DatedRecord
from outcomes.rules.follow_up import ParticipantSchedule, PcrSummary
from outcomes.rules.week import flags_ahead
from outcomes.week import Day, first_day, week_ahead
from oversight.trail import AuditEntry
from tests import factories
from trial_site import clock
from trial_site.models import Site
from trial_site.protocol import current
from trial_site.protocol.definition import Frequency
from trial_site.roles import Role

Login = Callable[[Role], Client]
WEEK, FILE = "/follow-up/week/", "/follow-up/week.csv"
DAY0 = dt.date(2026, 1, 1)


def january(day: int) -> dt.date:
    return dt.date(2026, 1, day)


STATE = ParticipantSchedule(
    subject="PKU-001",
    day0=DatedRecord(DAY0, "participant:1"),
    treatments=(Treatment(DAY0, None, Frequency.EVERY_12_HOURS, "order:1"),),
)


def ahead(state: ParticipantSchedule, today: int, last: int) -> list[str]:
    found = flags_ahead(state, today=january(today), last=january(last), protocol=current())
    return [flag.key for flag in found]


def test_a_check_that_is_repeated_is_planned_to_the_last_day() -> None:
    assert ahead(STATE, today=1, last=8) == [
        "blood_count:2026-01-03",
        "pcr:2026-01-04",
        "blood_count:2026-01-05",
        "blood_count:2026-01-07",
        "pcr:2026-01-07",
        "creatinine:2026-01-08",
    ]


def test_what_is_late_is_taken_as_done_today() -> None:
    assert ahead(STATE, today=5, last=8) == [
        "blood_count:2026-01-03",
        "pcr:2026-01-04",
        "blood_count:2026-01-07",
        "creatinine:2026-01-08",
        "pcr:2026-01-08",
    ]


def test_nothing_is_planned_after_the_end() -> None:
    assert ahead(replace(STATE, follow_up_ended=True), today=1, last=31) == []


@given(st.integers(1, 20), st.integers(0, 30), st.integers(0, 10))
def test_every_plan_ends_and_lies_before_its_last_day(today: int, days: int, since: int) -> None:
    sampled = DatedRecord(DAY0 + dt.timedelta(days=since), "result:1")
    state = replace(STATE, pcr=PcrSummary(last=sampled))
    last = january(today) + dt.timedelta(days=days)
    found = flags_ahead(state, today=january(today), last=last, protocol=current())
    assert all(flag.due_on <= last for flag in found)
    assert len({flag.key for flag in found}) == len(found)
    assert [flag.due_on for flag in found] == sorted(flag.due_on for flag in found)


# --- the page ---------------------------------------------------------------------------------


def by_day(days: list[Day]) -> dict[int, list[str]]:
    return {day.day.day: [str(entry.title) for entry in day.entries] for day in days}


@pytest.mark.django_db
def test_seven_days_from_the_facts_without_any_flag(site: Site) -> None:
    factories.on_treatment(site, days_ago=1)
    days = week_ahead(factories.user(Role.NURSE, site), clock.today())
    assert [day.day.isoformat() for day in days][::6] == ["2026-03-18", "2026-03-24"]
    found = by_day(days)
    assert "Blood count under ganciclovir" in found[19]
    assert "CMV-DNA sample" in found[20]
    assert {"Day 7", "NK cytotoxicity sample", "Creatinine under ganciclovir"} <= set(found[24])
    assert found[18] == ["Day 0, baseline"]  # yesterday's, and late
    assert [day.planned_doses for day in days] == [2] * 7


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("", "2026-03-18"),
        ("nonsense", "2026-03-18"),
        ("2026-03-17", "2026-03-18"),
        ("2026-03-25", "2026-03-25"),
        ("9999-12-31", "2026-07-16"),
    ],
)
def test_the_first_day(asked: str, first: str) -> None:
    assert first_day(asked).isoformat() == first


@pytest.mark.django_db
def test_the_page_by_role(site: Site, login: Login) -> None:
    participant = factories.on_treatment(site, "il2_gcv", days_ago=1)
    factories.order(participant, DrugChoice.IL2)
    nurse = login(Role.NURSE).get(WEEK).content.decode()
    assert "Interleukin-2 × 1" in nurse
    assert "Visits of the week" in nurse
    lab = login(Role.LAB).get(WEEK).content.decode()
    assert "Blood count under ganciclovir" in lab
    assert "× " not in lab
    assert "Day 7" not in lab
    assert login(Role.ADMIN).get(WEEK).status_code == 403
    assert "dose" not in login(Role.STATISTICIAN).get(WEEK).content.decode().partition("<main")[2]


@pytest.mark.django_db
def test_an_empty_week_says_so(site: Site, other_site: Site, login: Login) -> None:
    factories.on_treatment(other_site, days_ago=1)
    page = login(Role.COORDINATOR).get(WEEK, {"from": "2026-03-25"}).content.decode()
    assert "Nothing is due in these seven days" in page
    assert "From today" in page


@pytest.mark.django_db
def test_the_file_holds_the_same_and_leaves_a_trace(site: Site, login: Login) -> None:
    participant = factories.on_treatment(site, days_ago=1)
    answer = login(Role.COORDINATOR).get(FILE, {"from": "2026-03-19"})
    rows = list(csv.DictReader(b"".join(answer).decode().splitlines()))
    counts = [row for row in rows if row["what"] == "Blood count under ganciclovir"]
    assert [row["day"] for row in counts][:2] == ["2026-03-19", "2026-03-21"]
    assert {row["subject"] for row in rows} == {participant.subject}
    assert sum(int(row["planned_doses"] or 0) for row in rows) == 14
    assert (
        AuditEntry.objects.filter(event="exported")
        .latest("pk")
        .changes["file"]
        .startswith("week-ahead-2026-03-19")
    )


@pytest.mark.django_db
def test_many_are_read_with_as_many_questions_as_one(
    site: Site, login: Login, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        factories.on_treatment(site)
    client = login(Role.COORDINATOR)
    with django_assert_max_num_queries(20):
        client.get(WEEK)
    with django_assert_max_num_queries(20):
        client.get("/follow-up/")
