"""The worklist of each role, and the list of flags."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from enrollment.models import Participant
from outcomes import worklist
from outcomes.actions import flag_due
from oversight.accounts import system_actor
from tests import factories
from tests.labs.examples import entered, pcr
from trial_site.models import Site, User
from trial_site.presentation import WorkRow
from trial_site.protocol import current
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
HOME, FLAGS = "/", "/follow-up/"


def rows(user: User) -> dict[str, list[WorkRow]]:
    """What the user's worklist shows, by group."""
    found = worklist.first_rows(worklist.groups(user), user, most=50)
    return {group.state: shown for group, shown in found}


def told(found: list[WorkRow]) -> list[tuple[str, str]]:
    return [(row.subject, str(row.title)) for row in found]


def text(client: Client, url: str, data: dict[str, Any] | None = None) -> str:
    return " ".join(client.get(url, data).content.decode().split())


def flagged(participant: Participant) -> Participant:
    flag_due(by=system_actor())
    return participant


# --- rows by role -----------------------------------------------------------------------------


def test_a_coordinator_continues_screenings(site: Site) -> None:
    draft = factories.screening(site)
    found = rows(factories.user(Role.COORDINATOR, site))
    [row] = found["due"]
    assert row.subject == draft.number
    assert row.url == reverse("enrollment:screening-edit", args=[draft.number])


def test_a_coordinator_allocates_and_an_investigator_confirms(site: Site) -> None:
    waiting, submitted = factories.enrolled(site), factories.submitted(site)
    coordinator = rows(factories.user(Role.COORDINATOR, site))
    assert [row.subject for row in coordinator["due"]] == [waiting.subject]
    assert [row.subject for row in coordinator["blocked"]] == [submitted.number]
    investigator = rows(factories.user(Role.INVESTIGATOR, site))
    assert [row.subject for row in investigator["due"]] == [submitted.number]


def test_an_investigator_orders_what_the_arm_receives(site: Site) -> None:
    factories.allocated(site, "il2_gcv")
    found = rows(factories.user(Role.INVESTIGATOR, site))["due"]
    assert {"Order Interleukin-2", "Order Ganciclovir"} <= {str(row.title) for row in found}


def test_a_nurse_gives_todays_doses(site: Site) -> None:
    participant = factories.allocated(site)
    order = factories.order(participant)
    [row] = rows(factories.user(Role.NURSE, site))["late"]
    slot = factories.local(dt.date(2026, 3, 18))
    assert told([row]) == [(participant.subject, "Ganciclovir")]
    assert row.url == reverse("dosing:give", args=[order.pk, slot])


def test_the_laboratory_completes_results_and_takes_samples(site: Site) -> None:
    participant = flagged(factories.on_treatment(site, days_ago=3))
    [result] = entered(participant, pcr(None, "ND"))
    found = rows(factories.user(Role.LAB, site))
    assert [row.url for row in found["blocked"]] == [
        reverse("labs:result-correct", args=[result.pk])
    ]
    [sample] = found["due"]
    assert sample.url == f"{reverse('labs:pcr-new')}?participant={participant.subject}"


def test_a_nurse_is_led_to_the_doses_of_a_day_that_went_by(site: Site) -> None:
    participant = flagged(factories.on_treatment(site, days_ago=3))
    found = [row for row in rows(factories.user(Role.NURSE, site))["late"] if "?date=" in row.url]
    # One row for both days; yesterday's doses, of the 17th, stand slot by slot among the nurse's.
    assert told(found) == [(participant.subject, "Ganciclovir not recorded")]
    assert found[0].url == f"{reverse('dosing:sheet')}?date=2026-03-15#{participant.subject}"
    assert str(found[0].action) == "Record the doses"
    assert str(found[0].why) == (
        "2 days from 2026-03-15 to 2026-03-16, and nothing is recorded of them"
    )


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.INVESTIGATOR, Role.LAB])
def test_others_have_no_doses_to_record(site: Site, role: Role) -> None:
    flagged(factories.on_treatment(site, days_ago=2))
    shown = [row for group in rows(factories.user(role, site)).values() for row in group]
    assert not any("not recorded" in str(row.title) for row in shown)


