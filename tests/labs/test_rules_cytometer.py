"""Whether a cytometer's file agrees with what was typed: each bound from both sides."""

import datetime as dt

import pytest

from labs.rules.cytometer import Acquisition, Typed, differences

COLLECTED = dt.datetime(2026, 3, 17, 7, 40, tzinfo=dt.UTC)
ENTERED = dt.datetime(2026, 3, 17, 16, 0, tzinfo=dt.UTC)
NOON = COLLECTED.replace(hour=12)
SECOND = dt.timedelta(seconds=1)


def said(events: int, began: dt.datetime | None, targets: int | None = 9840) -> list[str]:
    found = differences(Acquisition(events, began), Typed(targets, COLLECTED, ENTERED))
    return [message.render() for message in found]


@pytest.mark.parametrize("events", [9840, 9841, 60000])
def test_as_many_events_as_targets_or_more_agree(events: int) -> None:
    assert said(events, NOON) == []


def test_fewer_events_than_targets_do_not() -> None:
    assert said(9839, NOON) == [
        "the file holds 9,839 events, fewer than the 9,840 targets that were typed"
    ]


def test_without_targets_there_is_nothing_to_compare() -> None:
    assert said(9840, NOON, None) == ["no targets were typed to compare the events with"]


@pytest.mark.parametrize("began", [COLLECTED, COLLECTED + SECOND, ENTERED - SECOND, ENTERED])
def test_between_the_blood_and_the_entry_is_possible(began: dt.datetime) -> None:
    assert said(9840, began) == []


def test_before_the_blood_was_collected_is_told() -> None:
    assert said(9840, COLLECTED - SECOND) == [
        "acquired 2026-03-17 07:39, before the blood was collected (2026-03-17 07:40)"
    ]


def test_after_the_wells_were_entered_is_told() -> None:
    assert said(9840, ENTERED + SECOND) == [
        "acquired 2026-03-17 16:00, after the wells were entered (2026-03-17 16:00)"
    ]


def test_a_file_without_a_time_says_so() -> None:
    assert said(9840, None) == ["the file does not say when it was acquired"]
