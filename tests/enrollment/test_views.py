"""The room's pages: each role, each method, another site, what was typed, and twice the same."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from enrollment.actions.participation import record_visit
from enrollment.models import Allocation, AllocationList, Consent, Participant, Screening, Visit
from enrollment.permissions import PAGES
from enrollment.states import State
from tests import factories
from tests.enrollment.conftest import Login
from tests.enrollment.pages import send, text, typed, verdict_of
from trial_site import clock
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db

LOG = "/screening/"
NEW = "/screening/new/"
PARTICIPANTS = "/participants/"
LIST = "/allocation/"
ARMS = ["IL-2 + ganciclovir", "Ganciclovir"]


def page(record: Screening | Participant, name: str = "", code: str = "") -> str:
    """The address of one of a record's pages."""
    root = LOG + record.number if isinstance(record, Screening) else PARTICIPANTS + record.subject
    return "/".join(part for part in (root, name, code) if part) + "/"


@pytest.fixture
def draft(site: Site) -> Screening:
    return factories.screening(site)


@pytest.fixture
def treated(site: Site) -> Participant:
    return factories.on_treatment(site, days_ago=7)


# --- R11: every page, role, method and site -----------------------------------------------------


def address(name: str, screening: Screening, participant: Participant) -> str:
    arguments = {
        "visit-record": [participant.subject, "D7"],
        **dict.fromkeys(["screening-log", "screening-new", "participants", "allocation-list"], []),
        **dict.fromkeys(["allocate", "visits", "disposition"], [participant.subject]),
    }
    page_name = name.partition(":")[2]
    return reverse(name, args=arguments.get(page_name, [screening.number]))


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_each_page_answers_its_roles_and_methods_only(
    login: Login, draft: Screening, treated: Participant, role: Role
) -> None:
    client = login(role)
    for name, methods in PAGES.items():
        assert methods is not None
        url = address(name, draft, treated)
        for method in ("GET", "POST", "PUT", "DELETE"):
            status = client.generic(method, url).status_code
            if method not in methods:
                assert status == 405, (name, method)
            elif role not in methods[method]:
                assert status == 403, (name, method)
            else:
                assert status in {200, 302}, (name, method, status)


@pytest.mark.requirement("R11")
def test_nothing_is_open_before_login(
    client: Client, draft: Screening, treated: Participant
) -> None:
    for name, methods in PAGES.items():
        method = "GET" if "GET" in (methods or {}) else "POST"
        response = client.generic(method, address(name, draft, treated))
        assert (response.status_code, response.url.split("?")[0]) == (302, "/accounts/login/")


@pytest.mark.requirement("R11")
def test_another_sites_records_do_not_exist(login: Login, other_site: Site, client: Client) -> None:
    screening, participant = factories.screening(other_site), factories.on_treatment(other_site)
    for role in (Role.COORDINATOR, Role.INVESTIGATOR):
        login(role)
        for name, methods in PAGES.items():
            url = address(name, screening, participant)
            for method, roles in (methods or {}).items():
                if role in roles and url not in {LOG, NEW, PARTICIPANTS, LIST}:
                    assert client.generic(method, url).status_code == 404, (name, method)


# --- the log --------------------------------------------------------------------------------------


def test_the_log_lists_filters_and_counts(desk: Client, site: Site, other_site: Site) -> None:
    factories.screening(site, consent=False)
    factories.submitted(site, factories.eligible_facts(malignancy=True))
    factories.enrolled(site)
    factories.screening(other_site)
    everything = text(desk.get(LOG))
    assert [number for number in ("SCR-001", "SCR-002", "SCR-003") if number in everything] == [
        "SCR-001",
        "SCR-002",
        "SCR-003",
    ]
    assert "SCR-004" not in everything
    assert "Waits for consent" in everything
    assert 'Enrolled · <span class="num">PKU-001</span>' in everything
    assert "<td>E5</td>" in everything
    failed = text(desk.get(LOG, {"status": "failed"}))
    assert "SCR-002" in failed
    assert "SCR-003" not in failed
    assert 'Screen failure <span class="count">1</span>' in failed
    assert "SCR-001" in text(desk.get(LOG, {"status": "nonsense"}))


