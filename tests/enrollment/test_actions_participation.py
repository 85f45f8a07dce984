"""The end of a participation, and who may do what and where."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied

from enrollment.actions.allocation import allocate
from enrollment.actions.consent import withdraw_consent
from enrollment.actions.moves import move
from enrollment.actions.participation import (
    begin_rescue,
    end_participation,
    end_rescue,
    enrol,
)
from enrollment.actions.screening import (
    confirm_eligibility,
    end_screening,
    rescreen,
    save_screening,
    start_screening,
    submit_screening,
)
from enrollment.actions.visits import record_visit
from enrollment.models import (
    Move,
    Participant,
    Visit,
)
from enrollment.states import State
from oversight.recording import recorded
from tests import factories
from tests.enrollment.acting import refusal
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def treated(site: Site) -> Participant:
    return factories.on_treatment(site, days_ago=7)


def visit(participant: Participant, code: str) -> Visit:
    return participant.visits.get(code=code)


@pytest.mark.parametrize(
    ("after", "why", "said"),
    [
        (State.ON_TREATMENT, "Why not", "Choose how the participation ended"),
        (State.WITHDREW, "Changed her mind", "Choose how the participation ended"),
        (State.LOST, "  ", "Say why the participation ended"),
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


@pytest.mark.requirement("R10")
def test_rescue_belongs_to_follow_up(treated: Participant, investigator: User) -> None:
    said = refusal(lambda: begin_rescue(treated, why="Relapse", by=investigator))
    assert said == "This is possible only while: In follow-up"
    with recorded(by=investigator, reason="Course over"):
        move(treated, State.FOLLOW_UP, by=investigator, why="Course over")
    assert refusal(lambda: begin_rescue(treated, why=" ", by=investigator)) == "Say why"
    assert begin_rescue(treated, why="Relapse", by=investigator).state == State.RESCUE
    said = refusal(lambda: begin_rescue(treated, why="Relapse", by=investigator))
    assert said == "This is possible only while: In follow-up"
    assert end_rescue(treated, why="Negative twice", by=investigator).state == State.FOLLOW_UP


# --- who, and where ------------------------------------------------------------------------------


@pytest.mark.requirement("R11")
@pytest.mark.requirement("R32")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM])
def test_each_action_asks_for_its_role(site: Site, staff: dict[Role, User], role: Role) -> None:
    draft, eligible, confirmed = (
        make(site) for make in (factories.screening, factories.submitted, factories.confirmed)
    )
    bare = factories.screening(site, consent=False)
    failed = factories.submitted(site, factories.eligible_facts(malignancy=True))
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
            lambda: confirm_eligibility(
                eligible, version=eligible.version, signature=factories.signature(by), by=by
            ),
            {Role.INVESTIGATOR},
        ),
        "enrol": (lambda: enrol(confirmed, by=by), {Role.COORDINATOR}),
        "allocate": (lambda: allocate(waiting, by=by), {Role.COORDINATOR}),
        "visit": (
            lambda: record_visit(visit(treated, "D7"), done_on=clock.today(), by=by),
            {Role.COORDINATOR, Role.NURSE},
        ),
        "consent": (lambda: factories.sign_consent(bare, by=by), {Role.COORDINATOR}),
        "withdraw": (
            lambda: withdraw_consent(draft, withdrawn_at=clock.now(), by=by),
            {Role.COORDINATOR, Role.INVESTIGATOR},
        ),
        "again": (lambda: rescreen(failed, by=by), {Role.COORDINATOR}),
        "end screening": (
            lambda: end_screening(bare, after=State.LOST, why="Moved", by=by),
            {Role.COORDINATOR, Role.INVESTIGATOR},
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
    failed = factories.submitted(other_site, factories.eligible_facts(malignancy=True))
    actions: list[Callable[[], object]] = [
        lambda: save_screening(draft, facts=facts, version=draft.version, by=coordinator),
        lambda: factories.sign_consent(draft, by=coordinator),
        lambda: rescreen(failed, by=coordinator),
        lambda: end_screening(draft, after=State.LOST, why="Moved", by=coordinator),
        lambda: withdraw_consent(eligible, withdrawn_at=clock.now(), why="", by=coordinator),
        lambda: begin_rescue(treated, why="Relapse", by=investigator),
        lambda: submit_screening(draft, version=draft.version, by=coordinator),
        lambda: confirm_eligibility(
            eligible,
            version=eligible.version,
            signature=factories.signature(investigator),
            by=investigator,
        ),
        lambda: enrol(confirmed, by=coordinator),
        lambda: allocate(waiting, by=coordinator),
        lambda: record_visit(visit(treated, "D7"), done_on=clock.today(), by=coordinator),
        lambda: end_participation(treated, after=State.LOST, why="Moved", by=coordinator),
    ]
    for act in actions:
        with pytest.raises(PermissionDenied):
            act()
