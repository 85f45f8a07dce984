"""Visits, the end of a participation, and who may do what and where."""

import datetime as dt
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from enrollment.actions.allocation import allocate
from enrollment.actions.participation import end_participation, enrol, record_visit
from enrollment.actions.screening import (
    confirm_eligibility,
    record_consent,
    save_screening,
    start_screening,
    submit_screening,
)
from enrollment.models import (
    Move,
    Participant,
    Visit,
)
from enrollment.states import State
from oversight.recording import AlreadyRecorded
from tests import factories
from tests.enrollment.acting import CONSENT, refusal
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def treated(site: Site) -> Participant:
    return factories.on_treatment(site, days_ago=7)


def visit(participant: Participant, code: str) -> Visit:
    return participant.visits.get(code=code)


def test_a_visit_is_recorded_once(treated: Participant, coordinator: User) -> None:
    done = record_visit(visit(treated, "D7"), done_on=clock.today(), by=coordinator)
    assert (done.status, done.done_on) == (Visit.Status.DONE, clock.today())
    said = refusal(lambda: record_visit(done, done_on=None, by=coordinator))
    assert said == "This visit is recorded already"


def test_a_visit_can_be_missed(treated: Participant, coordinator: User) -> None:
    missed = record_visit(visit(treated, "D7"), done_on=None, by=coordinator)
    assert (missed.status, missed.done_on) == (Visit.Status.MISSED, None)


def test_a_visit_outside_its_window_is_recorded_all_the_same(
    treated: Participant, coordinator: User
) -> None:
    early = clock.today() - dt.timedelta(days=2)  # day 5, the window opens on day 6
    done = record_visit(visit(treated, "D7"), done_on=early, by=coordinator)
    assert done.done_on == early
    assert not done.in_window(early)


def test_a_visit_of_tomorrow_is_refused(treated: Participant, coordinator: User) -> None:
    tomorrow = clock.today() + dt.timedelta(days=1)
    said = refusal(lambda: record_visit(visit(treated, "D7"), done_on=tomorrow, by=coordinator))
    assert said == "A visit cannot be done in the future"


def test_the_same_visit_form_saves_once(treated: Participant, coordinator: User) -> None:
    key, day_7 = uuid4(), visit(treated, "D7")
    record_visit(day_7, done_on=clock.today(), by=coordinator, key=key)
    with pytest.raises(AlreadyRecorded):
        record_visit(day_7, done_on=clock.today(), by=coordinator, key=key)


@pytest.mark.parametrize(
    ("after", "why", "said"),
    [
        (State.ON_TREATMENT, "Why not", "Choose how the participation ended"),
        (State.WITHDREW, "  ", "Say why the participation ended"),
        (State.COMPLETED, "Too early", "The participation cannot end like this now"),
    ],
)
def test_an_end_is_possible_now_and_has_a_reason(
    treated: Participant, coordinator: User, after: State, why: str, said: str
) -> None:
    assert refusal(lambda: end_participation(treated, after=after, why=why, by=coordinator)) == said
    assert Participant.objects.get(pk=treated.pk).state == State.ON_TREATMENT


def test_an_end_is_written_down_with_who_and_why(treated: Participant, coordinator: User) -> None:
    ended = end_participation(treated, after=State.LOST, why="Moved away", by=coordinator)
    assert ended.has_ended
    move = Move.objects.get(participant=treated, after=State.LOST)
    assert (move.before, move.why, move.by) == (State.ON_TREATMENT, "Moved away", coordinator)


# --- who, and where ------------------------------------------------------------------------------


@pytest.mark.requirement("R11")
@pytest.mark.requirement("R32")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM])
def test_each_action_asks_for_its_role(site: Site, staff: dict[Role, User], role: Role) -> None:
    draft, eligible, confirmed = (
        make(site) for make in (factories.screening, factories.submitted, factories.confirmed)
    )
    treated = factories.on_treatment(site, days_ago=7)
    waiting = factories.enrolled(site)
    by, facts = staff[role], factories.eligible_facts()
    actions: dict[str, tuple[Callable[[], object], set[Role]]] = {
        "start": (lambda: start_screening(site=site, facts=facts, by=by), {Role.COORDINATOR}),
        "save": (
            lambda: save_screening(draft, facts=facts, version=draft.version, by=by),
            {Role.COORDINATOR},
        ),
        "submit": (
            lambda: submit_screening(draft, version=draft.version, by=by),
            {Role.COORDINATOR},
        ),
        "confirm": (
            lambda: confirm_eligibility(eligible, version=eligible.version, by=by),
            {Role.INVESTIGATOR},
        ),
        "enrol": (lambda: enrol(confirmed, by=by), {Role.COORDINATOR}),
        "allocate": (lambda: allocate(waiting, by=by), {Role.COORDINATOR}),
        "visit": (
            lambda: record_visit(visit(treated, "D7"), done_on=clock.today(), by=by),
            {Role.COORDINATOR, Role.NURSE},
        ),
        "end": (
            lambda: end_participation(treated, after=State.LOST, why="Moved", by=by),
            {Role.COORDINATOR, Role.INVESTIGATOR},
        ),
    }
    for act, allowed in actions.values():
        if role in allowed:
            act()
        else:
            with pytest.raises(PermissionDenied):
                act()


@pytest.mark.requirement("R11")
def test_another_sites_records_do_not_exist_for_an_action(
    other_site: Site, coordinator: User, investigator: User
) -> None:
    facts = factories.eligible_facts()
    draft = factories.screening(other_site, consent=False)
    eligible = factories.submitted(other_site)
    confirmed = factories.confirmed(other_site)
    waiting = factories.enrolled(other_site)
    treated = factories.on_treatment(other_site, days_ago=7)
    actions: list[Callable[[], object]] = [
        lambda: save_screening(draft, facts=facts, version=draft.version, by=coordinator),
        lambda: record_consent(draft, signed_on=clock.today(), by=coordinator, **CONSENT),
        lambda: submit_screening(draft, version=draft.version, by=coordinator),
        lambda: confirm_eligibility(eligible, version=eligible.version, by=investigator),
        lambda: enrol(confirmed, by=coordinator),
        lambda: allocate(waiting, by=coordinator),
        lambda: record_visit(visit(treated, "D7"), done_on=clock.today(), by=coordinator),
        lambda: end_participation(treated, after=State.LOST, why="Moved", by=coordinator),
    ]
    for act in actions:
        with pytest.raises(PermissionDenied):
            act()