def test_an_empty_log_says_so(desk: Client) -> None:
    assert "No screening here" in text(desk.get(LOG))


def test_the_log_has_pages(desk: Client, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enrollment.views.screening.PAGE_SIZE", 2)
    for _ in range(3):
        factories.screening(site)
    first, second = text(desk.get(LOG)), text(desk.get(LOG, {"page": 2}))
    assert "Page 1 of 2" in first
    assert "SCR-001" not in first
    assert "SCR-001" in second


@pytest.mark.parametrize("role", [Role.INVESTIGATOR, Role.MONITOR])
def test_only_who_screens_is_offered_a_new_screening(login: Login, role: Role) -> None:
    assert NEW not in text(login(role).get(LOG))


# --- the form ----------------------------------------------------------------------------------------


def eligible_answers(desk: Client, site: Site) -> dict[str, str]:
    """What a coordinator types for an eligible patient."""
    made = factories.screening(site)
    answers = typed(desk.get(page(made, "edit")))
    return {
        name: value
        for name, value in answers.items()
        if name not in {"entry_key", "record_version"}
    }


def test_a_new_screening_is_saved_as_typed(desk: Client, site: Site) -> None:
    answers = eligible_answers(desk, site)
    response = send(desk, NEW, **answers, draft="")
    made = Screening.objects.get(number="SCR-002")
    assert response.redirect_chain[-1][0] == page(made, "edit")
    assert "The draft is saved." in text(response)
    assert made.answers == factories.eligible_facts()
    assert made.site == site


def test_who_works_at_two_sites_chooses_one(client: Client, site: Site, other_site: Site) -> None:
    both = factories.user(Role.COORDINATOR, site, other_site, username="coordinator-both")
    client.force_login(both)
    refused = send(client, NEW, draft="")
    assert "Site: This field is required." in text(refused)
    send(client, NEW, site=other_site.pk, draft="")
    assert Screening.objects.get().site == other_site


def test_a_site_that_is_not_ones_own_is_refused(desk: Client, other_site: Site) -> None:
    send(desk, NEW, site=other_site.pk, draft="")
    assert not Screening.objects.exists()


def test_bad_input_keeps_everything_that_was_typed(desk: Client, site: Site) -> None:
    answers = eligible_answers(desk, site) | {"weight_kg": "6o", "cmv_value": "52,000"}
    response = send(desk, NEW, **answers, draft="")
    assert "Not saved: 1 answer to correct" in text(response)
    assert '<a href="#id_weight_kg">Weight: Enter a number.</a>' in text(response)
    kept = typed(response)
    assert {name: kept[name] for name in answers} == answers
    assert Screening.objects.count() == 1


def test_the_same_form_sent_twice_saves_one_screening(desk: Client) -> None:
    data = typed(desk.get(NEW)) | {"draft": ""}
    desk.post(NEW, data)
    again = desk.post(NEW, data, follow=True)
    assert "This was saved already." in text(again)
    assert Screening.objects.count() == 1


def test_an_unusual_value_is_asked_about_once(desk: Client, draft: Screening) -> None:
    asked = send(desk, page(draft, "edit"), weight_kg="34.9", draft="")
    assert "34.9 kg is unusual. Is this right?" in text(asked)
    assert "Not saved: 1 answer to confirm" in text(asked)
    assert Screening.objects.get().answers.weight_kg == Decimal("60.0")
    desk.post(page(draft, "edit"), typed(asked) | {"confirmed": "on", "draft": ""})
    assert Screening.objects.get().answers.weight_kg == Decimal("34.9")
    later = send(desk, page(draft, "edit"), malignancy="yes", draft="")
    assert "is unusual" not in text(later)
    assert Screening.objects.get().answers.malignancy is True


def test_an_impossible_value_is_refused_at_its_field(desk: Client, draft: Screening) -> None:
    refused = send(desk, page(draft, "edit"), creatinine="62", creatinine_unit="mg/dL", draft="")
    assert "62 mg/dL is not possible. Is this µmol/L?" in text(refused)
    assert '<a href="#id_creatinine">' in text(refused)


def test_verdicts_stand_beside_the_fields_after_saving(desk: Client, site: Site) -> None:
    new = text(desk.get(NEW))
    assert "Not judged yet" in new
    assert "passes" not in new
    draft = factories.screening(site, factories.eligible_facts(ast=None))
    form = desk.get(page(draft, "edit"))
    assert "E4c · Exclusion Unknown · blocks" in verdict_of(form, "E4c")
    assert "Needed: AST" in verdict_of(form, "E4c")
    assert "Submitting now records an undecided screening: E4c." in text(form)


def test_a_draft_is_submitted_from_its_form(desk: Client, draft: Screening) -> None:
    response = send(desk, page(draft, "edit"), weight_kg="61.0")
    assert "The screening is submitted." in text(response)
    submitted = Screening.objects.get()
    assert submitted.status == "eligible"
    assert submitted.answers.weight_kg == Decimal("61.0")


@pytest.mark.requirement("R10")
def test_submitting_without_consent_saves_the_draft_and_leads_to_the_consent(
    desk: Client, site: Site
) -> None:
    draft = factories.screening(site, consent=False)
    response = send(desk, page(draft, "edit"), weight_kg="61.0")
    assert response.redirect_chain[-1][0] == page(draft, "consent")
    assert "Record the consent first: it precedes the verdict" in text(response)
    saved = Screening.objects.get()
    assert (saved.is_draft, saved.answers.weight_kg) == (True, Decimal("61.0"))


@pytest.mark.requirement("R04")
def test_a_correction_needs_a_reason_and_is_judged_again(desk: Client, site: Site) -> None:
    screening = factories.confirmed(site)
    refused = send(desk, page(screening, "edit"), malignancy="yes", reason="")
    assert "Why is the record changed? This field is required." in text(refused)
    assert Screening.objects.get().status == "eligible"
    send(desk, page(screening, "edit"), malignancy="yes", reason="Found in the records")
    changed = Screening.objects.get()
    assert (changed.status, changed.confirmed_at) == ("failed", None)


def test_a_stale_form_shows_both_values_and_loses_nothing(desk: Client, draft: Screening) -> None:
    stale = typed(desk.get(page(draft, "edit")))
    send(desk, page(draft, "edit"), weight_kg="61.0", malignancy="yes", draft="")
    response = desk.post(page(draft, "edit"), stale | {"weight_kg": "62.0", "draft": ""})
    assert "The record has changed since you opened it." in text(response)
    assert "<td>62.0 kg</td><td>61.0 kg</td>" in text(response)
    assert "<td>No</td><td>Yes</td>" in text(response)
    assert Screening.objects.get().answers.weight_kg == Decimal("61.0")
    desk.post(page(draft, "edit"), typed(response) | {"draft": ""})
    assert Screening.objects.get().answers.weight_kg == Decimal("62.0")


def test_after_allocation_the_form_is_closed(desk: Client, treated: Participant) -> None:
    screening = treated.screening
    assert "Correct" not in text(desk.get(page(screening)))
    refused = send(desk, page(screening, "edit"), malignancy="yes", reason="Too late")
    assert "The patient is allocated; the screening is closed" in text(refused)


# --- thresholds, from the field to the verdict -------------------------------------------------------


def day(days_ago: int) -> str:
    return (clock.today() - dt.timedelta(days=days_ago)).isoformat()


def born(years_ago: int) -> str:
    """The first of the month before the sample's, so that the birthday is past."""
    sample = clock.today() - dt.timedelta(days=1)
    return sample.replace(year=sample.year - years_ago, day=1).isoformat()


def methylprednisolone(mg: str, weight: str = "60") -> dict[str, str]:
    return {
        "steroids-0-agent": "methylprednisolone",
        "steroids-0-dose_mg": mg,
        "steroids-0-on": day(1),
        "no_steroids": "",
        "weight_kg": weight,
    }


def man_of_68(creatinine: str) -> dict[str, str]:
    """DOMAIN 3: M 68 y 60 kg 2.0 mg/dL is exactly 30 mL/min."""
    return {
        "birth_date": born(68),
        "sex": "male",
        "weight_kg": "60",
        "creatinine": creatinine,
        "creatinine_unit": "mg/dL",
    }


THRESHOLDS: list[tuple[dict[str, str], dict[str, str]]] = [
    ({"cmv_value": "999"}, {"I2": "Not met · blocks", "E1": "Met · blocks"}),
    ({"cmv_value": "1000"}, {"I2": "Not met · blocks", "E1": "Not met · passes"}),
    ({"cmv_value": "1000.01"}, {"I2": "Met · passes", "E1": "Not met · passes"}),
    (
        {"cmv_operator": "<", "cmv_value": "1000"},
        {"I2": "Not met · blocks", "E1": "Met · blocks"},
    ),
    ({"cmv_operator": "<", "cmv_value": "1000.01"}, {"I2": "Unknown · blocks"}),
    ({"cmv_operator": ">", "cmv_value": "1000"}, {"I2": "Met · passes"}),
    (
        {"cmv_operator": "ND", "cmv_value": "", "cmv_lod": "1000"},
        {"I2": "Not met · blocks", "E1": "Met · blocks"},
    ),
    ({"cmv_operator": "ND", "cmv_value": "", "cmv_lod": ""}, {"I2": "Unknown · blocks"}),
    ({"cmv_unit": "IU/mL"}, {"I2": "Unknown · blocks", "E1": "Unknown · blocks"}),
    ({"cmv_specimen": "whole_blood"}, {"I2": "Unknown · blocks"}),
    ({"cmv_collected_on": "8 days ago"}, {"I2": "Unknown · blocks"}),
    (methylprednisolone("40"), {"I3": "Met · passes"}),
    (methylprednisolone("48"), {"I3": "Not met · blocks"}),
    (methylprednisolone("47.99"), {"I3": "Met · passes"}),
    (methylprednisolone("48", weight=""), {"I3": "Unknown · blocks"}),
    (methylprednisolone("48") | {"steroids-0-every_days": "2"}, {"I3": "Met · passes"}),
    (man_of_68("2.0"), {"E4b": "Met · blocks", "E7": "Not met · passes"}),
    (man_of_68("1.99"), {"E4b": "Not met · passes"}),
    (man_of_68(""), {"E4b": "Unknown · blocks"}),
    ({"alt": "120", "alt_uln": "40"}, {"E4c": "Not met · passes"}),
    ({"alt": "120.01", "alt_uln": "40"}, {"E4c": "Met · blocks"}),
    ({"alt": "120.01", "alt_uln": "40", "ast": ""}, {"E4c": "Met · blocks"}),
    ({"ast": ""}, {"E4c": "Unknown · blocks"}),
    ({"bilirubin": "21.0", "bilirubin_uln": "21.0"}, {"E4d": "Not met · passes"}),
    ({"bilirubin": "21.01", "bilirubin_uln": "21.0"}, {"E4d": "Met · blocks"}),
    ({"heart_failure": "yes", "nyha": "2"}, {"E4a": "Not met · passes"}),
    ({"heart_failure": "yes", "nyha": "3"}, {"E4a": "Met · blocks"}),
    ({"heart_failure": "yes", "nyha": ""}, {"E4a": "Unknown · blocks"}),
    ({"infection_hiv_ag_ab": "not_done"}, {"E2": "Unknown · blocks"}),
    ({"infection_hbsag": "positive"}, {"E2": "Met · blocks"}),
    ({"malignancy": ""}, {"E5": "Unknown · blocks"}),
    ({"hcg": "positive"}, {"E7": "Met · blocks"}),
]


@pytest.mark.requirement("R25")
@pytest.mark.parametrize(("answers", "badges"), THRESHOLDS)
def test_thresholds_through_the_form(
    desk: Client, draft: Screening, answers: dict[str, str], badges: dict[str, str]
) -> None:
    told = {name: day(8) if value == "8 days ago" else value for name, value in answers.items()}
    response = send(desk, page(draft, "edit"), **told, confirmed="on")
    assert response.redirect_chain[-1][0] == page(draft), text(response)
    for criterion, badge in badges.items():
        assert badge in verdict_of(response, criterion)
    frozen = Screening.objects.get().verdict
    assert {code: frozen.verdict(code).passes for code in badges} == {
        code: "passes" in badge for code, badge in badges.items()
    }


def test_the_computation_is_shown(desk: Client, draft: Screening) -> None:
    response = send(desk, page(draft, "edit"), **methylprednisolone("48", "60.0"))
    card = verdict_of(response, "I3")
    for step in (
        "Methylprednisolone 48 mg × 5 ÷ 4",
        "60 mg prednisone on the highest day",
        "÷ 60.0 kg",
        "1.00 mg/kg/d",
        "“Apply corticosteroid less than 1.0mg/kg/d.”",
        "Exactly 1.0 does not pass.",
    ):
        assert step in card


# --- the verdict --------------------------------------------------------------------------------


def test_the_verdict_says_what_blocks_and_leads_there(desk: Client, site: Site) -> None:
    facts = factories.eligible_facts(ast=None, malignancy=True)
    shown = text(desk.get(page(factories.submitted(site, facts))))
    assert '<a href="#verdict-E4c">E4c ALT or AST</a>: needs AST' in shown
    assert '<a href="#verdict-E5">E5 Malignancy</a>: history of malignancy' in shown
    assert "14 pass" in shown
    assert "1 blocks" in shown
    assert "1 unknown" in shown


def test_the_verdict_warns_of_ganciclovir_without_deciding(desk: Client, site: Site) -> None:
    facts = factories.eligible_facts(ganciclovir_allergy=True)
    screening = factories.submitted(site, facts)
    assert screening.status == "eligible"
    shown = text(desk.get(page(screening)))
    assert "Ganciclovir or valganciclovir allergy: do not give" in shown
    assert "These warn and do not decide eligibility" in shown


def test_answers_are_shown_to_those_who_have_no_form(login: Login, draft: Screening) -> None:
    shown = text(login(Role.MONITOR).get(page(draft)))
    for answer in ("52,000 copies/mL", "60.0 kg", "62 µmol/L", "EULAR/ACR 2019", "PCR-CMV-2"):
        assert answer.replace("EULAR/ACR 2019", "ACR 1997") in shown
    assert "Draft: judged as of today" in shown


def test_a_verdict_that_no_longer_holds_says_so(
    desk: Client, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    screening = factories.confirmed(site)
    later = clock.today() + dt.timedelta(days=7)
    monkeypatch.setattr(clock, "today", lambda: later)
    shown = text(desk.get(page(screening)))
    assert "Passed when it was submitted, but not any more today." in shown
    assert "E4d" not in shown.split("Replace the old values")[1].split("</ul>")[0]
    assert "I2 CMV-DNA positive" in shown.split("Replace the old values")[1]


STEPS: list[tuple[Callable[[Site], Screening], Role, str]] = [
    (lambda site: factories.screening(site, consent=False), Role.COORDINATOR, "Record consent"),
    (factories.screening, Role.COORDINATOR, "Submit for confirmation"),
    (factories.submitted, Role.INVESTIGATOR, "Confirm eligibility"),
    (factories.confirmed, Role.COORDINATOR, "Enrol the patient"),
    (lambda site: factories.enrolled(site).screening, Role.COORDINATOR, "Allocate an arm"),
]


@pytest.mark.parametrize("role", sorted(PEOPLE - {Role.LAB, Role.NURSE, Role.ADMIN}))
def test_each_step_is_offered_to_its_role_only(login: Login, site: Site, role: Role) -> None:
    client = login(role)
    labels = {label for _, _, label in STEPS}
    for make, owner, label in STEPS:
        shown = text(client.get(page(make(site))))
        assert {one for one in labels if f">{one}<" in shown} == (
            {label} if role == owner else set()
        )


def press(client: Client, screening: Screening, name: str) -> Any:
    return send(client, page(screening), to=page(screening, name))


def test_the_buttons_lead_from_the_draft_to_the_receipt(
    login: Login, site: Site, draft: Screening
) -> None:
    factories.allocation_list()
    assert "The screening is submitted." in text(press(login(Role.COORDINATOR), draft, "submit"))
    assert "Eligibility is confirmed." in text(press(login(Role.INVESTIGATOR), draft, "confirm"))
    desk = login(Role.COORDINATOR)
    enrolled = press(desk, draft, "enrol")
    participant = Participant.objects.get()
    assert enrolled.redirect_chain[-1][0] == page(participant, "allocate")
    receipt = send(desk, page(participant, "allocate"))
    assert "The participant is allocated." in text(receipt)
    assert Participant.objects.get().arm == "il2_gcv"


@pytest.mark.parametrize(
    ("make", "role", "name", "count"),
    [
        (factories.screening, Role.COORDINATOR, "submit", lambda: Screening.history.count()),
        (factories.submitted, Role.INVESTIGATOR, "confirm", lambda: Screening.history.count()),
        (factories.confirmed, Role.COORDINATOR, "enrol", lambda: Participant.objects.count()),
    ],
)
def test_a_button_pressed_twice_acts_once(
    login: Login,
    site: Site,
    make: Callable[[Site], Screening],
    role: Role,
    name: str,
    count: Callable[[], int],
) -> None:
    client, screening = login(role), make(site)
    data = typed(client.get(page(screening)))
    client.post(page(screening, name), data)
    before = count()
    again = client.post(page(screening, name), data, follow=True)
    assert "This was saved already." in text(again)
    assert count() == before


def test_a_button_on_an_old_page_says_so(login: Login, site: Site) -> None:
    screening = factories.submitted(site)
    client = login(Role.INVESTIGATOR)
    old = typed(client.get(page(screening))) | {"record_version": "1"}
    response = client.post(page(screening, "confirm"), old, follow=True)
    assert "Somebody saved this record after you opened it" in text(response)
    assert Screening.objects.get().confirmed_at is None


@pytest.mark.requirement("R28")
def test_enrolling_by_hand_without_consent_is_refused_in_words(desk: Client, site: Site) -> None:
    draft = factories.screening(site, consent=False)
    response = desk.post(page(draft, "enrol"), {"entry_key": uuid4()}, follow=True)
    assert "No participant without a recorded consent" in text(response)
    assert not Participant.objects.exists()


def test_a_button_without_its_key_does_nothing(desk: Client, draft: Screening) -> None:
    response = desk.post(page(draft, "submit"), {}, follow=True)
    assert "This field is required." in text(response)
    assert Screening.objects.get().is_draft


# --- consent ------------------------------------------------------------------------------------------


def consent_answers(**changes: str) -> dict[str, str]:
    answers = {
        "signed_on": day(1),
        "form_version": "1.1",
        "language": "zh-hans",
        "explained_by": "Dr Wang",
    }
    return answers | changes


def test_a_consent_is_recorded(desk: Client, site: Site) -> None:
    draft = factories.screening(site, consent=False)
    response = send(desk, page(draft, "consent"), **consent_answers())
    assert response.redirect_chain[-1][0] == page(draft)
    consent = Consent.objects.get(screening=draft)
    assert (consent.form_version, consent.language) == ("1.1", "zh-hans")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"signed_on": "tomorrow"}, "This day lies in the future"),
        ({"signed_on": ""}, "This field is required."),
        ({"explained_by": ""}, "This field is required."),
        ({"language": "fr"}, "Select a valid choice."),
        ({"form_version": "1" * 17}, "at most 16 characters"),
    ],
)
def test_a_bad_consent_keeps_what_was_typed(
    desk: Client, site: Site, changes: dict[str, str], said: str
) -> None:
    draft = factories.screening(site, consent=False)
    changes = {name: day(-1) if value == "tomorrow" else value for name, value in changes.items()}
    response = send(desk, page(draft, "consent"), **consent_answers(**changes))
    assert said in text(response)
    kept = consent_answers(**changes)
    assert {name: typed(response).get(name, "fr") for name in kept} == kept
    assert not Consent.objects.exists()


