"""What the entries of an adverse event must agree on."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from safety.rules.events import (
    Course,
    DrugAssessment,
    Seriousness,
    assessment_faults,
    course_faults,
    seriousness_faults,
)

SITE = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 3, 18, 12, 0, tzinfo=SITE)
TODAY = NOW.date()
DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)


def course(
    onset_on: dt.date = TODAY,
    onset_time: dt.time | None = None,
    ended_on: dt.date | None = None,
    grade: int = 2,
    outcome: str = "recovering",
) -> Course:
    return Course(onset_on, onset_time, ended_on, grade, outcome)


def fields(found: tuple[tuple[str, object], ...]) -> list[str]:
    return [name for name, _why in found]


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        (course(), []),
        (course(onset_time=dt.time(12, 0)), []),
        (course(onset_time=dt.time(12, 1)), ["onset_time"]),
        (course(TODAY + DAY), ["onset_on"]),
        (course(ended_on=TODAY), []),
        (course(ended_on=TODAY - DAY), ["ended_on"]),
        (course(ended_on=TODAY + DAY), ["ended_on"]),
    ],
)
def test_dates_of_an_event(told: Course, wrong: list[str]) -> None:
    assert fields(course_faults(told, now=NOW, tz=SITE)) == wrong


def test_the_day_is_the_sites() -> None:
    """23:30 in UTC is the next day at the site, where an event of that day has begun."""
    late = dt.datetime(2026, 3, 17, 23, 30, tzinfo=dt.UTC)
    assert course_faults(course(TODAY), now=late, tz=SITE) == ()
    assert fields(course_faults(course(TODAY), now=late, tz=ZoneInfo("UTC"))) == ["onset_on"]


HOSPITAL = ("hospitalisation",)


@pytest.mark.parametrize(
    ("serious", "told", "wrong"),
    [
        (Seriousness(), course(), []),
        (Seriousness(HOSPITAL, NOW), course(), []),
        (Seriousness(HOSPITAL, NOW + MINUTE), course(), ["serious_aware_at"]),
        (Seriousness(HOSPITAL), course(), ["serious_aware_at"]),
        (Seriousness((), NOW), course(), ["serious"]),
        (Seriousness(HOSPITAL, NOW - MINUTE), course(onset_time=dt.time(11, 59)), []),
        (Seriousness(HOSPITAL, NOW - MINUTE), course(onset_time=dt.time(12)), ["serious_aware_at"]),
        (Seriousness(HOSPITAL, NOW - DAY), course(), ["serious_aware_at"]),
        (Seriousness(), course(grade=4), []),  # severe is not serious
        (Seriousness(), course(grade=5), ["serious"]),
        (Seriousness(), course(outcome="fatal"), ["serious"]),
        (Seriousness(HOSPITAL, NOW), course(grade=5), ["serious"]),
        (Seriousness(("death",), NOW), course(grade=5, outcome="fatal"), []),
    ],
)
def test_seriousness(serious: Seriousness, told: Course, wrong: list[str]) -> None:
    assert fields(seriousness_faults(serious, told, now=NOW, tz=SITE)) == wrong


NONE_GIVEN = DrugAssessment("not_given", "not_given")
UNRELATED = DrugAssessment("unrelated", "none")
POSSIBLE = DrugAssessment("possible", "held")


@pytest.mark.parametrize(
    ("il2", "ganciclovir", "given", "expected", "wrong"),
    [
        (NONE_GIVEN, POSSIBLE, {"ganciclovir"}, True, []),
        (NONE_GIVEN, POSSIBLE, {"ganciclovir"}, None, ["is_expected"]),
        (NONE_GIVEN, UNRELATED, {"ganciclovir"}, None, []),
        (NONE_GIVEN, NONE_GIVEN, set(), None, []),
        (NONE_GIVEN, UNRELATED, {"il2", "ganciclovir"}, None, ["relation_il2", "action_il2"]),
        (UNRELATED, UNRELATED, {"ganciclovir"}, None, ["relation_il2", "action_il2"]),
        (
            DrugAssessment("not_given", "none"),
            UNRELATED,
            {"ganciclovir"},
            None,
            ["action_il2"],
        ),
    ],
)
def test_not_given_is_said_of_what_was_never_given(
    il2: DrugAssessment,
    ganciclovir: DrugAssessment,
    given: set[str],
    expected: bool | None,
    wrong: list[str],
) -> None:
    drugs = {"il2": il2, "ganciclovir": ganciclovir}
    assert fields(assessment_faults(drugs, frozenset(given), is_expected=expected)) == wrong
