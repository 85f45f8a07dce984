"""The casebook: one timeline of everything, and what stands beside it."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dosing.models import DrugChoice
from enrollment.actions.visits import record_visit
from enrollment.models import Participant
from outcomes import casebook
from outcomes.actions import flag_due
from oversight.accounts import system_actor
from tests import factories
from tests.labs.examples import entered, pcr, plated, safety
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
READERS = [
    Role.COORDINATOR,
    Role.NURSE,
    Role.INVESTIGATOR,
    Role.MONITOR,
    Role.DATA_MANAGER,
    Role.STATISTICIAN,
]


def address(participant: Participant) -> str:
    return reverse("outcomes:casebook", args=[participant.subject])


def text(client: Client, participant: Participant, **query: Any) -> str:
    return " ".join(client.get(address(participant), query).content.decode().split())


def titles(participant: Participant, kind: str = "") -> list[str]:
    reader = factories.user(Role.MONITOR, participant.site)
    found = casebook.participant_named(reader, participant.subject)
    days = casebook.days(found, reader, kind)
    return [str(event.title) for day in days for event in day.events]


@pytest.fixture
def followed(treated: Participant) -> Participant:
    """Something of every kind: doses of both drugs, blood, a plate, PCR, a visit, flags."""
    morning = factories.local(clock.today())
    factories.dose(factories.order(treated, DrugChoice.IL2), morning)
    entered(treated, safety("anc", "0.46", "10^9/L", lln="1.8"), safety("hemoglobin", "96", "g/L"))
    entered(treated, pcr("2100"), hours=24)
    plated(treated)
    visit = treated.visits.get(code="D7")
    done_on = clock.today() - dt.timedelta(days=1)
    record_visit(visit, done_on=done_on, by=factories.user(Role.COORDINATOR, treated.site))
    flag_due(by=system_actor())
    return Participant.objects.get(pk=treated.pk)


def test_a_dose_and_a_result_say_who_entered_them(followed: Participant) -> None:
    reader = factories.user(Role.MONITOR, followed.site)
    found = casebook.participant_named(reader, followed.subject)
    entered_by = {
        (event.kind, event.by) for day in casebook.days(found, reader) for event in day.events
    }
    assert {("dose", "nurse-pku"), ("lab", "lab-pku")} <= entered_by


# --- the timeline -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title",
    [
        "Consent signed",
        "Screening SCR-001 submitted",
        "Eligibility confirmed",
        "Enrolled",
        "Allocated: IL-2 + ganciclovir",
        "Ordered: Ganciclovir, 300\u00a0mg every 12 hours",
        "Ganciclovir 300\u00a0mg",
        "On treatment",
        "Interleukin-2 1\u00a0million IU",
        "Neutrophils (ANC) 0.46\u00a0×10⁹/L",
        "CMV-DNA 2,100\u00a0copies/mL",
        "NK cytotoxicity 20.74 %",
        "Day 7",
        "Day 0, baseline",
        "CMV-DNA sample",
    ],
)
def test_the_timeline_holds_every_kind(followed: Participant, title: str) -> None:
    assert title in titles(followed)


@pytest.mark.parametrize(
    ("kind", "shown", "hidden"),
    [
        ("dose", "Interleukin-2 1\u00a0million IU", "Day 7"),
        ("lab", "CMV-DNA 2,100\u00a0copies/mL", "Enrolled"),
        ("visit", "Day 7", "Interleukin-2 1\u00a0million IU"),
        ("state", "Enrolled", "CMV-DNA 2,100\u00a0copies/mL"),
    ],
)
def test_the_timeline_is_narrowed_to_a_kind(
    followed: Participant, kind: str, shown: str, hidden: str
) -> None:
    found = titles(followed, kind)
    assert shown in found
    assert hidden not in found


def test_days_count_from_the_first_dose_the_newest_first(followed: Participant) -> None:
    reader = factories.user(Role.MONITOR, followed.site)
    days = casebook.days(followed, reader)
    assert [day.date for day in days] == sorted((day.date for day in days), reverse=True)
    numbers = {day.date: day.number for day in days}
    assert numbers[clock.today()] == 8
    assert numbers[clock.today() - dt.timedelta(days=8)] == 0


def test_a_resolved_flag_stays_in_the_timeline(followed: Participant) -> None:
    visit = followed.visits.get(code="D0")
    by = factories.user(Role.COORDINATOR, followed.site)
    record_visit(visit, done_on=clock.today() - dt.timedelta(days=8), by=by)
    flag_due(by=system_actor())
    reader = factories.user(Role.MONITOR, followed.site)
    found = casebook.participant_named(reader, followed.subject)
    badges = [
        str(event.badge[1])
        for day in casebook.days(found, reader, "visit")
        for event in day.events
        if event.icon == "flag" and str(event.title) == "Day 0, baseline" and event.badge
    ]
    assert badges == ["Resolved"]


# --- beside it --------------------------------------------------------------------------------


def test_the_summary_counts_what_was_given(followed: Participant, login: Login) -> None:
    page = text(login(Role.INVESTIGATOR), followed)
    assert "300 mg (5.0 mg/kg)" in page
    assert "1 full, 0 in part, 0 not given" in page
    summary = casebook.summary(followed)
    assert summary.total is not None
    assert (summary.total.mg, summary.il2_given) == (Decimal(300), 1)


def test_the_summary_shows_the_latest_blood_with_its_grades(followed: Participant) -> None:
    latest = casebook.summary(followed).latest_blood
    assert [(reading.result.analyte, reading.result.grade) for reading in latest] == [
        ("anc", 4),
        ("hemoglobin", 2),
    ]


def test_the_summary_follows_conversion(followed: Participant, login: Login) -> None:
    page = text(login(Role.INVESTIGATOR), followed)
    assert '<p class="bignum">2,100 copies/mL</p>' in page
    assert "no negative result: censored on day 7" in page


def test_a_hold_says_which_result_holds(followed: Participant, login: Login) -> None:
    page = text(login(Role.NURSE), followed)
    assert "Ganciclovir is held." in page
    assert "Neutrophils (ANC) 0.46 ×10⁹/L, below 0.5: hold" in page


def test_a_later_result_at_the_limit_ends_the_hold(followed: Participant, login: Login) -> None:
    entered(followed, safety("anc", "0.5", "10^9/L", lln="1.8"), hours=2)
    assert "Ganciclovir is held." not in text(login(Role.NURSE), followed)


def test_open_flags_say_why(followed: Participant, login: Login) -> None:
    page = text(login(Role.COORDINATOR), followed)
    assert "Last CMV-DNA sample 2026-03-17 + 3 d = 2026-03-20" in page


def test_a_casebook_begins_empty(site: Site, login: Login) -> None:
    page = text(login(Role.COORDINATOR), factories.enrolled(site))
    for words in ("Not allocated", "No result yet", "No dose yet", "Before treatment"):
        assert words in page
    assert "Ganciclovir is held." not in page


def test_an_empty_kind_says_so(site: Site, login: Login) -> None:
    page = text(login(Role.COORDINATOR), factories.enrolled(site), kind="dose")
    assert "Nothing of this kind is recorded yet." in page


# --- what may be done -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "besides"),
    [
        (Role.COORDINATOR, {"End participation"}),
        (Role.NURSE, set()),
        (Role.INVESTIGATOR, {"Withdraw drugs", "End participation"}),
        (Role.MONITOR, set()),
    ],
)
def test_buttons_are_those_of_the_role(treated: Participant, role: Role, besides: set[str]) -> None:
    found = casebook.actions(treated, factories.user(role, treated.site))
    everybody = {"Orders", "Visits", "Laboratory course", "Medication and history"}
    assert {label for label, _ in found} == everybody | besides


def test_a_button_opens_its_page(treated: Participant, login: Login) -> None:
    for role in (Role.COORDINATOR, Role.NURSE, Role.INVESTIGATOR):
        client = login(role)
        for _, url in casebook.actions(treated, factories.user(role, treated.site)):
            assert client.get(url).status_code == 200


# --- who may read -----------------------------------------------------------------------------


@pytest.mark.parametrize("role", READERS)
def test_a_casebook_is_read_by_those_who_see_the_arm(
    treated: Participant, login: Login, role: Role
) -> None:
    page = text(login(role), treated)
    assert treated.subject in page
    assert "arm--il2" in page


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", [Role.LAB, Role.ADMIN])
def test_who_must_not_see_the_arm_reads_no_casebook(
    treated: Participant, login: Login, role: Role
) -> None:
    assert login(role).get(address(treated)).status_code == 403


@pytest.mark.requirement("R11")
def test_another_sites_casebook_does_not_exist(other_site: Site, login: Login) -> None:
    assert login(Role.MONITOR).get(address(factories.enrolled(other_site))).status_code == 404


def test_nobody_has_an_invented_number(login: Login) -> None:
    assert login(Role.MONITOR).get("/participants/PKU-999/").status_code == 404


def test_a_casebook_is_read_only(treated: Participant, login: Login) -> None:
    assert login(Role.COORDINATOR).post(address(treated)).status_code == 405


def test_an_unknown_kind_shows_everything(followed: Participant, login: Login) -> None:
    page = text(login(Role.MONITOR), followed, kind="gossip")
    assert "Enrolled" in page
    assert '<a href="?" aria-current="true">' in page