def test_a_consent_sent_twice_is_one(desk: Client, site: Site) -> None:
    draft = factories.screening(site, consent=False)
    data = typed(desk.get(page(draft, "consent"))) | consent_answers()
    desk.post(page(draft, "consent"), data)
    assert "This was saved already." in text(desk.post(page(draft, "consent"), data, follow=True))
    other = data | {"entry_key": str(uuid4())}
    assert "Consent is recorded already" in text(desk.post(page(draft, "consent"), other))
    assert Consent.objects.count() == 1
    assert desk.get(page(draft, "consent")).url == page(draft)


# --- participants -----------------------------------------------------------------------------------


def test_the_list_shows_state_day_arm_and_first_dose(desk: Client, treated: Participant) -> None:
    shown = text(desk.get(PARTICIPANTS))
    assert "On treatment, day 7" in shown
    assert f'<a class="subject" href="{page(treated)}">PKU-001</a>' in shown
    assert "08:00" in shown
    assert any(f">{arm}</span>" in shown for arm in ARMS)


def test_the_laboratory_sees_no_arm_and_cannot_order_by_it(login: Login, site: Site) -> None:
    for _ in range(4):
        factories.allocated(site)
    lab = login(Role.LAB)
    for order in ("", "arm", "-arm"):
        shown = text(lab.get(PARTICIPANTS, {"sort": order}))
        assert not [arm for arm in ARMS if arm in shown]
        rows = [row.split("<")[0] for row in shown.split('<span class="num">')[1:]]
        assert [row for row in rows if row.startswith("PKU")] == [
            "PKU-001",
            "PKU-002",
            "PKU-003",
            "PKU-004",
        ]


