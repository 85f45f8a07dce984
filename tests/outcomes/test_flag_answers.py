"""Flags acknowledged, snoozed, asked again, and escalated to the investigator."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.utils import timezone

from dosing.models import DrugChoice
from enrollment.models import Participant
from outcomes import worklist
from outcomes.actions import Flagged, flag_due
from outcomes.flag_actions import acknowledge, ask_again, snooze
from outcomes.follow_up import escalated, row_of
from outcomes.models import Flag
from oversight import verification
from oversight.accounts import system_actor
from oversight.recording import AlreadyRecorded
from oversight.records import StaleRecord
from oversight.refusals import Refused
from oversight.trail import AuditEntry
from tests import factories
from tests.labs.examples import entered, pcr, plated
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
LIST = "/follow-up/"


@pytest.fixture
def later() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as clocked:
        yield clocked


@pytest.fixture
def treated(site: Site) -> Participant:
    """First dose seven days ago: day 7 is today."""
    participant = factories.on_treatment(site, days_ago=7)
    run()
    return participant


def run() -> Flagged:
    return flag_due(by=system_actor())


def of(key: str) -> Flag:
    found: Flag = Flag.objects.get(key=key, resolved_at=None)
    return found


def seen(flag: Flag) -> dict[int, int]:
    return {flag.pk: flag.version}


def by(role: Role, site: Site) -> User:
    return factories.user(role, site)


def titles(user: User) -> list[str]:
    found = worklist.first_rows(worklist.groups(user), user, most=50)
    return [str(row.title) for _group, rows in found for row in rows]


# --- acknowledged and snoozed -----------------------------------------------------------------


def test_what_is_acknowledged_leaves_the_worklist_and_stays_in_the_list(
    treated: Participant, login: Login
) -> None:
    coordinator = by(Role.COORDINATOR, treated.site)
    assert "Day 7" in titles(coordinator)
    acknowledge(seen(of("visit:D7")), why="She comes at four", by=coordinator)
    assert "Day 7" not in titles(coordinator)
    page = login(Role.MONITOR).get(LIST, {"state": "quiet"}).content.decode()
    assert f"Acknowledged by {coordinator} on {clock.today()}: She comes at four" in page
    entry = AuditEntry.objects.filter(model="outcomes.flag", action="changed").latest("pk")
    assert (entry.reason, entry.actor) == ("She comes at four", coordinator)
    assert list(verification.verify()) == []


def test_what_was_known_too_early_comes_back_when_it_is_late(
    treated: Participant, later: time_machine.Traveller
) -> None:
    coordinator = by(Role.COORDINATOR, treated.site)
    acknowledge(seen(of("visit:D7")), why="She comes at four", by=coordinator)
    later.shift(dt.timedelta(days=2))
    assert "Day 7" in titles(coordinator)
    acknowledge(seen(of("visit:D7")), why="She moved away", by=coordinator)
    later.shift(dt.timedelta(days=30))
    assert "Day 7" not in titles(coordinator)


def test_a_snooze_ends_on_its_day(treated: Participant, later: time_machine.Traveller) -> None:
    nurse = by(Role.NURSE, treated.site)
    day = clock.today() + dt.timedelta(days=3)
    snooze(seen(of("visit:D7")), until=day, why="Travels until then", by=nurse)
    assert "Day 7" not in titles(nurse)
    later.shift(dt.timedelta(days=3))
    assert "Day 7" in titles(nurse)


def test_an_answer_can_be_taken_back(treated: Participant) -> None:
    nurse = by(Role.NURSE, treated.site)
    acknowledge(seen(of("visit:D7")), why="Seen", by=nurse)
    ask_again(seen(of("visit:D7")), why="The wrong row", by=nurse)
    flag = of("visit:D7")
    assert (flag.answer, flag.answered_by, flag.answer_why) == ("", None, "")
    assert "Day 7" in titles(nurse)
    with pytest.raises(Refused, match="on the worklists already"):
        ask_again(seen(flag), why="Again", by=nurse)


@pytest.mark.parametrize("days", [-1, 0, 15])
def test_a_snooze_is_to_come_and_a_fortnight_at_most(treated: Participant, days: int) -> None:
    day = clock.today() + dt.timedelta(days=days)
    with pytest.raises(Refused, match="Choose a day from 2026-03-19 to 2026-04-01"):
        snooze(seen(of("visit:D7")), until=day, why="Later", by=by(Role.NURSE, treated.site))


def test_what_guards_safety_is_not_put_off(treated: Participant) -> None:
    """The blood count was due on the 13th, two days after the order."""
    day = clock.today() + dt.timedelta(days=1)
    flag, investigator = of("blood_count:2026-03-13"), by(Role.INVESTIGATOR, treated.site)
    with pytest.raises(Refused, match="it cannot wait"):
        snooze(seen(flag), until=day, why="Tomorrow", by=investigator)
    acknowledge(seen(flag), why="Drawn outside, on paper", by=investigator)


def test_refusals(treated: Participant, other_site: Site) -> None:
    flag, nurse = of("visit:D7"), by(Role.NURSE, treated.site)
    with pytest.raises(Refused, match="Say why"):
        acknowledge(seen(flag), why="  ", by=nurse)
    with pytest.raises(PermissionDenied):
        acknowledge({}, why="None", by=nurse)
    for role in (Role.MONITOR, Role.STATISTICIAN, Role.DATA_MANAGER, Role.LAB):
        with pytest.raises(PermissionDenied):
            acknowledge(seen(flag), why="Seen", by=by(role, treated.site))
    with pytest.raises(PermissionDenied):
        acknowledge(seen(flag), why="Seen", by=by(Role.NURSE, other_site))
    with pytest.raises(StaleRecord):
        acknowledge({flag.pk: flag.version + 1}, why="Seen", by=nurse)
    key = uuid4()
    acknowledge(seen(flag), why="Seen", by=nurse, key=key)
    with pytest.raises(AlreadyRecorded):
        acknowledge(seen(of("visit:D7")), why="Seen", by=nurse, key=key)


def test_what_is_resolved_refuses_and_a_new_flag_has_no_answer(
    treated: Participant, later: time_machine.Traveller
) -> None:
    lab = by(Role.LAB, treated.site)
    flag = of("nk:D7")
    acknowledge(seen(flag), why="The cytometer is being mended", by=lab)
    assay = plated(treated)
    run()
    flag.refresh_from_db()
    assert flag.resolved_at is not None
    with pytest.raises(Refused, match="is done"):
        acknowledge(seen(flag), why="Seen", by=lab)
    assert assay.counts


# --- escalated --------------------------------------------------------------------------------


def test_what_is_late_for_long_goes_to_the_investigator_once(
    treated: Participant, later: time_machine.Traveller
) -> None:
    investigator = by(Role.INVESTIGATOR, treated.site)
    assert of("visit:D7").escalated_at is None
    later.shift(dt.timedelta(days=9))
    assert run().escalated >= 1
    moment = of("visit:D7").escalated_at
    assert moment == clock.now()
    assert run() == Flagged()
    later.shift(dt.timedelta(days=1))
    run()
    assert of("visit:D7").escalated_at == moment
    assert "visit:D7" in {flag.rule_key for flag in escalated(investigator)}
    with pytest.raises(PermissionDenied):
        acknowledge(seen(of("visit:D7")), why="Seen", by=by(Role.COORDINATOR, treated.site))
    acknowledge(seen(of("visit:D7")), why="Decided: it is lost", by=investigator)
    assert "visit:D7" not in {flag.rule_key for flag in escalated(investigator)}


def test_unrecorded_doses_reach_the_investigator_when_nobody_records_them(
    treated: Participant,
) -> None:
    investigator = by(Role.INVESTIGATOR, treated.site)
    assert of("doses:ganciclovir:2026-03-12").escalated_at is not None
    assert "Ganciclovir not recorded" in titles(investigator)
    assert titles(investigator).count("Ganciclovir not recorded") == 1


def test_blood_comes_to_the_investigator_when_it_is_late(site: Site) -> None:
    factories.on_treatment(site, days_ago=3)
    run()
    investigator, nurse = by(Role.INVESTIGATOR, site), by(Role.NURSE, site)
    assert "Blood count under ganciclovir" in titles(nurse)  # due yesterday
    assert "Blood count under ganciclovir" not in titles(investigator)
    factories.on_treatment(site, days_ago=4)
    run()
    assert titles(investigator).count("Blood count under ganciclovir") == 1


def test_a_suspected_relapse_is_escalated_as_it_is_raised(
    site: Site, later: time_machine.Traveller
) -> None:
    participant = factories.on_treatment(site, days_ago=1)
    for days, copies in ((6, "640"), (6, "500"), (6, "4200")):
        later.shift(dt.timedelta(days=days))
        entered(participant, pcr(copies))
    assert run().escalated >= 1
    flag = Flag.objects.get(kind="relapse")
    assert flag.escalated_at == flag.raised_at
    assert "Relapse suspected" in titles(by(Role.INVESTIGATOR, site))
    assert "Relapse suspected" not in titles(by(Role.COORDINATOR, site))
    with pytest.raises(PermissionDenied):
        acknowledge(seen(flag), why="Seen", by=by(Role.COORDINATOR, site))
    later.shift(dt.timedelta(days=2))
    entered(participant, pcr("300"))
    run()
    flag.refresh_from_db()
    assert flag.resolved_at == clock.now()


# --- a site's approval ------------------------------------------------------------------------


def test_an_approval_that_runs_out_is_a_flag_of_the_site(
    site: Site, login: Login, later: time_machine.Traveller
) -> None:
    later.shift(dt.timedelta(days=600))
    assert run() == Flagged(raised=1)
    assert run() == Flagged()
    flag = Flag.objects.get()
    assert (flag.kind, flag.participant, flag.site) == ("approval", None, site)
    assert site.code in login(Role.COORDINATOR).get(LIST).content.decode()
    acknowledge(seen(flag), why="The form is with the committee", by=by(Role.COORDINATOR, site))
    factories.approval(site, number="2026PHB012-02", approved_on=clock.today())
    assert run() == Flagged(resolved=1)


def test_a_replaced_consent_is_a_flag_and_the_new_signature_answers_it(
    treated: Participant, later: time_machine.Traveller
) -> None:
    factories.consent_form("1.2", valid_from=clock.today())
    run()
    flag = Flag.objects.get(kind="consent")
    assert flag.due_on == clock.today()
    factories.sign_consent(treated.screening, "1.2", signed_at=clock.now())
    run()
    flag.refresh_from_db()
    assert flag.resolved_at is not None


# --- the page of one flag ---------------------------------------------------------------------


def answer_data(user: User, flag: Flag, answer: str, **changes: str) -> dict[str, str]:
    row = row_of(user, flag.pk)
    assert row is not None
    versions = " ".join(f"{key}:{version}" for key, version in row.versions.items())
    values = {"entry_key": str(uuid4()), "versions": versions, "answer": answer, "why": "Known"}
    return values | changes


def test_the_page_keeps_an_answer_once(treated: Participant, login: Login) -> None:
    flag, client = of("visit:D7"), login(Role.NURSE)
    url = f"{LIST}flags/{flag.pk}/"
    assert "Acknowledge: it is known" in client.get(url).content.decode()
    data = answer_data(by(Role.NURSE, treated.site), flag, "acknowledge")
    assert client.post(url, data).status_code == 302
    assert of("visit:D7").answer == "acknowledged"
    assert "saved already" in client.post(url, data, follow=True).content.decode()


def test_the_page_snoozes_to_a_day_to_come(treated: Participant, login: Login) -> None:
    flag, client = of("visit:D7"), login(Role.NURSE)
    nurse = by(Role.NURSE, treated.site)
    data = answer_data(nurse, flag, "snooze", until="2026-03-21")
    assert client.post(f"{LIST}flags/{flag.pk}/", data).status_code == 302
    assert of("visit:D7").snoozed_until == dt.date(2026, 3, 21)
    page = client.get(f"{LIST}flags/{flag.pk}/").content.decode()
    assert "Ask again: back onto the worklists" in page
    client.post(f"{LIST}flags/{flag.pk}/", answer_data(nurse, of("visit:D7"), "again"))
    assert of("visit:D7").answer == ""


def test_a_bad_answer_keeps_what_was_typed(treated: Participant, login: Login) -> None:
    flag, client = of("visit:D7"), login(Role.NURSE)
    url, nurse = f"{LIST}flags/{flag.pk}/", by(Role.NURSE, treated.site)
    for changes in ({}, {"until": "2026-05-01"}, {"versions": "x"}, {"versions": f"{flag.pk}:9"}):
        data = answer_data(nurse, flag, "snooze", why="Travels far", **changes)
        page = client.post(url, data)
        assert page.status_code == 200
        assert "Travels far" in page.content.decode()
    data = answer_data(nurse, flag, "acknowledge", until="2026-03-20")
    assert "Only what is snoozed has a day" in client.post(url, data).content.decode()
    assert of("visit:D7").answer == ""


def test_the_days_of_one_drug_are_answered_together(treated: Participant, login: Login) -> None:
    flag = of("doses:ganciclovir:2026-03-12")
    client = login(Role.INVESTIGATOR)
    data = answer_data(by(Role.INVESTIGATOR, treated.site), flag, "acknowledge")
    client.post(f"{LIST}flags/{flag.pk}/", data)
    doses = Flag.objects.open().filter(kind="doses")
    assert doses.count() == 7
    assert not doses.exclude(answer="acknowledged").exists()


def test_whose_page_it_is(treated: Participant, other_site: Site, login: Login) -> None:
    visit, doses = of("visit:D7"), of("doses:ganciclovir:2026-03-12")
    assert login(Role.NURSE).get(f"{LIST}flags/{doses.pk}/").status_code == 403  # escalated
    assert login(Role.MONITOR).get(f"{LIST}flags/{visit.pk}/").status_code == 403
    foreign = Client()
    foreign.force_login(by(Role.NURSE, other_site))
    assert foreign.get(f"{LIST}flags/{visit.pk}/").status_code == 404
    plated(treated)
    sample = of("nk:D7")
    run()
    page = login(Role.LAB).get(f"{LIST}flags/{sample.pk}/", follow=True)
    assert "What this flag asked for is done" in page.content.decode()


# --- the list ---------------------------------------------------------------------------------


def test_the_list_is_narrowed_by_kind_and_state(treated: Participant, login: Login) -> None:
    client = login(Role.COORDINATOR)
    page = client.get(LIST, {"kind": "nk_sample"}).content.decode()
    assert "NK cytotoxicity sample" in page
    assert 'class="work-title">Day 7' not in page
    assert "No flag of this kind" in client.get(LIST, {"kind": "end"}).content.decode()
    assert "Day 7" in client.get(LIST, {"kind": "nonsense"}).content.decode()


def test_a_row_leads_to_the_rows_that_it_rests_on(treated: Participant, login: Login) -> None:
    [result] = entered(treated, pcr("5000"))
    run()
    page = login(Role.MONITOR).get(LIST, {"kind": "pcr_check"}).content.decode()
    assert f'href="/labs/results/{result.pk}/"' in page


def test_the_laboratory_sees_samples_and_no_arm(site: Site, login: Login) -> None:
    participant = factories.on_treatment(site, "il2_gcv", days_ago=3)
    factories.order(participant, DrugChoice.IL2, starts_at=factories.local(dt.date(2026, 3, 15)))
    run()
    assert Flag.objects.filter(key__startswith="doses:il2").exists()
    client = login(Role.LAB)
    for url in (LIST, "/follow-up/week/", "/follow-up/week.csv", "/"):
        answer = client.get(url)
        page = b"".join(answer) if answer.streaming else answer.content
        assert "nterleukin" not in page.decode()
        assert "IL-2 +" not in page.decode()
        assert "not recorded" not in page.decode()
    kinds = {kind for kind, _label, _n in client.get(LIST).context["kinds"]}
    assert kinds <= {"pcr_check", "confirmation", "nk_sample", "bloods"}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_escalate_once(site: Site) -> None:
    factories.on_treatment(site, days_ago=9)
    system_actor()
    failures: list[BaseException] = []
    start = threading.Barrier(3)

    def one_run() -> None:
        try:
            start.wait()
            run()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one_run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    keys = list(Flag.objects.values_list("key", flat=True))
    assert len(keys) == len(set(keys))
    assert Flag.objects.get(key="nk:D7").version == 1
    assert Flag.objects.get(key="nk:D7").escalated_at is not None
    assert list(verification.verify()) == []
