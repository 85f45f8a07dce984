"""The page of verdicts, its buttons, and the consent."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from enrollment.models import Participant, Screening
from tests import factories
from tests.enrollment.conftest import Login
from tests.enrollment.pages import page, send, text, typed
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db


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


@pytest.mark.requirement("R10")
@pytest.mark.parametrize("days", [1, 7])
def test_a_verdict_that_no_longer_holds_is_gone_through_again(
    login: Login, site: Site, days: int
) -> None:
    """The next day the doses since are unknown; a week later the CMV-DNA is too old as well."""
    screening = factories.submitted(site)
    with time_machine.travel(clock.now() + dt.timedelta(days=days)):
        investigators = text(login(Role.INVESTIGATOR).get(page(screening)))
        desk = login(Role.COORDINATOR)
        coordinators = text(desk.get(page(screening)))
        again = send(desk, page(screening, "edit"), reason="Checked on the day")
    for shown in (investigators, coordinators):
        assert "Passed when it was submitted, but not any more today." in shown
        named = shown.split("not any more today.")[1].split("</ul>")[0]
        assert "I3 Corticosteroid dose" in named
        assert ("I2 CMV-DNA positive" in named) is (days == 7)
        assert "Confirm eligibility" not in shown
    assert ">Go through the screening again<" in coordinators
    assert ">Go through the screening again<" not in investigators
    assert ("All criteria pass." in text(again)) is (days == 1)


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


def sign(client: Client, screening: Screening, password: str = factories.PASSWORD) -> Any:
    return send(client, page(screening, "confirm"), password=password)


def test_the_buttons_lead_from_the_draft_to_the_receipt(
    login: Login, site: Site, draft: Screening
) -> None:
    factories.allocation_list()
    assert "The screening is submitted." in text(press(login(Role.COORDINATOR), draft, "submit"))
    assert "Eligibility is confirmed." in text(sign(login(Role.INVESTIGATOR), draft))
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


def test_a_button_on_an_old_page_says_so(desk: Client, draft: Screening) -> None:
    old = typed(desk.get(page(draft))) | {"record_version": "0"}
    response = desk.post(page(draft, "submit"), old, follow=True)
    assert "Somebody saved this record after you opened it" in text(response)
    assert Screening.objects.get().is_draft


@pytest.mark.requirement("R28")
def test_enrolling_by_hand_without_consent_is_refused_in_words(desk: Client, site: Site) -> None:
    draft = factories.screening(site, consent=False)
    response = desk.post(page(draft, "enrol"), {"entry_key": uuid4()}, follow=True)
    assert "Record the consent first: it precedes the verdict" in text(response)
    assert not Participant.objects.exists()


def test_a_button_without_its_key_does_nothing(desk: Client, draft: Screening) -> None:
    response = desk.post(page(draft, "submit"), {}, follow=True)
    assert "This field is required." in text(response)
    assert Screening.objects.get().is_draft
