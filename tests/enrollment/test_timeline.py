"""What the casebook and the worklists get from this room."""

import datetime as dt

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from enrollment import timeline, worklist
from enrollment.actions.participation import end_participation
from enrollment.actions.visits import add_unscheduled_visit, correct_visit, record_visit
from enrollment.models import Participant, Screening
from enrollment.states import State
from outcomes.casebook import participant_named
from tests import factories
from tests.enrollment.pages import page
from trial_site import clock
from trial_site.models import Site, User
from trial_site.presentation import TimelineEvent, WorkRow
from trial_site.roles import Role
from trial_site.templatetags.trial import say

pytestmark = pytest.mark.django_db


def titles(participant: Participant, user: User) -> list[str]:
    found = sorted(timeline.events(participant, user), key=lambda event: event.at)
    return [say(event.title) for event in found]


def event(participant: Participant, user: User, title: str) -> TimelineEvent:
    found = timeline.events(participant, user)
    return next(one for one in found if say(one.title) == title)


# --- the casebook -----------------------------------------------------------------------------


def test_the_timeline_tells_the_way_into_the_trial(treated: Participant, coordinator: User) -> None:
    assert set(titles(treated, coordinator)) == {
        "Consent signed",
        "Screening SCR-001 submitted",
        "Eligibility confirmed",
        "Enrolled",
        "Allocated: IL-2 + ganciclovir",
        "On treatment",
    }
    submitted = event(treated, coordinator, "Screening SCR-001 submitted")
    assert (submitted.by, submitted.history) == (
        "coordinator-pku",
        ("enrollment.screening", treated.screening.pk),
    )
    consent = event(treated, coordinator, "Consent signed")
    assert say(consent.why) == "Form 1.1, explained by Dr Wang"
    assert timezone.localdate(consent.at) == treated.screening.consent.signed_on


def test_the_laboratory_reads_no_arm(treated: Participant, site: Site) -> None:
    lab = factories.user(Role.LAB, site)
    assert "Allocated" in titles(treated, lab)
    assert not [title for title in titles(treated, lab) if "IL-2" in title]


def test_visits_show_day_and_window(treated: Participant, coordinator: User) -> None:
    for code, done_on in (("D0", None), ("D7", clock.today())):
        visit = treated.visits.get(code=code)
        record_visit(visit, done_on=done_on, why="" if done_on else "Ward full", by=coordinator)
    done, missed = (event(treated, coordinator, title) for title in ("Day 7", "Day 0, baseline"))
    assert (done.kind, done.badge) == ("visit", ("done", "Done"))
    assert say(done.why).startswith("In its window, ")
    assert timezone.localdate(done.at) == clock.today()
    assert missed.badge == ("bad", "Missed")
    assert say(missed.why).endswith(": Ward full")


def test_a_visit_outside_its_window_says_so(treated: Participant, coordinator: User) -> None:
    day_5 = clock.today() - dt.timedelta(days=2)
    visit = treated.visits.get(code="D7")
    record_visit(visit, done_on=day_5, why="Train strike", by=coordinator)
    shown = event(treated, coordinator, "Day 7")
    assert say(shown.why).startswith("Outside its window, ")
    assert say(shown.why).endswith(": Train strike")
    assert shown.badge
    assert (shown.badge[0], say(shown.badge[1])) == ("unknown", "Done, 1 day early")


def test_an_unscheduled_visit_says_why_it_was_made(treated: Participant, coordinator: User) -> None:
    made = add_unscheduled_visit(
        treated, done_on=clock.today(), why="Fever at night", by=coordinator
    )
    shown = event(treated, coordinator, "Unscheduled visit 1")
    assert (shown.badge, say(shown.why)) == (("done", "Done"), "Fever at night")
    correct_visit(
        made,
        status="planned",
        done_on=None,
        why="",
        version=made.version,
        reason="Another patient's",
        by=coordinator,
    )
    assert "Unscheduled visit 1" not in titles(treated, coordinator)


def test_the_end_stands_with_its_reason(treated: Participant, coordinator: User) -> None:
    end_participation(treated, after=State.LOST, why="Moved away", by=coordinator)
    assert event(treated, coordinator, "Lost to follow-up").why == "Moved away"


