"""Visits: planned, recorded, unscheduled, corrected, and what a moved anchor leaves alone."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enrollment.actions.participation import anchor_day0, anchor_withdrawal, end_participation
from enrollment.actions.visits import add_unscheduled_visit, correct_visit, record_visit
from enrollment.models import Participant, Visit
from enrollment.rules.calendar import plan
from enrollment.states import State
from enrollment.visits import VisitLine, end_day, visit_lines
from outcomes.actions import flag_due
from outcomes.models import Flag
from oversight.accounts import system_actor
from oversight.recording import AlreadyRecorded, ReasonRequired, recorded
from oversight.records import StaleRecord, locked
from tests import factories
from tests.enrollment.acting import refusal
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.protocol.definition import Anchor
from trial_site.roles import Role

pytestmark = pytest.mark.django_db

DONE, MISSED, PLANNED = Visit.Status.DONE, Visit.Status.MISSED, Visit.Status.PLANNED
WHY = "The train was late"


def visit(participant: Participant, code: str = "D7") -> Visit:
    return participant.visits.get(code=code)


def ago(days: int) -> dt.date:
    return clock.today() - dt.timedelta(days=days)


def line(participant: Participant, code: str = "D7") -> VisitLine:
    fresh = Participant.objects.get(pk=participant.pk)
    return next(one for one in visit_lines(fresh) if one.visit.code == code)


def shown(participant: Participant, code: str = "D7") -> str:
    return str(line(participant, code).label)


# --- done, missed ---------------------------------------------------------------------------------


def test_a_visit_is_recorded_once(treated: Participant, coordinator: User) -> None:
    done = record_visit(visit(treated), done_on=clock.today(), by=coordinator)
    assert (done.status, done.done_on, done.deviation_days) == (DONE, clock.today(), 0)
    said = refusal(lambda: record_visit(done, done_on=None, why=WHY, by=coordinator))
    assert said == "This visit is recorded already"


def test_a_missed_visit_says_why(treated: Participant, coordinator: User) -> None:
    said = refusal(lambda: record_visit(visit(treated), done_on=None, why=" ", by=coordinator))
    assert said == "Say why the visit was missed"
    missed = record_visit(visit(treated), done_on=None, why=f" {WHY} ", by=coordinator)
    assert (missed.status, missed.done_on, missed.why) == (MISSED, None, WHY)


@pytest.mark.parametrize(
    ("treated_for", "days_ago", "off", "badge"),
    [
        (10, 5, -1, "Done, 1 day early"),
        (10, 4, 0, "Done"),  # day 6, the first of the window
        (10, 2, 0, "Done"),  # day 8, the last
        (10, 1, 1, "Done, 1 day late"),
        (10, 0, 2, "Done, 2 days late"),
    ],
)
def test_a_day_outside_the_window_is_recorded_with_its_reason(
    site: Site, coordinator: User, treated_for: int, days_ago: int, off: int, badge: str
) -> None:
    treated, done_on = factories.on_treatment(site, days_ago=treated_for), ago(days_ago)
    if off:
        said = refusal(lambda: record_visit(visit(treated), done_on=done_on, by=coordinator))
        assert said == "Say why the visit was done outside its window"
    done = record_visit(visit(treated), done_on=done_on, why=WHY if off else "", by=coordinator)
    assert (done.status, done.deviation_days) == (DONE, off)
    assert shown(treated) == badge


def test_a_visit_of_tomorrow_is_refused(treated: Participant, coordinator: User) -> None:
    said = refusal(lambda: record_visit(visit(treated), done_on=ago(-1), by=coordinator))
    assert said == "A visit cannot be done in the future"


def test_a_visit_before_the_enrolment_is_refused(treated: Participant, coordinator: User) -> None:
    said = refusal(lambda: record_visit(visit(treated), done_on=ago(30), why=WHY, by=coordinator))
    assert said == "A visit cannot be done before the enrolment"


def test_a_visit_is_not_missed_before_it_opens(site: Site, coordinator: User) -> None:
    treated = factories.on_treatment(site, days_ago=5)
    said = refusal(lambda: record_visit(visit(treated), done_on=None, why=WHY, by=coordinator))
    assert said == "A visit is not missed before its window opens"


def test_month_3_is_never_accepted_early(treated: Participant, investigator: User) -> None:
    factories.withdrawn(treated, "Converted", by=investigator)
    nurse = factories.user(Role.NURSE, treated.site)
    month_3 = visit(treated, "M3")
    said = refusal(lambda: record_visit(month_3, done_on=clock.today(), why=WHY, by=nurse))
    assert said == f"This visit is never accepted before {month_3.opens.isoformat()}"


def test_the_same_visit_form_saves_once(treated: Participant, coordinator: User) -> None:
    key, day_7 = uuid4(), visit(treated)
    record_visit(day_7, done_on=clock.today(), by=coordinator, key=key)
    with pytest.raises(AlreadyRecorded):
        record_visit(day_7, done_on=clock.today(), by=coordinator, key=key)


# --- unscheduled ----------------------------------------------------------------------------------


def unscheduled(participant: Participant, by: User, days_ago: int = 0, why: str = WHY) -> Visit:
    return add_unscheduled_visit(participant, done_on=ago(days_ago), why=why, by=by)


def test_unscheduled_visits_are_numbered_as_they_are_entered(
    treated: Participant, coordinator: User
) -> None:
    made = [unscheduled(treated, coordinator, days_ago) for days_ago in (0, 3, 1)]
    assert [one.code for one in made] == ["U1", "U2", "U3"]
    second = visit(treated, "U2")
    assert second.target == second.opens == second.closes == second.done_on == ago(3)
    assert (second.status, second.deviation_days, second.why) == (DONE, 0, WHY)
    assert str(line(treated, "U2").title) == "Unscheduled visit 2"


def test_each_participant_has_numbers_of_their_own(site: Site, coordinator: User) -> None:
    for _ in range(2):
        assert unscheduled(factories.enrolled(site), coordinator).code == "U1"


@pytest.mark.parametrize(
    ("days_ago", "why", "said"),
    [
        (-1, WHY, "A visit cannot be done in the future"),
        (30, WHY, "A visit cannot be done before the enrolment"),
        (0, " ", "Say why the visit was made"),
    ],
)
def test_an_unscheduled_visit_has_a_day_in_the_trial_and_a_reason(
    treated: Participant, coordinator: User, days_ago: int, why: str, said: str
) -> None:
    assert refusal(lambda: unscheduled(treated, coordinator, days_ago, why)) == said
    assert not treated.visits.filter(code="U1").exists()


def test_an_unscheduled_visit_raises_no_flag_and_breaks_none(
    treated: Participant, coordinator: User
) -> None:
    made = unscheduled(treated, coordinator)
    correct(made, coordinator, status=PLANNED)
    unscheduled(treated, coordinator)
    flag_due(by=system_actor())
    keys = set(Flag.objects.values_list("key", flat=True))
    assert "visit:D7" in keys
    assert not {key for key in keys if "U" in key}


# --- corrections ----------------------------------------------------------------------------------


def correct(made: Visit, by: User, **changes: Any) -> Visit:
    values: dict[str, Any] = {
        "status": made.status,
        "done_on": None,
        "why": "",
        "version": made.version,
        "reason": "Mistyped",
    }
    return correct_visit(made, by=by, **values | changes)


@pytest.fixture
def done(treated: Participant, coordinator: User) -> Visit:
    """Day 7, done on its day."""
    return record_visit(visit(treated), done_on=clock.today(), by=coordinator)


@pytest.mark.requirement("R04")
def test_a_day_is_corrected_with_a_reason_that_is_kept(done: Visit, coordinator: User) -> None:
    with pytest.raises(ReasonRequired):
        correct(done, coordinator, done_on=ago(1), reason=" ")
    correct(done, coordinator, done_on=ago(1))
    assert Visit.objects.get(pk=done.pk).done_on == ago(1)
    assert done.history.count() == 3


def test_a_correction_is_held_to_the_same_rules(done: Visit, coordinator: User) -> None:
    said = refusal(lambda: correct(done, coordinator, done_on=ago(-1)))
    assert said == "A visit cannot be done in the future"
    said = refusal(lambda: correct(done, coordinator, done_on=ago(2)))
    assert said == "Say why the visit was done outside its window"
    said = refusal(lambda: correct(done, coordinator, status=MISSED))
    assert said == "Say why the visit was missed"


def test_a_visit_that_was_done_becomes_missed(done: Visit, coordinator: User) -> None:
    missed = correct(done, coordinator, status=MISSED, why=WHY)
    assert (missed.status, missed.done_on, missed.why) == (MISSED, None, WHY)


def test_month_3_cannot_be_corrected_to_an_early_day(
    site: Site, coordinator: User, investigator: User
) -> None:
    treated = factories.on_treatment(site, days_ago=1)
    factories.withdrawn(treated, "Converted", by=investigator)
    month_3 = visit(treated, "M3")
    with recorded(by=coordinator, reason="As if it had been today"):
        month_3.opens = month_3.target = month_3.closes = clock.today()
        month_3.save()
    made = record_visit(month_3, done_on=clock.today(), by=coordinator)
    said = refusal(lambda: correct(made, coordinator, done_on=ago(1), why=WHY))
    assert said == f"This visit is never accepted before {clock.today().isoformat()}"


def test_two_corrections_do_not_overwrite_each_other(done: Visit, coordinator: User) -> None:
    opened = Visit.objects.get(pk=done.pk)
    correct(done, coordinator, done_on=ago(1))
    with pytest.raises(StaleRecord):
        correct(opened, coordinator, done_on=clock.today())
    assert Visit.objects.get(pk=done.pk).done_on == ago(1)


def test_what_was_recorded_by_mistake_is_planned_again(
    done: Visit, treated: Participant, coordinator: User
) -> None:
    correct(done, coordinator, status=PLANNED)
    assert shown(treated) == "Due"
    record_visit(visit(treated), done_on=ago(1), by=coordinator)


def test_what_is_planned_again_is_aimed_from_the_anchor_of_today(
    done: Visit, treated: Participant, coordinator: User
) -> None:
    move_day0(treated, coordinator, 3)
    assert visit(treated).target == clock.today()  # what happened keeps its window
    again = correct(Visit.objects.get(pk=done.pk), coordinator, status=PLANNED)
    assert again.target == ago(3) + dt.timedelta(days=7)


def test_a_visit_that_nobody_recorded_cannot_be_corrected(
    treated: Participant, coordinator: User
) -> None:
    said = refusal(lambda: correct(visit(treated), coordinator, status=DONE, done_on=ago(0)))
    assert said == "This visit is not recorded yet"


def test_an_unscheduled_visit_is_moved_taken_back_and_never_missed(
    treated: Participant, coordinator: User
) -> None:
    made = unscheduled(treated, coordinator)
    moved = correct(made, coordinator, done_on=ago(2), why=WHY)
    assert (moved.target, moved.closes, moved.deviation_days) == (ago(2), ago(2), 0)
    said = refusal(lambda: correct(moved, coordinator, status=MISSED, why=WHY))
    assert said == "An unscheduled visit cannot be missed"
    taken = correct(moved, coordinator, status=PLANNED)
    assert shown(treated, "U1") == "Recorded by mistake"
    said = refusal(lambda: record_visit(taken, done_on=ago(0), why=WHY, by=coordinator))
    assert said == "This visit is recorded already"
    assert unscheduled(treated, coordinator).code == "U2"  # a number is never used twice


# --- after an end ---------------------------------------------------------------------------------


@pytest.fixture
def lost(site: Site, coordinator: User, investigator: User) -> Participant:
    """Lost to follow-up today, on day 7."""
    treated = factories.on_treatment(site, days_ago=7)
    factories.withdrawn(treated, "Converted", by=investigator)
    treated = Participant.objects.get(pk=treated.pk)
    end_participation(treated, after=State.LOST, why="Moved away", by=coordinator)
    return Participant.objects.get(pk=treated.pk)


def test_after_an_end_nothing_is_due_and_what_was_late_stays_late(lost: Participant) -> None:
    assert end_day(lost) == clock.today()
    standings = {one.visit.code: one.standing for one in visit_lines(lost)}
    assert standings == {
        "D0": "late",
        "D7": "ended",
        "WITHDRAWAL": "late",  # the last dose was a week ago
        "M1": "ended",
        "M2": "ended",
        "M3": "ended",
    }
    assert shown(lost, "M3") == "Not due: participation ended"
    assert [one.visit.code for one in visit_lines(lost) if one.is_open] == [
        "D0",
        "WITHDRAWAL",
        "D7",
    ]


def test_a_visit_after_the_end_is_refused_and_one_before_it_is_not(
    lost: Participant, coordinator: User, time_machine: Any
) -> None:
    ended = clock.today()
    time_machine.move_to(clock.now() + dt.timedelta(days=2))
    said = refusal(lambda: unscheduled(lost, coordinator))
    expected = f"The participation ended on {ended.isoformat()}: no visit is done after it"
    assert said == expected
    assert (
        refusal(lambda: record_visit(visit(lost), done_on=ago(1), why=WHY, by=coordinator))
        == expected
    )
    month_1 = visit(lost, "M1")
    assert refusal(lambda: record_visit(month_1, done_on=None, why=WHY, by=coordinator)) == (
        f"The participation ended on {ended.isoformat()}: this visit was not due any more"
    )
    assert record_visit(visit(lost), done_on=ended, by=coordinator).status == DONE
    assert unscheduled(lost, coordinator, days_ago=2).code == "U1"


# --- anchors that move ----------------------------------------------------------------------------


def move_day0(participant: Participant, by: User, days_ago: int) -> None:
    with recorded(by=by):
        person = locked(Participant.objects.filter(pk=participant.pk))
        anchor_day0(person, at=factories.local(ago(days_ago)), by=by)


def move_withdrawal(participant: Participant, by: User, on: dt.date) -> None:
    with recorded(by=by):
        person = locked(Participant.objects.filter(pk=participant.pk))
        anchor_withdrawal(person, on=on, by=by)


def test_a_moved_anchor_moves_what_is_planned_and_keeps_what_happened(
    done: Visit, treated: Participant, coordinator: User
) -> None:
    before = {one.code: one.target for one in treated.visits.all()}
    unscheduled(treated, coordinator)
    move_day0(treated, coordinator, 5)
    assert visit(treated, "D0").target == before["D0"] + dt.timedelta(days=2)
    kept = visit(treated)
    assert (kept.target, kept.done_on, kept.version) == (before["D7"], clock.today(), 2)
    assert visit(treated, "U1").target == clock.today()
    # Counted from the new anchor, today would be a day early: it is judged by its own window.
    assert kept.deviation_days == 0
    assert shown(treated) == "Done"


def test_months_are_clamped_to_the_last_day(
    treated: Participant, investigator: User, time_machine: Any
) -> None:
    time_machine.move_to(dt.datetime(2026, 11, 30, 4, tzinfo=dt.UTC))
    factories.withdrawn(treated, "Converted", by=investigator)
    move_withdrawal(treated, investigator, dt.date(2026, 11, 30))
    targets = {one.code: one.target for one in treated.visits.all()}
    assert [targets[code] for code in ("M1", "M2", "M3")] == [
        dt.date(2026, 12, 30),
        dt.date(2027, 1, 30),
        dt.date(2027, 2, 28),
    ]


@contextmanager
def undone() -> Iterator[None]:
    """Each example begins with the same participant."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    happened=st.sets(st.sampled_from(["D0", "D7"])),
    withdrawals=st.lists(st.integers(0, 5), min_size=1, max_size=3),
    day0s=st.lists(st.integers(6, 9), max_size=2),
)
def test_replanning_keeps_done_visits_and_follows_the_anchors(
    treated: Participant,
    coordinator: User,
    happened: set[str],
    withdrawals: list[int],
    day0s: list[int],
) -> None:
    with undone():
        for code in sorted(happened):
            record_visit(visit(treated, code), done_on=ago(1), why=WHY, by=coordinator)
        kept = {one.code: window(one) for one in treated.visits.filter(status=DONE)}
        for days_ago in withdrawals:
            move_withdrawal(treated, coordinator, ago(days_ago))
        for days_ago in day0s:
            move_day0(treated, coordinator, days_ago)
        day0, withdrawal = ago(day0s[-1] if day0s else 7), ago(withdrawals[-1])
        planned = {
            rule.code: plan(rule, day0 if rule.anchor is Anchor.DAY0 else withdrawal)
            for rule in current().visits
            if rule.anchor is not Anchor.ALLOCATION
        }
        expected = {
            code: (aim.target, aim.opens, aim.closes, None) for code, aim in planned.items()
        }
        assert {one.code: window(one) for one in treated.visits.all()} == expected | kept


