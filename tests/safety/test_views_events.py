"""The pages of adverse events: who may, other sites, bad input, repeats, what they show."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from enrollment.models import Participant
from safety.actions.reports import send_report
from safety.models import AdverseEvent, DeclinedOffer, SafetyReport
from tests import factories
from tests.conftest import NOON
from tests.safety import harm
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R11")]
Login = Callable[[Role], Client]

EVENTS = reverse("safety:events")
NEW = reverse("safety:event-new")


@pytest.fixture
def treated(site: Site) -> Participant:
    return factories.on_treatment(site, "gcv")


@pytest.fixture
def serious(treated: Participant) -> AdverseEvent:
    return harm.event(treated, harm.hospitalised())


def typed(who: Participant, **changes: Any) -> dict[str, Any]:
    """A fever of today as a nurse types it."""
    values = {
        "entry_key": str(uuid4()),
        "participant": who.subject,
        "term": "fever",
        "grade": "2",
        "onset_on": "2026-03-18",
        "onset_time": "09:00",
        "ended_on": "",
        "outcome": "not_recovered",
        "serious_aware_at": "",
        "treatment": "",
        "note": "",
        "meddra_code": "",
    }
    return values | changes


def page(name: str, found: Any) -> str:
    return reverse(f"safety:{name}", args=[found.pk])


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return re.sub(r"\s+", " ", response.content.decode())


# --- who --------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_the_laboratory_and_the_administrator_have_no_way_in(
    login: Login, serious: AdverseEvent, role: Role
) -> None:
    reads = role not in {Role.LAB, Role.ADMIN, Role.STATISTICIAN}
    for url in (EVENTS, page("event", serious)):
        assert login(role).get(url).status_code == (200 if reads else 403)


def test_another_sites_events_do_not_exist(
    client: Client, serious: AdverseEvent, other_site: Site
) -> None:
    client.force_login(factories.user(Role.INVESTIGATOR, other_site))
    names = ("event", "event-correct", "event-serious", "event-assess", "event-in-error")
    for name in (*names, "report-new"):
        assert client.get(page(name, serious)).status_code == 404
    assert serious.participant.subject not in text_of(client, EVENTS)
    refused = client.post(NEW, typed(serious.participant))
    assert "No participant of your sites has this number" in refused.content.decode()


# --- reporting --------------------------------------------------------------------------------


def test_a_nurse_reports_an_event(login: Login, treated: Participant) -> None:
    response = login(Role.NURSE).post(NEW, typed(treated))
    found = AdverseEvent.objects.get()
    assert response["Location"] == page("event", found)
    assert (found.term, found.criteria_code, found.grade) == ("fever", "fever", 2)
    assert (found.onset_on, found.onset_time) == (dt.date(2026, 3, 18), dt.time(9, 0))


def test_a_second_click_saves_nothing_more(login: Login, treated: Participant) -> None:
    client, form = login(Role.NURSE), typed(treated)
    client.post(NEW, form)
    again = client.post(NEW, form, follow=True)
    assert "This was saved already" in again.content.decode()
    assert AdverseEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"onset_on": "2026-03-19"}, "This day lies in the future"),
        ({"onset_time": "23:00"}, "cannot begin in the future"),
        ({"ended_on": "2026-03-17"}, "An event ends after it begins"),
        ({"grade": "5"}, "choose Death"),
        ({"grade": ""}, "This field is required"),
        ({"meddra_code": "123"}, "Enter a valid value"),
        ({"serious": ["important"]}, "first knew that it is serious"),
        ({"serious_aware_at": "2026-03-18T10:00"}, "Choose why the event is serious"),
        (
            {"serious": ["important"], "serious_aware_at": "2026-03-18T08:00"},
            "before it began",
        ),
        (
            {"serious": ["important"], "serious_aware_at": "2026-03-19T08:00"},
            "lies in the future",
        ),
    ],
)
def test_bad_input_keeps_what_was_typed(
    login: Login, treated: Participant, wrong: dict[str, Any], says: str
) -> None:
    form = typed(treated, treatment="Paracetamol by mouth", **wrong)
    response = login(Role.NURSE).post(NEW, form)
    shown = response.content.decode()
    assert says in shown
    assert "Paracetamol by mouth" in shown
    assert not AdverseEvent.objects.exists()


def test_the_same_event_is_asked_about(login: Login, treated: Participant) -> None:
    harm.event(treated)
    client, form = login(Role.NURSE), typed(treated)
    assert "Is it another one?" in client.post(NEW, form).content.decode()
    client.post(NEW, {**form, "confirmed": "on"})
    assert AdverseEvent.objects.count() == 2


def test_the_form_begins_with_the_participant_of_the_address(
    login: Login, treated: Participant
) -> None:
    shown = text_of(login(Role.NURSE), f"{NEW}?participant={treated.subject}")
    assert f'value="{treated.subject}"' in shown


def test_the_criteria_of_the_term_stand_at_the_choice(login: Login) -> None:
    client, url = login(Role.NURSE), reverse("safety:event-criteria")
    assert "Above 40.0 °C for more than 24 hours" in text_of(client, f"{url}?term=Fever")
    assert "below 0.5" in text_of(client, f"{url}?term=Neutrophil+count+decreased&grade=4")
    assert "Moderate" in text_of(client, f"{url}?term=Hair+loss")


def test_a_term_is_known_in_chinese_too(login: Login, treated: Participant) -> None:
    client = login(Role.NURSE)
    client.cookies["django_language"] = "zh-hans"
    client.post(NEW, typed(treated, term="Fever"))
    assert AdverseEvent.objects.get().criteria_code == "fever"


# --- offers -----------------------------------------------------------------------------------


def test_an_offer_opens_the_form_with_what_is_known(login: Login, treated: Participant) -> None:
    seen = harm.reaction(treated)
    client = login(Role.NURSE)
    listed = text_of(client, EVENTS)
    url = f"{NEW}?offer=reaction:{seen.pk}"
    assert url in listed
    opened = client.get(url)
    form = opened.context["form"]
    assert (form["term"].value(), form["grade"].value()) == ("Fever", "2")
    assert form["onset_time"].value() == dt.time(9, 0)
    client.post(url, typed(treated))
    assert AdverseEvent.objects.get().reaction == seen
    late = client.post(url, typed(treated), follow=True)
    assert "taken over or declined already" in late.content.decode()
    assert AdverseEvent.objects.count() == 1


def test_an_offer_is_declined_with_a_reason(login: Login, treated: Participant) -> None:
    seen = harm.reaction(treated)
    client, url = login(Role.NURSE), reverse("safety:offer-decline", args=[f"reaction:{seen.pk}"])
    assert "Fever" in text_of(client, url)
    empty = client.post(url, {"entry_key": str(uuid4()), "why": ""})
    assert "This field is required" in empty.content.decode()
    client.post(url, {"entry_key": str(uuid4()), "why": "Known migraine"})
    assert DeclinedOffer.objects.get().why == "Known migraine"
    assert client.get(url).status_code == 404


def test_a_nurse_declines_no_graded_result(login: Login, treated: Participant) -> None:
    found = harm.severe_result(treated)
    url = reverse("safety:offer-decline", args=[f"result:{found.pk}"])
    client = login(Role.NURSE)
    assert url not in text_of(client, EVENTS)
    sent = {"entry_key": str(uuid4()), "why": "Known"}
    assert client.post(url, sent).status_code == 403
    client = login(Role.INVESTIGATOR)
    assert url in text_of(client, EVENTS)
    client.post(url, sent)
    assert DeclinedOffer.objects.get().source == f"result:{found.pk}"


def test_those_who_read_are_offered_nothing(login: Login, treated: Participant) -> None:
    harm.reaction(treated)
    assert "Report as an event" not in text_of(login(Role.MONITOR), EVENTS)


# --- one event --------------------------------------------------------------------------------


def test_a_page_shows_everything_about_an_event(login: Login, serious: AdverseEvent) -> None:
    harm.assessed(serious, expected=False)
    shown = text_of(login(Role.MONITOR), page("event", serious))
    for words in (
        "Above 39.0 to 40.0 °C",
        "Hospitalisation or its prolongation",
        "Report to the sponsor",
        "to the sponsor within 24 h of 2026-03-18 11:00 +08:00",
        "Report to the authority",
        "15 days from 2026-03-18",
        "Possible; Drug held",
        "Unexpected",
        "Nothing was sent yet.",
    ):
        assert words in shown, words
    assert page("event-assess", serious) not in shown  # who reads is not offered to write


def test_a_correction_needs_its_reason_and_keeps_the_version(
    login: Login, serious: AdverseEvent
) -> None:
    client, url = login(Role.NURSE), page("event-correct", serious)
    form = typed(serious.participant, treatment="Cooling", record_version="1", reason="")
    assert "This field is required" in client.post(url, form).content.decode()
    client.post(url, {**form, "reason": "Chart"})
    serious.refresh_from_db()
    assert (serious.treatment, serious.version) == ("Cooling", 2)
    stale = typed(serious.participant, treatment="Ice", record_version="1", reason="Chart")
    shown = client.post(url, stale).content.decode()
    assert "Somebody saved this record after you opened it" in shown
    assert "Ice" in shown


def test_an_investigator_assesses(login: Login, serious: AdverseEvent) -> None:
    client, url = login(Role.INVESTIGATOR), page("event-assess", serious)
    shown = text_of(client, url)
    assert 'name="relation_il2" value="possible"' not in shown  # never had it
    form = {
        "entry_key": str(uuid4()),
        "record_version": "1",
        "relation_il2": "not_given",
        "action_il2": "not_given",
        "relation_ganciclovir": "probable",
        "action_ganciclovir": "held",
    }
    asked = client.post(url, form).content.decode()
    assert "Say whether a related event was expected" in asked
    assert client.post(url, {**form, "is_expected": "no"})["Location"] == page("event", serious)
    serious.refresh_from_db()
    assert (serious.relation_ganciclovir, serious.is_expected) == ("probable", False)
    again = {**form, "entry_key": str(uuid4()), "record_version": "2", "is_expected": "yes"}
    assert "This field is required" in client.post(url, again).content.decode()


@pytest.mark.parametrize("role", sorted(PEOPLE - {Role.INVESTIGATOR}))
def test_nobody_else_assesses(login: Login, serious: AdverseEvent, role: Role) -> None:
    assert login(role).post(page("event-assess", serious), {}).status_code == 403


def test_seriousness_later_starts_the_clock_there(login: Login, treated: Participant) -> None:
    found = harm.event(treated)
    form = {
        "entry_key": str(uuid4()),
        "record_version": "1",
        "serious": ["life_threatening"],
        "serious_aware_at": "2026-03-18T11:30",
        "reason": "The ward called",
    }
    login(Role.COORDINATOR).post(page("event-serious", found), form)
    found.refresh_from_db()
    assert found.serious == ["life_threatening"]
    assert found.serious_aware_at == NOON - dt.timedelta(minutes=30)


def test_a_nurse_cannot_unsay_seriousness(login: Login, serious: AdverseEvent) -> None:
    form = {"entry_key": str(uuid4()), "record_version": "1", "reason": "Mistake"}
    shown = login(Role.NURSE).post(page("event-serious", serious), form).content.decode()
    assert "Only an investigator" in shown


def test_what_was_entered_in_error_is_read_and_not_changed(
    login: Login, treated: Participant
) -> None:
    found = harm.event(treated)
    client = login(Role.NURSE)
    form = {"entry_key": str(uuid4()), "record_version": "1", "reason": "Another participant"}
    client.post(page("event-in-error", found), form)
    assert "nothing counts this event" in text_of(client, page("event", found))
    assert client.get(page("event-correct", found)).status_code == 404
    assert "Fever" not in text_of(client, EVENTS)
    assert "Fever" in text_of(client, f"{EVENTS}?state=in_error")


# --- reports ----------------------------------------------------------------------------------


def test_a_report_is_written_sent_and_printed(login: Login, serious: AdverseEvent) -> None:
    client, url = login(Role.COORDINATOR), page("report-new", serious)
    assert "What the report says" in text_of(client, url)
    form = {
        "entry_key": str(uuid4()),
        "event_version": "1",
        "recipient": "sponsor",
        "narrative": "",
    }
    assert "This field is required" in client.post(url, form).content.decode()
    sent = client.post(url, {**form, "narrative": "Admitted\nwith fever."})
    report = SafetyReport.objects.get()
    assert sent["Location"] == page("report", report)
    shown = text_of(client, page("report", report))
    for words in ("Initial report 1", "Admitted<br>with fever.", "Signature", "+08:00"):
        assert words in shown, words
    again = client.post(url, {**form, "narrative": "Admitted\nwith fever."}, follow=True)
    assert "This was saved already" in again.content.decode()
    assert SafetyReport.objects.count() == 1


def test_a_report_reads_in_chinese_as_well(login: Login, serious: AdverseEvent) -> None:
    by = factories.user(Role.COORDINATOR, serious.participant.site)
    report = send_report(serious, recipient="sponsor", narrative="x", version=1, by=by)
    client = login(Role.COORDINATOR)
    client.cookies["django_language"] = "zh-hans"
    assert report.participant.subject in text_of(client, page("report", report))


def test_another_sites_report_does_not_exist(
    client: Client, serious: AdverseEvent, other_site: Site
) -> None:
    by = factories.user(Role.COORDINATOR, serious.participant.site)
    report = send_report(serious, recipient="sponsor", narrative="x", version=1, by=by)
    client.force_login(factories.user(Role.COORDINATOR, other_site))
    assert client.get(page("report", report)).status_code == 404


def test_what_is_not_serious_leads_to_the_question(login: Login, treated: Participant) -> None:
    found = harm.event(treated)
    response = login(Role.INVESTIGATOR).get(page("report-new", found))
    assert response["Location"] == page("event-serious", found)


# --- the list ---------------------------------------------------------------------------------


def test_the_list_is_narrowed_and_ordered_by_its_address(
    login: Login, serious: AdverseEvent
) -> None:
    mild = harm.event(serious.participant, term="Nausea", criteria_code="", grade=1)
    client = login(Role.MONITOR)

    def terms(query: str) -> list[str]:
        return [event.term for event in client.get(f"{EVENTS}{query}").context["page_obj"]]

    assert terms("?grade=1") == ["Nausea"]
    assert terms("?serious=yes") == ["Fever"]
    assert terms("?serious=no") == ["Nausea"]
    assert terms("?sort=term") == ["Fever", "Nausea"]
    assert terms("?sort=-term") == ["Nausea", "Fever"]
    assert terms("?q=naus") == ["Nausea"]
    assert terms(f"?q={mild.participant.subject}&state=open") == terms("")
    assert terms("?state=ended") == []
    assert terms("?grade=x&sort=x&state=x") == terms("")
    assert len(terms("?state=assess")) == 2


@pytest.mark.requirement("R05")
def test_the_list_downloads(login: Login, serious: AdverseEvent) -> None:
    harm.event(serious.participant, term="=cmd()", criteria_code="", grade=1)
    url = reverse("safety:events-download")
    response = login(Role.DATA_MANAGER).get(f"{url}?serious=yes")
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert "Fever,fever" in lines[1]
    assert "2026-03-18T11:00:00+08:00" in lines[1]
    every = b"".join(login(Role.DATA_MANAGER).get(url).streaming_content).decode()
    assert "'=cmd()" in every


def test_two_hundred_events_take_few_queries(
    login: Login, treated: Participant, django_assert_max_num_queries: Any
) -> None:
    for number in range(200):
        harm.event(treated, harm.hospitalised() if number % 20 == 0 else None, term=f"T{number}")
    harm.reaction(treated)
    client = login(Role.INVESTIGATOR)
    client.get(EVENTS)
    with django_assert_max_num_queries(15):
        assert client.get(EVENTS).status_code == 200


# --- worklists and casebook -------------------------------------------------------------------


def rows(client: Client) -> str:
    return text_of(client, "/")


def test_a_running_clock_stands_with_those_who_report(login: Login, serious: AdverseEvent) -> None:
    for role in (Role.INVESTIGATOR, Role.COORDINATOR):
        shown = rows(login(role))
        assert "Report to the sponsor: Fever" in shown
        assert "22 h 59 min left" in shown or "23 h 0 min left" in shown
    assert "Report to the sponsor" not in rows(login(Role.NURSE))


def test_an_overdue_clock_stands_first_on_every_clinical_worklist(
    login: Login, serious: AdverseEvent
) -> None:
    with time_machine.travel(NOON + dt.timedelta(hours=24)):
        for role in (Role.INVESTIGATOR, Role.COORDINATOR, Role.NURSE):
            shown = rows(login(role))
            assert "Report to the sponsor: Fever" in shown, role
            first = shown.index('class="work-row"')
            assert shown.index("Report to the sponsor: Fever") == min(
                shown.index("Report to the sponsor: Fever"),
                shown.index("work-title", first) + len('work-title">'),
            ), role
        for role in (Role.LAB, Role.ADMIN, Role.STATISTICIAN):
            assert "Report to the sponsor" not in rows(login(role)), role


def test_what_is_overdue_is_counted_on_every_page_of_those_who_read(
    login: Login, serious: AdverseEvent
) -> None:
    late = 'class="count count--late">2<'  # the sponsor's clock, and the authority's below
    assert "count--late" not in text_of(login(Role.NURSE), "/protocol/")
    with time_machine.travel(NOON + dt.timedelta(days=16)):
        for role in (Role.NURSE, Role.INVESTIGATOR, Role.COORDINATOR, Role.MONITOR):
            assert late in text_of(login(role), "/protocol/"), role
        for role in (Role.LAB, Role.ADMIN, Role.STATISTICIAN):
            assert "count--late" not in text_of(login(role), "/protocol/"), role


def test_offers_stand_with_those_who_decide(login: Login, treated: Participant) -> None:
    harm.reaction(treated)
    harm.severe_result(treated)
    investigator, nurse = rows(login(Role.INVESTIGATOR)), rows(login(Role.NURSE))
    assert "Fever, grade 2" in investigator
    assert "Neutrophil count decreased, grade 3" in investigator
    assert "Fever, grade 2" in nurse
    assert "Neutrophil count decreased, grade 3" not in nurse


def test_an_event_waits_for_its_assessment(login: Login, treated: Participant) -> None:
    found = harm.event(treated)
    assert page("event-assess", found) in rows(login(Role.INVESTIGATOR))
    harm.assessed(found)
    assert page("event-assess", found) not in rows(login(Role.INVESTIGATOR))


def test_the_casebook_tells_of_events_and_reports(
    login: Login, serious: AdverseEvent, site: Site
) -> None:
    by: User = factories.user(Role.COORDINATOR, site)
    send_report(serious, recipient="sponsor", narrative="x", version=1, by=by)
    url = reverse("outcomes:casebook", args=[serious.participant.subject])
    shown = text_of(login(Role.INVESTIGATOR), f"{url}?kind=safety")
    assert "Grade 2, serious" in shown
    assert "Initial report to Sponsor: Fever" in shown