def test_the_list_of_flags_shows_the_doses_to_whoever_may_see_the_arm(
    site: Site, login: Login
) -> None:
    flagged(factories.on_treatment(site, days_ago=3))
    for role in (Role.COORDINATOR, Role.MONITOR, Role.INVESTIGATOR):
        page = text(login(role), FLAGS)
        assert "Ganciclovir not recorded" in page
        assert "See the doses" in page
    assert "Open casebook" in text(login(Role.STATISTICIAN), FLAGS)
    assert "not recorded" not in text(login(Role.LAB), FLAGS)


def test_the_laboratory_is_not_led_to_a_casebook(site: Site) -> None:
    participant = flagged(factories.on_treatment(site, days_ago=3))
    [sample] = rows(factories.user(Role.LAB, site))["due"]
    assert sample.subject_url == f"{reverse('labs:index')}?participant={participant.subject}"


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (Role.COORDINATOR, "enrollment:visit-record"),
        (Role.NURSE, "enrollment:visit-record"),
        (Role.INVESTIGATOR, "outcomes:casebook"),
    ],
)
def test_a_visit_whose_window_is_open_is_one_tap_from_done(
    site: Site, role: Role, page: str
) -> None:
    participant = flagged(factories.on_treatment(site, days_ago=7))
    visits = [row for row in rows(factories.user(role, site))["due"] if str(row.title) == "Day 7"]
    arguments = [participant.subject, "D7"] if page == "enrollment:visit-record" else None
    assert [row.url for row in visits] == [reverse(page, args=arguments or [participant.subject])]


def test_a_visit_still_to_come_is_not_recorded_yet(site: Site) -> None:
    participant = flagged(factories.on_treatment(site, days_ago=1))
    [visit] = [
        row
        for row in rows(factories.user(Role.COORDINATOR, site))["soon"]
        if str(row.title) == "Day 7"
    ]
    assert visit.url == reverse("outcomes:casebook", args=[participant.subject])


def test_the_most_urgent_stands_first(site: Site) -> None:
    for days in (6, 8, 7):
        factories.on_treatment(site, days_ago=days)
    flag_due(by=system_actor())
    for found in rows(factories.user(Role.COORDINATOR, site)).values():
        assert [row.sort for row in found] == sorted(row.sort for row in found)


@pytest.mark.requirement("R11")
def test_another_sites_work_is_not_ours(site: Site, other_site: Site) -> None:
    flagged(factories.on_treatment(other_site, days_ago=8))
    factories.screening(other_site)
    for role in worklist.FLAGGED_ROLES:
        assert rows(factories.user(role, site)) == {}


# --- the page ---------------------------------------------------------------------------------


def test_the_page_shows_what_waits(login: Login, site: Site) -> None:
    draft = factories.screening(site)
    page = text(login(Role.COORDINATOR), HOME)
    assert draft.number in page
    assert "Continue screening" in page
    assert reverse("enrollment:screening-new") in page


def test_only_who_screens_is_offered_a_new_screening(login: Login) -> None:
    assert reverse("enrollment:screening-new") not in text(login(Role.NURSE), HOME)


def test_the_head_says_how_far_the_trial_is(login: Login, site: Site) -> None:
    factories.on_treatment(site)
    factories.allocated(site)
    factories.enrolled(site)
    factories.screening(site)
    page = text(login(Role.MONITOR), HOME)
    target = current().identification.enrolment_target
    for words in (
        f"<b>2</b> of {target} allocated",
        "<b>1</b> on treatment",
        "<b>0</b> in follow-up",
        "<b>1</b> screening open",
    ):
        assert words in page


def test_the_administrator_is_told_nothing_clinical(login: Login, site: Site) -> None:
    factories.on_treatment(site)
    page = text(login(Role.ADMIN), HOME)
    assert "allocated" not in page
    assert "on treatment" not in page


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (Role.ADMIN, "oversight:accounts"),
        (Role.STATISTICIAN, "enrollment:allocation-list"),
        (Role.MONITOR, "oversight:audit"),
        (Role.DATA_MANAGER, "outcomes:dashboard"),
    ],
)
def test_a_role_without_tasks_is_led_to_its_work(login: Login, role: Role, page: str) -> None:
    shown = text(login(role), HOME)
    assert "No tasks fall due for your role" in shown
    assert f'<a class="btn" href="{reverse(page)}">' in shown
    assert "?state=late" not in shown