def window(one: Visit) -> tuple[dt.date, dt.date, dt.date, dt.date | None]:
    return one.target, one.opens, one.closes, one.done_on


# --- who, and where -------------------------------------------------------------------------------


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM])
def test_coordinator_and_nurse_record_visits(
    site: Site, staff: dict[Role, User], role: Role
) -> None:
    treated = factories.on_treatment(site, days_ago=7)
    done = record_visit(
        visit(treated), done_on=clock.today(), by=factories.user(Role.COORDINATOR, site)
    )
    by = staff[role]
    for act in (
        lambda: record_visit(visit(treated, "D0"), done_on=ago(7), by=by),
        lambda: unscheduled(treated, by),
        lambda: correct(done, by, done_on=ago(1)),
    ):
        if role in {Role.COORDINATOR, Role.NURSE}:
            act()
        else:
            with pytest.raises(PermissionDenied):
                act()


@pytest.mark.requirement("R11")
def test_another_sites_visits_do_not_exist(other_site: Site, coordinator: User) -> None:
    theirs = factories.on_treatment(other_site, days_ago=7)
    done = record_visit(
        visit(theirs), done_on=clock.today(), by=factories.user(Role.NURSE, other_site)
    )
    for act in (
        lambda: record_visit(visit(theirs, "D0"), done_on=ago(7), by=coordinator),
        lambda: unscheduled(theirs, coordinator),
        lambda: correct(done, coordinator, done_on=ago(1)),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_titles_and_labels_can_be_translated(treated: Participant, coordinator: User) -> None:
    unscheduled(treated, coordinator)
    for one in visit_lines(treated):
        assert isinstance(one.title, Message)
