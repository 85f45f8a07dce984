"""The inbox: what is expected, what came, what is missing, and where it is entered."""

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from enrollment.actions.participation import end_participation
from enrollment.actions.visits import record_visit
from enrollment.models import Participant
from enrollment.states import State as Standing
from labs import worklist
from labs.actions import Sample, record_results
from labs.actions.receipts import receive_specimen, reject_specimen
from labs.inbox import samples
from labs.models import Specimen
from labs.permissions import READ_RESULTS
from labs.rules.inbox import SampleState
from tests import factories
from tests.labs.examples import entered, hours_ago, pcr, plated, safety
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import Role

pytestmark = pytest.mark.django_db

Login = Callable[[Role], Client]
State = SampleState
INBOX = reverse("labs:inbox")
TODAY = dt.date(2026, 3, 18)


@pytest.fixture
def treated(site: Site) -> Participant:
    """Day 7 is today: its window runs from yesterday to tomorrow."""
    return factories.on_treatment(site, days_ago=7)


def states(user: User, visit: str, **narrowed: str) -> dict[str, SampleState]:
    found = [one for one in samples(user, **narrowed) if one.rule.code == visit]
    return {one.panel.group: one.state for one in found}


def received(participant: Participant, kind: str, visit: str = "", hours: int = 3) -> Specimen:
    by = factories.user(Role.LAB, participant.site)
    drawn = Sample(kind, hours_ago(hours), hours_ago(hours - 1), visit=visit)
    return receive_specimen(participant, sample=drawn, by=by)


# --- what stands there ------------------------------------------------------------------------


def test_each_planned_visit_asks_for_its_panels(treated: Participant, lab: User) -> None:
    for rule in current().visits:
        if rule.code in {"D0", "D7"}:
            assert set(states(lab, rule.code)) == set(rule.panels)
    assert set(states(lab, "D0").values()) == {State.MISSING}
    assert set(states(lab, "D7").values()) == {State.EXPECTED}


def test_what_can_still_be_drawn_comes_first(treated: Participant, lab: User) -> None:
    received(treated, "whole_blood")
    order = [one.state for one in samples(lab)]
    expected, got, missing = State.EXPECTED, State.RECEIVED, State.MISSING
    assert order == [*[expected] * 2, *[got], *[missing] * 5]


def test_one_tube_serves_every_panel_of_its_kind(treated: Participant, lab: User) -> None:
    received(treated, "whole_blood")
    assert states(lab, "D7") == {
        "cytotoxicity": State.EXPECTED,
        "subset": State.RECEIVED,
        "cytokine": State.EXPECTED,
    }


def test_a_plate_completes_cytotoxicity(treated: Participant, lab: User) -> None:
    plated(treated)
    assert states(lab, "D7")["cytotoxicity"] is State.COMPLETE


def test_before_the_first_dose_day_0_is_expected(site: Site, lab: User) -> None:
    allocated = factories.allocated(site)
    found = states(lab, "D0")
    assert set(found) == set(current().visit("D0").panels)
    assert set(found.values()) == {State.EXPECTED}
    entered(allocated, pcr("52000"))
    assert states(lab, "D0")["pcr"] is State.COMPLETE


def test_what_was_drawn_for_a_visit_counts_on_any_day(treated: Participant, lab: User) -> None:
    received(treated, "plasma", visit="D0")
    assert states(lab, "D0")["pcr"] is State.RECEIVED


def test_what_cannot_be_used_is_drawn_again(treated: Participant, lab: User) -> None:
    tube = received(treated, "serum")
    reject_specimen(tube, why="Haemolysed", version=1, by=lab)
    assert states(lab, "D7")["cytokine"] is State.UNUSABLE
    received(treated, "serum", hours=2)
    assert states(lab, "D7")["cytokine"] is State.RECEIVED


