"""Visits and the end of a participation in the browser."""

from uuid import uuid4

import pytest
from django.test import Client

from dosing.actions import withdraw_drugs
from enrollment.actions.participation import record_visit
from enrollment.models import Participant, Visit
from enrollment.states import State
from tests import factories
from tests.enrollment.conftest import Login
from tests.enrollment.pages import (
    day,
    page,
    send,
    text,
    typed,
)
from trial_site import clock
from trial_site.models import User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


def test_visits_show_window_and_standing(desk: Client, treated: Participant) -> None:
    shown = text(desk.get(page(treated, "visits")))
    assert "Day 7" in shown
    assert ">Due</span>" in shown
    assert ">Late</span>" in shown  # day 0 was not recorded
    assert page(treated, "visits", "D7") in shown


def test_a_visit_is_recorded_on_its_day(desk: Client, treated: Participant) -> None:
    response = send(desk, page(treated, "visits", "D7"), outcome="done", done_on=day(0))
    assert response.redirect_chain[-1][0] == page(treated, "visits")
    assert ">Done</span>" in text(response)
    assert page(treated, "visits", "D7") not in text(response)


def test_a_visit_outside_its_window_is_marked(desk: Client, treated: Participant) -> None:
    response = send(desk, page(treated, "visits", "D7"), outcome="done", done_on=day(2))
    assert "Done outside its window" in text(response)


def test_a_missed_visit_is_marked(login: Login, treated: Participant) -> None:
    response = send(login(Role.NURSE), page(treated, "visits", "D7"), outcome="missed")
    assert ">Missed</span>" in text(response)


@pytest.mark.parametrize("answers", [{"outcome": "done", "done_on": ""}, {"done_on": "2026-01-02"}])
def test_a_bad_visit_keeps_what_was_typed(
    desk: Client, treated: Participant, answers: dict[str, str]
) -> None:
    response = send(desk, page(treated, "visits", "D7"), **answers)
    assert "Not saved" in text(response)
    kept = typed(response)
    assert {name: kept[name] for name in answers} == answers
    assert treated.visits.get(code="D7").status == Visit.Status.PLANNED


def test_the_visit_of_month_3_is_never_accepted_early(
    desk: Client, treated: Participant, login: Login
) -> None:
    month_3 = follow_up_visit(treated)
    response = send(desk, page(treated, "visits", "M3"), outcome="done", done_on=day(0))
    assert f"This visit is never accepted before {month_3.opens.isoformat()}" in text(response)
    assert treated.visits.get(code="M3").status == Visit.Status.PLANNED


def follow_up_visit(participant: Participant) -> Visit:
    """Month 3, planned by withdrawing the drugs today."""
    investigator = factories.user(Role.INVESTIGATOR, participant.site)
    withdraw_drugs(participant, reason="Converted", by=investigator)
    return participant.visits.get(code="M3")


def test_a_visit_sent_twice_is_recorded_once(desk: Client, treated: Participant) -> None:
    url = page(treated, "visits", "D7")
    data = typed(desk.get(url)) | {"outcome": "done", "done_on": day(0)}
    desk.post(url, data)
    assert "This was saved already." in text(desk.post(url, data, follow=True))
    other = desk.post(url, data | {"entry_key": str(uuid4())}, follow=True)
    assert "This visit is recorded already." in text(other)
    assert treated.visits.get(code="D7").version == 2


def test_a_recorded_visit_has_no_form(
    desk: Client, treated: Participant, coordinator: User
) -> None:
    record_visit(treated.visits.get(code="D7"), done_on=clock.today(), by=coordinator)
    response = desk.get(page(treated, "visits", "D7"))
    assert response["Location"] == page(treated, "visits")


def test_before_the_first_dose_no_visit_is_planned(desk: Client, waiting: Participant) -> None:
    assert "No visit is planned yet" in text(desk.get(page(waiting, "visits")))
    assert desk.get(page(waiting, "visits", "D7")).status_code == 404


# --- the end ----------------------------------------------------------------------------------


def test_an_end_is_recorded_with_its_reason(desk: Client, treated: Participant) -> None:
    response = send(desk, page(treated, "disposition"), after="lost", why="Moved away")
    assert "Lost to follow-up." in text(response)
    assert "Moved away" in text(response)
    assert Participant.objects.get().state == State.LOST


def test_only_ends_that_are_possible_now_are_offered(desk: Client, treated: Participant) -> None:
    shown = text(desk.get(page(treated, "disposition")))
    assert 'value="withdrew"' in shown
    assert 'value="completed"' not in shown
    assert 'value="follow_up"' not in shown
    refused = send(desk, page(treated, "disposition"), after="completed", why="Done")
    assert "Select a valid choice." in text(refused)


def test_an_end_without_a_reason_keeps_what_was_chosen(desk: Client, treated: Participant) -> None:
    response = send(desk, page(treated, "disposition"), after="lost", why=" ")
    assert "Why? This field is required." in text(response)
    assert typed(response)["after"] == "lost"
    assert Participant.objects.get().state == State.ON_TREATMENT


def test_an_end_sent_twice_happens_once(desk: Client, treated: Participant) -> None:
    url = page(treated, "disposition")
    data = typed(desk.get(url)) | {"after": "lost", "why": "Moved away"}
    desk.post(url, data)
    again = desk.post(url, data)
    assert "The participation has ended" in text(again)
    assert treated.moves.filter(after=State.LOST).count() == 1