def test_the_list_is_filtered_and_sorted_by_its_address(desk: Client, site: Site) -> None:
    factories.allocated(site)
    factories.enrolled(site)
    only = text(desk.get(PARTICIPANTS, {"state": "enrolled"}))
    assert "PKU-002" in only
    assert "PKU-001" not in only
    down = text(desk.get(PARTICIPANTS, {"sort": "-subject"}))
    assert down.index("PKU-002") < down.index("PKU-001")
    assert 'aria-sort="descending"><a href="?sort=subject">Subject</a>' in down
    assert "PKU-001" in text(desk.get(PARTICIPANTS, {"sort": "nonsense", "state": "nonsense"}))


@pytest.mark.parametrize("url", [LOG, PARTICIPANTS])
def test_queries_do_not_grow_with_the_list(
    desk: Client, site: Site, django_assert_max_num_queries: DjangoAssertNumQueries, url: str
) -> None:
    for _ in range(6):
        factories.allocated(site)
    with django_assert_max_num_queries(10):
        desk.get(url)


def test_pages_of_one_record_need_few_queries(
    desk: Client, treated: Participant, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    waiting = factories.enrolled(treated.site)
    for url in (
        NEW,
        LIST,
        page(treated.screening),
        page(treated.screening, "edit"),
        page(treated, "allocate"),
        page(waiting, "allocate"),
        page(treated, "visits"),
        page(treated, "disposition"),
    ):
        with django_assert_max_num_queries(10):
            desk.get(url)


# --- allocation -----------------------------------------------------------------------------------------


@pytest.fixture
def waiting(site: Site) -> Participant:
    factories.allocation_list()
    return factories.enrolled(site)


def test_before_the_click_the_page_says_what_will_happen(
    desk: Client, waiting: Participant
) -> None:
    shown = text(desk.get(page(waiting, "allocate")))
    assert AllocationList.objects.get().sha256 in shown
    assert "16 pass" in shown
    assert "Allocate PKU-001 now" in shown
    assert not Allocation.objects.exists()


def test_the_receipt_names_who_when_arm_slot_and_verdict(
    desk: Client, waiting: Participant
) -> None:
    shown = text(send(desk, page(waiting, "allocate")))
    receipt = Allocation.objects.get()
    for fact in (
        "IL-2 + ganciclovir",
        "1 of list NCT04225780|ALL|v1",
        receipt.eligibility_digest,
        AllocationList.objects.get().sha256,
        "by coordinator-pku",
        "Protocol 1.0",
    ):
        assert fact in shown


@pytest.mark.requirement("R24")
def test_a_second_click_shows_the_receipt_in_a_plain_sentence(
    desk: Client, waiting: Participant
) -> None:
    url = page(waiting, "allocate")
    data = typed(desk.get(url))
    desk.post(url, data)
    same = desk.post(url, data, follow=True)
    assert "This was saved already." in text(same)
    other = desk.post(url, data | {"entry_key": str(uuid4())}, follow=True)
    assert "This participant is allocated already; this is the receipt." in text(other)
    for response in (same, other):
        assert "Allocation of PKU-001" in text(response)
    assert Allocation.objects.count() == 1


def test_expired_values_are_named_before_and_after_the_click(
    desk: Client, waiting: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = typed(desk.get(page(waiting, "allocate")))
    later = clock.today() + dt.timedelta(days=7)
    monkeypatch.setattr(clock, "today", lambda: later)
    shown = text(desk.get(page(waiting, "allocate")))
    assert "as of today the screening does not show eligibility" in shown
    assert "now</button>" not in shown
    refused = text(desk.post(page(waiting, "allocate"), data))
    assert "As of today the screening no longer shows eligibility" in refused
    assert "a value at most 7 d old (this one is 8 d old)" in refused
    assert not Allocation.objects.exists()


def test_without_a_list_nobody_can_be_allocated(desk: Client, site: Site) -> None:
    shown = text(desk.get(page(factories.enrolled(site), "allocate")))
    assert "No allocation list has been generated yet" in shown
    assert "now</button>" not in shown


@pytest.mark.requirement("R24")
def test_no_page_shows_an_unused_slot(login: Login, site: Site, waiting: Participant) -> None:
    """With one arm revealed to nobody yet, no page names an arm as anybody's."""
    sealed = list(AllocationList.objects.get().slots.values_list("sealed_arm", flat=True))
    for role in sorted(PEOPLE):
        client = login(role)
        for url in (LIST, PARTICIPANTS, page(waiting), page(waiting, "allocate"), LOG):
            shown = text(client.get(url))
            assert not [token for token in sealed if token in shown]
            assert not [arm for arm in current().allocation.arms if f'"{arm}"' in shown]
            if not url.endswith("allocate/"):  # there both arms stand as what may come out
                assert not [arm for arm in ARMS if f">{arm}</span>" in shown], (role, url)


def test_the_list_page_shows_the_commitment(login: Login, waiting: Participant) -> None:
    made = AllocationList.objects.get()
    shown = text(login(Role.STATISTICIAN).get(LIST))
    for fact in (made.label, made.sha256, f"0 of {made.length} places", "by statistician-list"):
        assert fact in shown


def test_without_a_list_its_page_says_who_makes_it(login: Login) -> None:
    assert "No allocation list yet" in text(login(Role.MONITOR).get(LIST))


# --- visits ---------------------------------------------------------------------------------------------


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
    from dosing.actions import withdraw_drugs

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
    assert desk.get(page(treated, "visits", "D7")).url == page(treated, "visits")


def test_before_the_first_dose_no_visit_is_planned(desk: Client, waiting: Participant) -> None:
    assert "No visit is planned yet" in text(desk.get(page(waiting, "visits")))
    assert desk.get(page(waiting, "visits", "D7")).status_code == 404


# --- the end --------------------------------------------------------------------------------------------


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
