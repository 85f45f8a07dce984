"""Which samples a visit needs, and what became of them (DOMAIN 9)."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.inbox import (
    PLATE,
    SampleState,
    Tube,
    VisitWindow,
    needs_of,
    outstanding,
    sample_state,
)
from trial_site.protocol import current

State = SampleState
D7 = dt.date(2026, 3, 18)
DAY = dt.timedelta(days=1)
# DOMAIN 9: D7 within one day either way.
WINDOW = VisitWindow("D7", opens=D7 - DAY, closes=D7 + DAY)
SERUM = Tube(1, "serum", D7)
CYTOKINES = {"tnf_alpha", "ifn_gamma"}


def state(
    window: VisitWindow = WINDOW, *tubes: Tube, group: str = "cytokine", today: dt.date = D7
) -> SampleState | None:
    protocol = current()
    return sample_state(
        window,
        [tube for tube in tubes if tube.is_of(window)],
        kinds=protocol.panel(group).specimens,
        needs=needs_of(group, protocol),
        today=today,
    )


def measured(tube: Tube, *analytes: str) -> Tube:
    return replace(tube, measured=frozenset(analytes))


# --- the window -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-2, State.TO_COME),
        (-1, State.EXPECTED),  # the first day
        (0, State.EXPECTED),
        (1, State.EXPECTED),  # the last day
        (2, State.MISSING),
    ],
)
def test_a_sample_is_expected_in_its_window(days: int, expected: SampleState) -> None:
    assert state(today=D7 + days * DAY) is expected


def test_before_the_first_dose_the_window_has_no_end() -> None:
    waiting = VisitWindow("D0", opens=D7, closes=None)
    assert state(waiting, today=D7 - DAY) is State.TO_COME
    assert state(waiting, today=D7 + 100 * DAY) is State.EXPECTED


def test_a_visit_that_was_missed_sends_nothing() -> None:
    missed = replace(WINDOW, missed=True)
    assert [state(missed, today=D7 + n * DAY) for n in (0, 2)] == [State.MISSING] * 2


@pytest.mark.parametrize(
    ("ended", "expected"),
    [(2, State.MISSING), (1, None), (-5, None)],  # after the window, on its last day, before it
)
def test_after_the_end_only_what_was_due_before(ended: int, expected: SampleState | None) -> None:
    window = replace(WINDOW, ended_on=D7 + ended * DAY)
    assert state(window, today=D7 + 30 * DAY) is expected


# --- what came --------------------------------------------------------------------------------


def test_a_tube_without_results_is_received() -> None:
    assert state(WINDOW, SERUM) is State.RECEIVED
    assert state(WINDOW, SERUM, today=D7 + 30 * DAY) is State.RECEIVED


def test_some_results_leave_it_received_and_all_complete_it() -> None:
    some, whole = measured(SERUM, "tnf_alpha"), measured(SERUM, *CYTOKINES)
    assert state(WINDOW, some) is State.RECEIVED
    assert state(WINDOW, whole) is State.COMPLETE


def test_two_tubes_complete_a_panel_together() -> None:
    one = measured(SERUM, "tnf_alpha")
    other = replace(measured(SERUM, "ifn_gamma"), key=2, collected_on=D7 + DAY)
    assert state(WINDOW, one, other) is State.COMPLETE


def test_a_tube_of_another_kind_counts_once_it_has_results() -> None:
    plasma = replace(SERUM, kind="plasma")
    assert state(WINDOW, plasma) is State.EXPECTED
    assert state(WINDOW, measured(plasma, *CYTOKINES)) is State.COMPLETE


def test_what_cannot_be_used_says_so_until_another_comes() -> None:
    spoilt = replace(SERUM, is_unusable=True)
    assert state(WINDOW, spoilt) is State.UNUSABLE
    assert state(WINDOW, spoilt, today=D7 + 30 * DAY) is State.UNUSABLE
    assert state(WINDOW, spoilt, replace(SERUM, key=2)) is State.RECEIVED


def test_what_came_before_the_end_is_still_to_be_measured() -> None:
    window = replace(WINDOW, ended_on=D7)
    assert state(window, SERUM) is State.RECEIVED
    assert state(window, replace(SERUM, is_unusable=True)) is None


# --- whose tube -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "belongs"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_tube_belongs_to_the_window_that_it_was_drawn_in(days: int, belongs: bool) -> None:
    assert replace(SERUM, collected_on=D7 + days * DAY).is_of(WINDOW) is belongs


def test_what_was_said_of_a_tube_counts_before_its_day() -> None:
    late = replace(SERUM, collected_on=D7 + 9 * DAY, visit="D7")
    assert late.is_of(WINDOW)
    assert not replace(SERUM, visit="M1").is_of(WINDOW)


def test_a_visit_held_outside_its_window_has_the_blood_of_that_day() -> None:
    held = replace(WINDOW, done_on=D7 + 3 * DAY)
    assert replace(SERUM, collected_on=D7 + 3 * DAY).is_of(held)
    assert not replace(SERUM, collected_on=D7 + 4 * DAY).is_of(held)


# --- what a panel needs -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "codes"),
    [
        ("pcr", ["cmv_dna"]),
        ("cytokine", ["tnf_alpha", "ifn_gamma"]),
        ("serology", ["cmv_igm", "cmv_igg"]),
        ("cytotoxicity", [PLATE]),
        (
            "safety",
            ["anc", "wbc", "hemoglobin", "platelets", "creatinine", "alt", "ast", "bilirubin"],
        ),
    ],
)
def test_what_completes_a_panel(group: str, codes: list[str]) -> None:
    assert sorted(min(need) for need in needs_of(group, current())) == sorted(codes)


def test_a_subset_is_complete_with_percentages_or_the_printed_counts() -> None:
    needs = needs_of("subset", current())
    assert outstanding(needs, {"nk_percent", "nk_dim_percent", "nk_bright_percent"}) == ()
    assert outstanding(needs, {"nk_count", "nk_dim_percent", "nk_bright_count"}) == ()
    assert len(outstanding(needs, {"nk_percent"})) == 2


@pytest.mark.parametrize("group", [panel.group for panel in current().panels])
def test_every_panel_needs_something(group: str) -> None:
    assert needs_of(group, current())


DAYS = st.dates(D7 - 10 * DAY, D7 + 10 * DAY)
TUBES = st.builds(
    Tube,
    st.just(1),
    st.sampled_from(["serum", "plasma", "whole_blood", "pbmc"]),
    DAYS,
    st.sampled_from(["", "D7", "M1"]),
    st.booleans(),
    st.frozensets(st.sampled_from(sorted(CYTOKINES))),
)


@given(tubes=st.lists(TUBES, max_size=4), today=DAYS, more=TUBES)
def test_another_tube_never_takes_a_result_away(
    tubes: list[Tube], today: dt.date, more: Tube
) -> None:
    before, after = (state(WINDOW, *found, today=today) for found in (tubes, [*tubes, more]))
    if before is State.COMPLETE:
        assert after is State.COMPLETE
    if before is State.RECEIVED:
        assert after in {State.RECEIVED, State.COMPLETE}