def test_the_timeline_needs_few_queries(
    treated: Participant, coordinator: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    participant = participant_named(coordinator, treated.subject)
    with django_assert_max_num_queries(2):
        timeline.events(participant, coordinator)


# --- the worklists ------------------------------------------------------------------------------


def only_row(user: User) -> WorkRow:
    [row] = worklist.rows(user)
    return row


def said(row: WorkRow) -> tuple[str, str, str]:
    return row.state, say(row.title), say(row.why)


def test_a_draft_without_consent_asks_for_it(site: Site, coordinator: User) -> None:
    draft = factories.screening(site, consent=False)
    row = only_row(coordinator)
    assert said(row)[:2] == ("due", "Screening is a draft without consent")
    assert (say(row.action), row.url) == ("Record consent", page(draft, "consent"))
    assert (row.subject, row.subject_url) == ("SCR-001", page(draft))


def test_a_draft_is_to_be_finished(draft: Screening, coordinator: User) -> None:
    row = only_row(coordinator)
    assert said(row)[:2] == ("due", "Screening is a draft")
    assert (say(row.action), row.url) == ("Continue screening", page(draft, "edit"))


def test_an_undecided_screening_says_what_is_missing(
    site: Site, coordinator: User, investigator: User
) -> None:
    factories.submitted(site, factories.eligible_facts(ast=None))
    for user in (coordinator, investigator):
        assert said(only_row(user)) == (
            "blocked",
            "Screening is undecided",
            "E4c: needs AST",
        )


def test_eligibility_is_confirmed_by_the_investigator_and_waited_for_by_the_coordinator(
    site: Site, coordinator: User, investigator: User
) -> None:
    screening = factories.submitted(site)
    due, waiting = only_row(investigator), only_row(coordinator)
    assert [due.state, waiting.state] == ["due", "blocked"]
    assert say(due.title) == "Eligibility is to be confirmed"
    assert due.url == page(screening, "confirm")


def test_confirmed_patients_are_to_be_enrolled_and_participants_allocated(
    site: Site, coordinator: User, investigator: User
) -> None:
    screening, participant = factories.confirmed(site), factories.enrolled(site)
    rows = list(worklist.rows(coordinator))
    assert [(row.state, say(row.title), row.subject, row.url) for row in rows] == [
        ("due", "Patient is to be enrolled", "SCR-001", page(screening)),
        ("due", "Participant is to be allocated", "PKU-001", page(participant, "allocate")),
    ]
    assert not list(worklist.rows(investigator))


def test_answers_that_grew_old_are_named_and_gone_through_again(
    site: Site, coordinator: User, investigator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    participant, submitted = factories.enrolled(site), factories.submitted(site)
    later = clock.today() + dt.timedelta(days=7)
    monkeypatch.setattr(clock, "today", lambda: later)
    rows = list(worklist.rows(coordinator))
    assert [(row.subject, row.url) for row in rows] == [
        (participant.subject, page(participant.screening, "edit")),
        (submitted.number, page(submitted, "edit")),
    ]
    assert {said(row) for row in rows} == {
        (
            "due",
            "Screening values grew old",
            "I2: needs a value at most 7 d old (this one is 8 d old)",
        )
    }
    assert not list(worklist.rows(investigator))


def test_what_is_finished_asks_for_nothing(site: Site, coordinator: User) -> None:
    factories.allocated(site)
    factories.submitted(site, factories.eligible_facts(malignancy=True))
    left = factories.enrolled(site)
    factories.withdraw(left)
    assert not list(worklist.rows(coordinator))


@pytest.mark.parametrize("role", [Role.NURSE, Role.LAB, Role.MONITOR, Role.STATISTICIAN])
def test_other_roles_have_nothing_to_do_here(site: Site, role: Role) -> None:
    factories.submitted(site)
    factories.enrolled(site)
    assert not list(worklist.rows(factories.user(role, site)))


def test_another_sites_work_is_not_ones_own(other_site: Site, coordinator: User) -> None:
    factories.screening(other_site)
    assert not list(worklist.rows(coordinator))


def test_the_worklist_needs_four_queries_whatever_its_length(
    site: Site, coordinator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        factories.screening(site)
        factories.submitted(site)
        factories.enrolled(site)
    with django_assert_num_queries(4):
        assert len(list(worklist.rows(coordinator))) == 9