def test_after_the_end_only_what_was_due_before(treated: Participant, lab: User) -> None:
    received(treated, "serum")
    end_participation(
        treated,
        after=Standing.LOST,
        why="Moved away",
        by=factories.user(Role.COORDINATOR, treated.site),
    )
    assert set(states(lab, "D0").values()) == {State.MISSING}
    assert states(lab, "D7") == {"cytokine": State.RECEIVED}
    with time_machine.travel(dt.datetime(2026, 6, 1, tzinfo=dt.UTC)):
        assert states(lab, "D7") == {"cytokine": State.RECEIVED}


def test_a_missed_visit_is_missing_and_on_nobodys_worklist(treated: Participant, lab: User) -> None:
    by = factories.user(Role.COORDINATOR, treated.site)
    for visit in treated.visits.filter(code="D7"):
        record_visit(visit, done_on=None, why="Was away", by=by)
    assert set(states(lab, "D7").values()) == {State.MISSING}
    assert [row.title for row in worklist.rows(lab) if "D7" in row.url] == []


@pytest.mark.requirement("R11")
def test_another_sites_samples_do_not_exist(other_site: Site, lab: User) -> None:
    factories.on_treatment(other_site, days_ago=7)
    assert samples(lab) == []


# --- the page ---------------------------------------------------------------------------------


def test_each_sample_leads_to_its_form_or_to_its_receipt(
    login: Login, treated: Participant
) -> None:
    page = login(Role.LAB).get(INBOX, {"visit": "D7"}).content.decode()
    subject = treated.subject
    for url in (
        f"/labs/cytotoxicity/new/?participant={subject}&amp;visit=D7",
        f"/labs/flow/new/?participant={subject}&amp;visit=D7",
        f"/labs/elisa/new/?participant={subject}&amp;visit=D7",
        f"/labs/specimens/new/?participant={subject}&amp;visit=D7&amp;kind=serum",
    ):
        assert url in page


def test_a_tube_that_came_is_known_to_its_form(login: Login, treated: Participant) -> None:
    tube = received(treated, "serum", visit="D7")
    page = login(Role.LAB).get(INBOX, {"state": "received"})
    (row,) = page.context["rows"]
    assert reverse("labs:specimen", args=[tube.pk]) in page.content.decode()
    form = login(Role.LAB).get(row.entry_url).context["form"]
    assert form["participant"].value() in {treated.subject, treated.pk}
    assert form["collected_at"].value() == "2026-03-18T09:00"
    assert form["visit"].value() == "D7"


def test_filters_stand_in_the_address(login: Login, treated: Participant, site: Site) -> None:
    other = factories.on_treatment(site, days_ago=7)
    client = login(Role.LAB)

    def shown(**query: str) -> set[tuple[str, str, str]]:
        rows = client.get(INBOX, query).context["rows"]
        return {(row.sample.subject, row.sample.rule.code, row.sample.state) for row in rows}

    assert {subject for subject, _, _ in shown(participant=other.subject.lower())} == {
        other.subject
    }
    assert {code for _, code, _ in shown(visit="D0")} == {"D0"}
    assert {state for _, _, state in shown(state="expected")} == {"expected"}
    both = shown(participant=treated.subject, state="missing")
    assert both == {(treated.subject, "D0", "missing")}
    assert shown(participant="PKU-999") == set()


def test_what_waits_for_nobody_is_shown_when_asked(login: Login, treated: Participant) -> None:
    plated(treated)
    client = login(Role.LAB)
    waiting = {row.sample.state for row in client.get(INBOX).context["rows"]}
    assert waiting == {State.EXPECTED, State.RECEIVED, State.MISSING}
    (row,) = client.get(INBOX, {"state": "complete"}).context["rows"]
    assert row.sample.panel.group == "cytotoxicity"
    assert "Enter results" not in client.get(INBOX, {"state": "complete"}).content.decode()


def test_a_filter_that_nobody_made_shows_what_waits(login: Login, treated: Participant) -> None:
    client = login(Role.LAB)
    odd = client.get(INBOX, {"state": "nonsense", "page": "x"})
    assert len(odd.context["rows"]) == len(client.get(INBOX).context["rows"])


