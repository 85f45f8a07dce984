"""The investigator's signature (R15), corrections after it, a screening's end and repetition."""

from uuid import uuid4

import pytest
from django.test import Client

from enrollment.models import Allocation, Participant, Screening
from enrollment.states import State
from oversight.trail import AuditEntry
from tests import factories
from tests.enrollment.conftest import Login
from tests.enrollment.pages import page, send, text, typed
from trial_site.models import Site
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def eligible(site: Site) -> Screening:
    return factories.submitted(site)


def sign(client: Client, screening: Screening, password: str = factories.PASSWORD) -> str:
    return text(send(client, page(screening, "confirm"), password=password))


@pytest.mark.requirement("R12")
@pytest.mark.requirement("R15")
def test_the_page_says_what_is_signed_and_by_whom(login: Login, eligible: Screening) -> None:
    client = login(Role.INVESTIGATOR)
    shown = text(client.get(page(eligible, "confirm")))
    assert "investigator-pku confirms with this signature that the patient meets" in shown
    assert 'autocomplete="current-password"' in shown
    assert "Eligibility is confirmed." in sign(client, eligible)
    saved = Screening.objects.get()
    assert saved.confirmed_by is not None
    assert saved.confirmed_by.role == Role.INVESTIGATOR
    assert "confirmed" in text(client.get(page(eligible)))


@pytest.mark.requirement("R15")
@pytest.mark.requirement("R17")
def test_a_wrong_password_signs_nothing_and_is_kept(login: Login, eligible: Screening) -> None:
    shown = sign(login(Role.INVESTIGATOR), eligible, "a wrong password of theirs")
    assert "The password is wrong; nothing was signed" in shown
    assert "a wrong password of theirs" not in shown
    assert Screening.objects.get().confirmed_at is None
    entry = AuditEntry.objects.get(event="signature_refused")
    assert (entry.actor_name, entry.changes) == (
        "investigator-pku",
        {"account": "investigator-pku"},
    )


@pytest.mark.requirement("R15")
def test_no_password_signs_nothing(login: Login, eligible: Screening) -> None:
    assert "This field is required." in sign(login(Role.INVESTIGATOR), eligible, "")
    assert Screening.objects.get().confirmed_at is None


@pytest.mark.requirement("R17")
def test_guessing_the_password_ends_in_the_lockout(login: Login, eligible: Screening) -> None:
    client = login(Role.INVESTIGATOR)
    for guess in range(12):
        data = {"password": f"guess {guess}", "record_version": str(eligible.version)}
        response = client.post(page(eligible, "confirm"), data | {"entry_key": str(uuid4())})
    assert response.status_code == 429
    data["password"] = factories.PASSWORD
    assert client.post(page(eligible, "confirm"), data | {"entry_key": str(uuid4())}).status_code
    assert Screening.objects.get().confirmed_at is None


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE - {Role.INVESTIGATOR}))
def test_nobody_else_confirms(login: Login, eligible: Screening, role: Role) -> None:
    assert login(role).get(page(eligible, "confirm")).status_code == 403
    assert login(role).post(page(eligible, "confirm")).status_code == 403
    assert Screening.objects.get().confirmed_at is None


def test_another_sites_screening_does_not_exist(login: Login, other_site: Site) -> None:
    elsewhere = factories.submitted(other_site)
    client = login(Role.INVESTIGATOR)
    assert client.get(page(elsewhere, "confirm")).status_code == 404
    assert client.get(page(elsewhere, "end")).status_code == 404
    assert client.put(page(elsewhere, "confirm")).status_code == 405


def test_a_signature_is_bound_to_the_version_that_was_read(
    login: Login, eligible: Screening
) -> None:
    client = login(Role.INVESTIGATOR)
    old = typed(client.get(page(eligible, "confirm"))) | {"record_version": "1"}
    response = client.post(page(eligible, "confirm"), old | {"password": factories.PASSWORD})
    assert "Somebody saved this record after you opened it" in text(response)
    assert Screening.objects.get().confirmed_at is None


def test_a_signature_sent_twice_is_one(login: Login, eligible: Screening) -> None:
    client = login(Role.INVESTIGATOR)
    data = typed(client.get(page(eligible, "confirm"))) | {"password": factories.PASSWORD}
    client.post(page(eligible, "confirm"), data)
    signed = Screening.objects.get().version
    response = client.post(page(eligible, "confirm"), data, follow=True)
    assert "There is nothing to confirm." in text(response)
    assert Screening.objects.get().version == signed


# --- corrections --------------------------------------------------------------------------------