@pytest.mark.parametrize("role", sorted(worklist.FLAGGED_ROLES))
def test_an_empty_list_is_good_news(login: Login, role: Role) -> None:
    shown = text(login(role), HOME)
    assert "Nothing waits for you" in shown
    assert f'href="{worklist.workplaces(role)[0][1]}"' in shown


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_a_workplace_can_be_opened_by_its_role(login: Login, role: Role) -> None:
    client = login(role)
    for _, url in worklist.workplaces(role):
        assert client.get(url).status_code == 200


def test_one_group_can_be_shown_alone(login: Login, site: Site) -> None:
    draft, waiting = factories.screening(site), factories.submitted(site)
    client = login(Role.COORDINATOR)
    blocked = text(client, HOME, {"state": "blocked"})
    assert waiting.number in blocked
    assert draft.number not in blocked
    assert "Nothing here" in text(client, HOME, {"state": "late"})


@pytest.mark.parametrize(
    "query", [{"state": "tomorrow"}, {"page": "x"}, {"state": "due", "page": "99"}]
)
def test_an_address_that_means_nothing_shows_the_list(
    login: Login, site: Site, query: dict[str, str]
) -> None:
    draft = factories.screening(site)
    assert draft.number in text(login(Role.COORDINATOR), HOME, query)


def test_a_long_group_is_cut_and_can_be_seen_whole(login: Login, site: Site) -> None:
    drafts = [factories.screening(site, consent=False) for _ in range(11)]
    client = login(Role.COORDINATOR)
    first = text(client, HOME)
    assert "See all 11" in first
    assert first.count('class="work-row"') == 10
    whole = text(client, HOME, {"state": "due"})
    assert all(draft.number in whole for draft in drafts)


# --- the flags --------------------------------------------------------------------------------


def test_the_flags_are_listed_by_urgency(login: Login, site: Site) -> None:
    due = factories.on_treatment(site, days_ago=7)
    late = flagged(factories.on_treatment(site, days_ago=9))
    client = login(Role.MONITOR)
    everything = text(client, FLAGS)
    assert "Late 1 d" in everything  # day 7 of the one closed yesterday, of the other is today
    assert everything.index("Late 1 d") < everything.index("Due</span>")
    assert late.subject in text(client, FLAGS, {"state": "late"})
    only_due = text(client, FLAGS, {"state": "due"})
    assert due.subject in only_due
    assert late.subject not in only_due


def test_a_flag_says_which_rule_made_it(login: Login, site: Site) -> None:
    flagged(factories.on_treatment(site, days_ago=7))
    page = text(login(Role.COORDINATOR), FLAGS)
    assert "First ganciclovir 2026-03-11 + 7 d = 2026-03-18, window ± 1 d" in page


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("", "Nothing is flagged"),
        ("late", "Nothing is late"),
        ("due", "Nothing is due today"),
        ("soon", "Nothing opens in the next 7 days"),
        ("yesterday", "Nothing is flagged"),
    ],
)
def test_without_flags_the_list_says_so(login: Login, state: str, words: str) -> None:
    assert words in text(login(Role.COORDINATOR), FLAGS, {"state": state})


def test_an_empty_group_leads_to_the_next_week(login: Login, site: Site) -> None:
    flagged(factories.on_treatment(site, days_ago=1))
    page = text(login(Role.COORDINATOR), FLAGS, {"state": "due"})
    assert "Nothing is due today" in page
    assert '<a class="btn" href="?state=soon">' in page


@pytest.mark.requirement("R11")
def test_another_sites_flags_are_absent(login: Login, other_site: Site) -> None:
    foreign = flagged(factories.on_treatment(other_site, days_ago=9))
    assert foreign.subject not in text(login(Role.MONITOR), FLAGS)