def test_an_empty_inbox_says_so(login: Login, site: Site) -> None:
    assert "No sample here" in login(Role.LAB).get(INBOX).content.decode()


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(READ_RESULTS.roles - {Role.LAB}))
def test_others_read_it_without_the_ways_to_enter(
    login: Login, treated: Participant, role: Role
) -> None:
    page = login(role).get(INBOX).content.decode()
    assert treated.subject in page
    assert "Enter results" not in page
    assert reverse("labs:specimen-new") not in page


@pytest.mark.requirement("R11")
def test_it_is_read_only_and_not_for_the_administrator(login: Login) -> None:
    assert login(Role.LAB).post(INBOX, {}).status_code == 405
    assert login(Role.ADMIN).get(INBOX).status_code == 403


def test_it_never_tells_the_arm(login: Login, site: Site) -> None:
    factories.on_treatment(site, "il2_gcv", days_ago=7)
    page = login(Role.LAB).get(INBOX).content.decode()
    assert 'class="arm' not in page
    assert not any(arm.short_label in page for arm in current().arms)


def test_it_asks_the_database_as_often_for_many(
    login: Login,
    treated: Participant,
    site: Site,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(4):
        received(factories.on_treatment(site, days_ago=7), "serum")
    client = login(Role.LAB)
    with django_assert_max_num_queries(15):
        assert len(client.get(INBOX).context["rows"]) == 40


def test_long_lists_come_in_pages(login: Login, site: Site) -> None:
    for _ in range(7):
        factories.on_treatment(site, days_ago=7)
    client = login(Role.LAB)
    assert len(client.get(INBOX).context["rows"]) == 50
    assert len(client.get(INBOX, {"page": "2"}).context["rows"]) == 6


# --- the worklist -----------------------------------------------------------------------------


def test_the_laboratory_misses_what_closes_by_tomorrow(treated: Participant, lab: User) -> None:
    rows = {row.state: row for row in worklist.rows(lab)}
    assert set(rows) == {"late", "due"}
    due = rows["due"]
    assert str(due.title) == "NK cytotoxicity, NK subsets, Cytokines"
    assert str(due.why) == "Day 7: no sample is here"
    assert str(due.when) == "until March 19"
    assert due.url == f"{INBOX}?participant={treated.subject}&visit=D7"


@pytest.mark.parametrize(("days_ago", "waits"), [(5, False), (6, False), (7, True), (8, True)])
def test_a_window_that_closes_later_does_not_press(
    site: Site, lab: User, days_ago: int, waits: bool
) -> None:
    factories.on_treatment(site, days_ago=days_ago)
    assert any("visit=D7" in row.url for row in worklist.rows(lab)) is waits


def test_what_came_waits_in_the_inbox_alone(treated: Participant, lab: User) -> None:
    for kind in ("pbmc", "whole_blood", "serum"):
        received(treated, kind)
    assert not any("visit=D7" in row.url for row in worklist.rows(lab))


def test_undecided_results_stand_beside_them(treated: Participant, lab: User) -> None:
    entered(treated, safety("alt", "60", "U/L"))
    assert {row.state for row in worklist.rows(lab)} == {"late", "due", "blocked"}


def test_the_worklist_is_read_in_a_few_queries(
    treated: Participant,
    site: Site,
    lab: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(3):
        factories.on_treatment(site, days_ago=7)
    with django_assert_max_num_queries(7):
        assert len(worklist.rows(lab)) == 8


def test_results_of_a_tube_that_cannot_be_used_are_refused(treated: Participant, lab: User) -> None:
    tube = received(treated, "plasma")
    reject_specimen(tube, why="Clotted", version=1, by=lab)
    with pytest.raises(Exception, match="cannot be used: Clotted"):
        record_results(
            treated,
            sample=Sample("plasma", tube.collected_at),
            entries=[pcr("52000")],
            by=lab,
        )