def test_a_correction_shows_what_changed_and_takes_the_confirmation_away(
    login: Login, site: Site
) -> None:
    screening = factories.confirmed(site)
    desk = login(Role.COORDINATOR)
    response = send(desk, page(screening, "edit"), malignancy="yes", reason="Found in the files")
    shown = text(response)
    assert "What the last correction changed" in shown
    assert "Found in the files" in shown
    changed = shown.split("What the last correction changed")[1].split("</section>")[0]
    assert "E5 Malignancy" in changed
    assert "Not met · passes" in changed
    assert "Met · blocks" in changed
    assert "Has the patient ever had a malignancy?" in changed
    assert Screening.objects.get().confirmed_at is None


def test_a_screening_that_was_never_corrected_shows_no_correction(
    desk: Client, eligible: Screening
) -> None:
    assert "What the last correction changed" not in text(desk.get(page(eligible)))


def test_a_correction_after_allocation_stands_beside_the_allocation(
    login: Login, site: Site
) -> None:
    """The record is corrected; what happened is not undone; the investigator is told."""
    participant = factories.allocated(site)
    desk = login(Role.COORDINATOR)
    url = page(participant.screening, "edit")
    shown = text(send(desk, url, malignancy="yes", reason="Found in the files"))
    assert "Allocated, but not eligible by the answers as they read now." in shown
    assert Allocation.objects.get().arm == participant.arm
    assert Participant.objects.get().state == State.ALLOCATED
    row = "Allocated, but not eligible by the corrected answers"
    assert row in text(login(Role.INVESTIGATOR).get("/"))


def test_a_correction_after_allocation_that_changes_no_verdict_is_signed_again(
    login: Login, site: Site
) -> None:
    participant = factories.allocated(site)
    screening = participant.screening
    url = page(screening, "edit")
    send(login(Role.COORDINATOR), url, cmv_assay="PCR-CMV-3", reason="Mistyped")
    assert Screening.objects.get().confirmed_at is None
    client = login(Role.INVESTIGATOR)
    assert "Eligibility is to be confirmed" in text(client.get("/"))
    assert "Eligibility is confirmed." in sign(client, screening)


# --- a screening's end, and its repetition ------------------------------------------------------


def test_a_screening_ends_with_a_reason(desk: Client, eligible: Screening) -> None:
    response = send(desk, page(eligible, "end"), after="lost", why="Did not come back")
    assert "The end of the screening is recorded." in text(response)
    assert "This screening has ended:" in text(response)
    saved = Screening.objects.get()
    assert (saved.state, saved.moves.last().why) == (State.LOST, "Did not come back")
    assert "There is nothing to confirm." not in text(desk.get(page(eligible)))


def test_a_bad_end_keeps_what_was_typed(desk: Client, eligible: Screening) -> None:
    response = send(desk, page(eligible, "end"), after="completed", why="Done")
    assert "Select a valid choice." in text(response)
    assert typed(response)["why"] == "Done"
    assert Screening.objects.get().state == State.ELIGIBLE


def test_an_ended_screening_cannot_be_ended_again(desk: Client, eligible: Screening) -> None:
    send(desk, page(eligible, "end"), after="lost", why="Did not come back")
    response = desk.get(page(eligible, "end"), follow=True)
    assert "This screening has ended, or the patient is enrolled." in text(response)


def test_a_failed_patient_is_screened_again_beside_the_first_screening(
    desk: Client, site: Site
) -> None:
    failed = factories.submitted(site, factories.eligible_facts(malignancy=True))
    response = send(desk, page(failed), to=page(failed, "again"))
    made = Screening.objects.get(previous=failed)
    assert response.redirect_chain[-1][0] == page(made, "edit")
    assert made.answers.birth_date == failed.answers.birth_date
    assert made.answers.malignancy is None
    assert made.consent is None
    first = text(desk.get(page(failed)))
    assert "The patient was screened again:" in first
    assert "Screen this patient again" not in first


def test_screening_again_pressed_twice_makes_one(desk: Client, site: Site) -> None:
    failed = factories.submitted(site, factories.eligible_facts(malignancy=True))
    data = typed(desk.get(page(failed)))
    desk.post(page(failed, "again"), data)
    desk.post(page(failed, "again"), data)
    response = desk.post(page(failed, "again"), {"entry_key": str(uuid4())}, follow=True)
    assert "The patient was screened again as SCR-002" in text(response)
    assert Screening.objects.count() == 2


@pytest.mark.requirement("R10")
def test_of_one_patients_screenings_only_the_last_goes_on(login: Login, site: Site) -> None:
    """Correcting the first to eligible must not let one person in twice."""
    failed = factories.submitted(site, factories.eligible_facts(malignancy=True))
    desk = login(Role.COORDINATOR)
    send(desk, page(failed), to=page(failed, "again"))
    send(desk, page(failed, "edit"), malignancy="no", reason="Another patient's file")
    assert Screening.objects.get(pk=failed.pk).status == Screening.Status.ELIGIBLE
    shown = sign(login(Role.INVESTIGATOR), failed)
    assert "The patient was screened again as SCR-002" in shown
    assert not Participant.objects.exists()
