"""What is quiet and for how long, and what goes to the investigator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.rules.attention import (
    ESCALATES_AFTER,
    LONGEST_SNOOZE_DAYS,
    Answer,
    has_to_escalate,
    is_quiet,
    last_snooze,
    standing,
)
from outcomes.rules.flags import FlagKind, Urgency

CLOSES = date(2026, 3, 10)


@dataclass(frozen=True)
class Said:
    kind: str = "visit"
    window_opens: date = CLOSES - timedelta(days=2)
    window_closes: date = CLOSES
    answer: str = ""
    answered_on: date | None = None
    snoozed_until: date | None = None


def march(day: int) -> date:
    return date(2026, 3, day)


def test_without_an_answer_nothing_is_quiet() -> None:
    assert not is_quiet(Said(), march(1))


@pytest.mark.parametrize(
    ("answered", "today", "quiet"),
    [
        (8, 8, True),  # before it is late: quiet until it is
        (8, 10, True),
        (8, 11, False),
        (10, 11, False),
        (11, 11, True),  # once it is late: for good
        (11, 31, True),
    ],
)
def test_an_early_acknowledgement_ends_when_the_flag_is_late(
    answered: int, today: int, quiet: bool
) -> None:
    said = Said(answer=Answer.ACKNOWLEDGED, answered_on=march(answered))
    assert is_quiet(said, march(today)) is quiet


def test_a_finding_that_is_acknowledged_stays_so() -> None:
    said = Said(kind="relapse", answer=Answer.ACKNOWLEDGED, answered_on=march(8))
    assert is_quiet(said, march(31))


@pytest.mark.parametrize(("today", "quiet"), [(8, True), (11, True), (12, False), (13, False)])
def test_a_snooze_lasts_until_its_day(today: int, quiet: bool) -> None:
    said = Said(answer=Answer.SNOOZED, answered_on=march(8), snoozed_until=march(12))
    assert is_quiet(said, march(today)) is quiet


@pytest.mark.parametrize(
    ("kind", "today", "last"),
    [
        ("visit", 1, march(15)),  # a fortnight, whatever the window
        ("visit", 12, march(26)),
        ("bloods", 1, march(10)),  # never beyond the day by which it must be done
        ("bloods", 9, march(10)),
        ("bloods", 10, None),
        ("bloods", 11, None),
        ("relapse", 8, march(10)),
        ("refractory", 10, None),
    ],
)
def test_how_long_a_flag_may_be_snoozed(kind: str, today: int, last: date | None) -> None:
    assert last_snooze(kind, CLOSES, march(today)) == last


@pytest.mark.parametrize(
    ("kind", "today", "escalates"),
    [
        ("visit", 17, False),
        ("visit", 18, True),
        ("pcr_check", 13, False),
        ("pcr_check", 14, True),
        ("doses", 12, False),
        ("doses", 13, True),
        ("bloods", 11, False),
        ("bloods", 12, True),
        ("nk_sample", 10, False),
        ("nk_sample", 11, True),
        ("relapse", 8, True),  # harm at once
        ("refractory", 8, True),
    ],
)
def test_what_is_late_for_too_long_escalates(kind: str, today: int, escalates: bool) -> None:
    assert has_to_escalate(Said(kind=kind), march(today)) is escalates


def test_what_somebody_answered_for_does_not_escalate() -> None:
    said = Said(answer=Answer.ACKNOWLEDGED, answered_on=march(12))
    assert not has_to_escalate(said, march(31))


def test_every_kind_has_its_patience() -> None:
    assert set(ESCALATES_AFTER) == set(FlagKind)


def test_what_escalated_stands_with_what_is_late() -> None:
    assert standing(Said(), True, march(8)) is Urgency.LATE
    assert standing(Said(), False, march(8)) is Urgency.DUE
    assert standing(Said(), False, march(11)) is Urgency.LATE


@given(st.sampled_from(sorted(FlagKind)), st.integers(-40, 40))
def test_nothing_is_snoozed_out_of_sight(kind: str, offset: int) -> None:
    today = CLOSES + timedelta(days=offset)
    last = last_snooze(kind, CLOSES, today)
    if last is not None:
        assert today < last <= today + timedelta(days=LONGEST_SNOOZE_DAYS)
