"""The table of states: what it allows happens, and nothing else ever does."""

from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enrollment.actions.moves import move
from enrollment.models import Participant
from enrollment.states import BEFORE_ENROLMENT, ENDED, MOVES, IllegalMove, State, check_move
from oversight.recording import recorded
from tests import factories
from trial_site.models import Site, User

LEAVES = {State.WITHDREW, State.LOST, State.DIED, State.STOPPED}
WAY = [
    State.SCREENING,
    State.ELIGIBLE,
    State.ENROLLED,
    State.ALLOCATED,
    State.ON_TREATMENT,
    State.FOLLOW_UP,
    State.COMPLETED,
]
A_VERDICT_IS_CORRECTED = {(State.ELIGIBLE, State.SCREENING)}
A_FIRST_DOSE_WAS_NONE = {(State.ON_TREATMENT, State.ALLOCATED)}  # ADR 23


def allowed(before: State, after: State) -> bool:
    try:
        check_move(before, after)
    except IllegalMove:
        return False
    return True


def test_the_way_through_the_trial() -> None:
    assert all(allowed(before, after) for before, after in pairwise(WAY))


def test_no_step_is_skipped_and_none_is_taken_back_but_what_was_an_error() -> None:
    taken = set(pairwise(WAY)) | A_VERDICT_IS_CORRECTED | A_FIRST_DOSE_WAS_NONE
    others = {(before, after) for before in WAY for after in WAY} - taken
    assert not [pair for pair in others if allowed(*pair)]


@pytest.mark.parametrize("state", [state for state in State if state not in ENDED])
def test_everybody_can_leave_at_any_time(state: State) -> None:
    assert all(allowed(state, leaves) for leaves in LEAVES)


@pytest.mark.parametrize("end", sorted(ENDED))
def test_an_end_is_an_end(end: State) -> None:
    assert not any(allowed(end, after) for after in State)


def test_every_state_has_its_row() -> None:
    assert set(MOVES) == set(State)


def test_an_illegal_move_says_from_where_to_where() -> None:
    with pytest.raises(IllegalMove, match="enrolled → follow_up") as refused:
        check_move("enrolled", "follow_up")
    assert (refused.value.before, refused.value.after) == (State.ENROLLED, State.FOLLOW_UP)


@given(st.lists(st.sampled_from(State), max_size=12))
def test_no_sequence_of_wishes_leaves_the_table(wishes: list[State]) -> None:
    visited = [State.SCREENING]
    for wish in wishes:
        if allowed(visited[-1], wish):
            visited.append(wish)
    assert not ENDED & set(visited[:-1])
    enrolled = visited.index(State.ENROLLED) if State.ENROLLED in visited else len(visited)
    assert not {State.ALLOCATED, State.ON_TREATMENT, State.FOLLOW_UP} & set(visited[:enrolled])
    assert not set(BEFORE_ENROLMENT) & set(visited[enrolled:])


@pytest.mark.requirement("R10")
@pytest.mark.django_db
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wishes=st.lists(st.sampled_from(State), max_size=8))
def test_the_record_follows_the_table(site: Site, coordinator: User, wishes: list[State]) -> None:
    """Every move that happened is written down, each from where the one before had led."""
    with transaction.atomic():
        participant = factories.enrolled(site)
        for wish in wishes:
            try:
                with recorded(by=coordinator, reason="Tried"):
                    move(participant, wish, by=coordinator, why="Tried")
            except IllegalMove:
                pass
        moves = list(participant.moves.order_by("pk").values_list("before", "after"))
        saved = Participant.objects.get(pk=participant.pk)
        transaction.set_rollback(True)
    assert moves[0] == (State.ELIGIBLE, State.ENROLLED)
    assert all(one[1] == other[0] for one, other in pairwise(moves))
    assert all(allowed(State(before), State(after)) for before, after in moves[1:])
    assert moves[-1][1] == saved.state
