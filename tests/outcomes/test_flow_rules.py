"""The CONSORT numbers add up, whatever becomes of whom; and recruitment's."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.places import EXCLUDED, Place
from enrollment.states import State
from outcomes.flow import ARM_STATES, NOT_ANALYSED, STEP_LABELS, STEPS, diagram
from outcomes.rules.flow import (
    Analysis,
    Flow,
    Patient,
    Treatment,
    analysis,
    count,
    treatment,
)
from outcomes.rules.recruitment import Step, Target, cumulative, expected_end, promised
from trial_site.protocol import current
from trial_site.protocol.definition import AllocationMode, ArmCode

ARMS = [arm.value for arm in ArmCode]
IL2, CONTROL = ArmCode.IL2_GANCICLOVIR, ArmCode.GANCICLOVIR
CRITERIA = [criterion.id for criterion in current().criteria]
DAY = dt.date(2026, 3, 18)

left = st.builds(
    Patient,
    place=st.sampled_from([place for place in Place if place is not Place.ALLOCATED]),
    reasons=st.lists(st.sampled_from(CRITERIA), min_size=1, unique=True).map(tuple),
)
treated = st.builds(
    Patient,
    place=st.just(Place.ALLOCATED),
    arm=st.sampled_from(ARMS),
    state=st.sampled_from([state.value for state in ARM_STATES]),
    treatment=st.sampled_from(Treatment),
    analysis=st.sampled_from(Analysis),
)
patients = st.lists(left | treated, max_size=60)


def counted(people: list[Patient]) -> Flow:
    return count(people, arms=ARMS)


@given(patients)
def test_everybody_assessed_is_somewhere(people: list[Patient]) -> None:
    found = counted(people)
    assert found.assessed == len(people)
    assert found.assessed == (
        found.excluded
        + found.places[Place.SCREENING]
        + found.places[Place.WAITING]
        + found.places[Place.ALLOCATED]
    )
    assert found.excluded == sum(found.places[place] for place in EXCLUDED)


@given(patients)
def test_every_step_of_an_arm_adds_up_to_its_allocated(people: list[Patient]) -> None:
    found = counted(people)
    assert sum(arm.allocated for arm in found.arms) == found.places[Place.ALLOCATED]
    for arm in found.arms:
        for step in (arm.treatments, arm.states, arm.analyses):
            assert sum(step.values()) == arm.allocated
        assert arm.analyses[Analysis.ANALYSED] + arm.not_analysed == arm.allocated


@given(patients)
def test_each_failure_has_a_reason_and_no_reason_more_than_the_failures(
    people: list[Patient],
) -> None:
    found = counted(people)
    failed = found.places[Place.FAILED]
    assert all(number <= failed for number in found.reasons.values())
    assert sum(found.reasons.values()) >= failed


@given(patients)
def test_the_diagram_writes_every_number_and_they_add_up(people: list[Patient]) -> None:
    found = counted(people)
    drawn = diagram(found, AllocationMode.RANDOMISED)
    assessed, excluded = drawn.assessed.lines[0], drawn.aside[0].lines
    assert excluded[0].count == sum(line.count for line in excluded if line.depth == 1)
    later = [box.lines[0].count for box in (drawn.aside[0], *drawn.aside[1:], drawn.allocated)]
    assert assessed.count == sum(later)
    for allocation, follow_up, analysed in drawn.arms:
        allocated = allocation.lines[0].count
        assert allocated == sum(line.count for line in allocation.lines[1:])
        assert allocated == sum(line.count for line in follow_up.lines)
        assert allocated == sum(line.count for line in analysed.lines if not line.depth)
        assert analysed.lines[1].count == sum(line.count for line in analysed.lines if line.depth)


def test_a_patient_with_two_reasons_is_one_patient() -> None:
    found = counted([Patient(Place.FAILED, ("E5", "E7"))])
    assert (found.assessed, found.excluded, dict(found.reasons)) == (1, 1, {"E5": 1, "E7": 1})


def test_an_empty_trial_is_all_noughts() -> None:
    found = counted([])
    assert found.assessed == found.excluded == 0
    assert [arm.allocated for arm in found.arms] == [0, 0]
    drawn = diagram(found, AllocationMode.ASSIGNED)
    assert {line.count for line in drawn.before} == {0}
    assert {line.count for _, rows in drawn.by_arm for row in rows for line in row} == {0}


def test_every_state_of_an_allocated_participant_is_drawn() -> None:
    before = {State.SCREENING, State.SCREEN_FAILED, State.ELIGIBLE, State.ENROLLED}
    assert set(ARM_STATES) == set(State) - before


def test_every_box_with_a_list_of_its_own_has_a_name() -> None:
    assert set(STEP_LABELS) == STEPS == {"", NOT_ANALYSED, *Treatment, *Analysis}


@pytest.mark.parametrize(
    ("arm", "ganciclovir", "il2", "may_come", "expected"),
    [
        (IL2, True, True, False, Treatment.RECEIVED),
        (IL2, True, False, True, Treatment.NOT_YET),
        (IL2, True, False, False, Treatment.NOT_RECEIVED),
        (IL2, False, True, False, Treatment.NOT_RECEIVED),
        (IL2, False, False, True, Treatment.NOT_YET),
        (CONTROL, True, False, True, Treatment.RECEIVED),
        (CONTROL, True, True, True, Treatment.NOT_RECEIVED),
        (CONTROL, False, True, True, Treatment.NOT_RECEIVED),
        (CONTROL, False, False, True, Treatment.NOT_YET),
        (CONTROL, False, False, False, Treatment.NOT_RECEIVED),
    ],
)
def test_received_is_what_the_arm_asks_for(
    arm: str, ganciclovir: bool, il2: bool, may_come: bool, expected: Treatment
) -> None:
    assert treatment(arm, ganciclovir=ganciclovir, il2=il2, may_come=may_come) is expected


@pytest.mark.parametrize(
    ("is_dosed", "has_baseline", "has_day7", "may_come", "expected"),
    [
        (False, True, False, False, Analysis.NO_DOSE),
        (True, False, True, True, Analysis.NO_BASELINE),
        (True, False, False, True, Analysis.NO_BASELINE),
        (True, True, False, True, Analysis.NOT_DUE),
        (True, True, False, False, Analysis.NO_DAY7),
        (True, True, True, True, Analysis.ANALYSED),
        (True, True, True, False, Analysis.ANALYSED),
    ],
)
def test_the_first_reason_why_not_analysed(
    is_dosed: bool, has_baseline: bool, has_day7: bool, may_come: bool, expected: Analysis
) -> None:
    found = analysis(
        is_dosed=is_dosed, has_baseline=has_baseline, has_day7=has_day7, may_come=may_come
    )
    assert found is expected


# --- recruitment ------------------------------------------------------------------------------


def on(days: int) -> dt.date:
    return DAY + dt.timedelta(days=days)


def test_the_target_is_a_straight_line_between_its_days() -> None:
    target = Target(10, on(0), on(100))
    assert [target.on(on(day)) for day in (-5, 0, 25, 100, 130)] == [0, 0, Fraction(5, 2), 10, 10]


def test_targets_together_have_the_corners_of_each() -> None:
    line = promised([Target(10, on(0), on(100)), Target(5, on(50), on(150))])
    assert line == [(on(0), 0), (on(50), 5), (on(100), Fraction(25, 2)), (on(150), 15)]
    assert promised([]) == []


def test_steps_rise_by_the_day_from_none_to_today() -> None:
    steps = cumulative([on(3), on(1), on(3)], since=on(0), until=on(9))
    assert steps == [Step(on(0), 0), Step(on(1), 1), Step(on(3), 3), Step(on(9), 3)]
    assert cumulative([], since=on(0), until=on(9)) == []
    assert cumulative([on(1)], since=None, until=on(1)) == [Step(on(1), 0), Step(on(1), 1)]
    assert cumulative([on(1)], since=on(5), until=on(9))[0] == Step(on(1), 0)


@pytest.mark.parametrize(
    ("allocated", "target", "expected"),
    [
        ([], 10, None),
        ([10, 20], 10, 200),  # two in fifty days: eight more take two hundred
        ([10, 20, 30], 10, 117),  # seven more, 50/3 days each, rounded up
        ([10, 20], 2, -30),  # reached with the second
        ([10, 20, 30], 2, -30),
        ([-10, 20], 4, 60),  # begun before its day: two in sixty days
    ],
)
def test_the_expected_end_goes_on_at_the_same_rate(
    allocated: list[int], target: int, expected: int | None
) -> None:
    today = on(50)
    found = expected_end(
        [on(day) for day in allocated], target=target, starts_on=on(0), today=today
    )
    assert found == (None if expected is None else today + dt.timedelta(days=expected))


def test_the_first_day_has_no_rate() -> None:
    assert expected_end([DAY], target=5, starts_on=DAY, today=DAY) is None


@given(
    days=st.lists(st.integers(-30, 60), max_size=12),
    target=st.integers(1, 30),
)
def test_an_expected_end_lies_ahead_until_the_target_is_reached(
    days: list[int], target: int
) -> None:
    today = on(60)
    found = expected_end([on(day) for day in days], target=target, starts_on=on(0), today=today)
    if len(days) >= target:
        assert found is not None
        assert found <= today
    elif days and (found is not None):
        assert found > today
