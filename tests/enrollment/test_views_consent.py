"""Consent in the browser: versions of the form, signatures, renewal, withdrawal."""

import datetime as dt
import hashlib
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from enrollment.models import Consent, ConsentVersion, ConsentWithdrawal, Participant, Screening
from enrollment.states import State
from tests import factories
from tests.enrollment.conftest import Login
from tests.enrollment.pages import day, page, send, text, typed
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import PEOPLE, Role

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R28")]

FORMS, NEW_FORM = "/consent-forms/", "/consent-forms/new/"
PDF = b"%PDF-1.7 a fictional form"


def moment(days: int = 0, minutes: int = 0) -> str:
    """A moment so long ago, as a form sends it."""
    then = timezone.localtime(clock.now() - dt.timedelta(days=days, minutes=minutes))
    return then.strftime("%Y-%m-%dT%H:%M")


@pytest.fixture
def bare(site: Site) -> Screening:
    """A draft that nobody has signed for."""
    factories.consent_form()
    return factories.screening(site, consent=False)


def answers(**changes: str) -> dict[str, str]:
    signed = {"form": str(factories.consent_form().pk), "signed_at": moment(1)}
    return signed | {"explained_by": "Dr Wang"} | changes


def test_a_consent_is_recorded(desk: Client, bare: Screening) -> None:
    response = send(desk, page(bare, "consent"), **answers())
    assert response.redirect_chain[-1][0] == page(bare)
    consent = Consent.objects.get(screening=bare)
    assert consent.form.version_label == "1.1"
    assert consent.signed_at == clock.now().replace(second=0, microsecond=0) - dt.timedelta(days=1)


def test_the_only_valid_version_is_chosen_already(desk: Client, bare: Screening) -> None:
    assert typed(desk.get(page(bare, "consent")))["form"] == str(factories.consent_form().pk)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"signed_at": "future"}, "This moment lies in the future"),
        ({"signed_at": ""}, "This field is required."),
        ({"explained_by": ""}, "This field is required."),
        ({"explained_by": "x" * 121}, "at most 120 characters"),
    ],
)
def test_a_bad_consent_keeps_what_was_typed(
    desk: Client, bare: Screening, changes: dict[str, str], said: str
) -> None:
    if changes.get("signed_at") == "future":
        changes = {"signed_at": moment(minutes=-2)}
    response = send(desk, page(bare, "consent"), **answers(**changes))
    assert said in text(response)
    kept = answers(**changes)
    assert {name: typed(response)[name] for name in kept} == kept
    assert not Consent.objects.exists()


def test_a_consent_sent_twice_is_one(desk: Client, bare: Screening) -> None:
    data = typed(desk.get(page(bare, "consent"))) | answers()
    desk.post(page(bare, "consent"), data)
    assert "This was saved already." in text(desk.post(page(bare, "consent"), data, follow=True))
    other = data | {"entry_key": str(uuid4())}
    said = "Consent to this version is recorded already"
    assert said in text(desk.post(page(bare, "consent"), other))
    assert Consent.objects.count() == 1


def test_a_version_that_was_not_valid_that_day_is_asked_about_and_recorded(
    desk: Client, bare: Screening
) -> None:
    """It happened: it is recorded, and consent is due at once."""
    factories.consent_form("1.2", valid_from=clock.today() - dt.timedelta(days=5))
    response = send(desk, page(bare, "consent"), **answers())
    asked = f"Version 1.1 was not valid on {day(1)}. Was it signed?"
    assert asked in text(response)
    assert not Consent.objects.exists()
    desk.post(page(bare, "consent"), typed(response) | {"confirmed": "on"})
    assert Consent.objects.count() == 1
    replaced = "Version 1.1 of the consent form is replaced: consent is due"
    assert replaced in text(desk.get(page(bare, "consent")))


def test_without_a_registered_form_the_page_says_who_registers_it(desk: Client, site: Site) -> None:
    bare = factories.screening(site, consent=False)
    shown = text(desk.get(page(bare, "consent")))
    assert "No version of the consent form is registered yet; the data manager does that." in shown


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE - {Role.COORDINATOR}))
def test_only_the_coordinator_records_a_consent(login: Login, bare: Screening, role: Role) -> None:
    assert login(role).get(page(bare, "consent")).status_code == 403
    assert login(role).post(page(bare, "consent"), answers()).status_code == 403
    assert not Consent.objects.exists()


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("name", ["consent", "consent/withdraw"])
def test_another_sites_consent_does_not_exist(desk: Client, other_site: Site, name: str) -> None:
    elsewhere = factories.screening(other_site)
    assert desk.get(page(elsewhere, name)).status_code == 404
    assert desk.put(page(elsewhere, name)).status_code == 405


# --- renewal ------------------------------------------------------------------------------------


def test_a_newer_version_makes_consent_due_and_stops_the_way_to_allocation(
    login: Login, site: Site
) -> None:
    factories.allocation_list()
    participant, submitted = factories.enrolled(site), factories.submitted(site)
    factories.consent_form("1.2", valid_from=clock.today())
    desk = login(Role.COORDINATOR)
    worklist = text(desk.get("/"))
    assert worklist.count("A newer version of the consent form replaces the signed one") == 2
    assert "consent is due" in text(desk.get(page(participant, "allocate")))
    by_hand = desk.post(page(participant, "allocate"), {"entry_key": str(uuid4())})
    assert "Version 1.1 of the consent form is replaced: consent is due" in text(by_hand)
    assert Participant.objects.get().arm is None
    investigator = login(Role.INVESTIGATOR)
    said = send(investigator, page(submitted, "confirm"), password=factories.PASSWORD)
    assert "consent is due" in text(said)

    renewed = {"form": str(factories.consent_form("1.2").pk), "signed_at": moment(minutes=5)}
    desk = login(Role.COORDINATOR)
    send(desk, page(participant.screening, "consent"), explained_by="Dr Wang", **renewed)
    send(desk, page(participant, "allocate"))
    assert Participant.objects.get(pk=participant.pk).arm == "il2_gcv"


def test_a_participant_on_treatment_signs_again_and_treatment_goes_on(
    login: Login, treated: Participant
) -> None:
    factories.consent_form("1.2", valid_from=clock.today())
    assert "Consent is to be renewed" in text(login(Role.COORDINATOR).get("/"))
    assert "Consent is to be renewed" not in text(login(Role.INVESTIGATOR).get("/"))
    assert treated.subject in text(login(Role.NURSE).get("/dosing/"))


# --- withdrawal ---------------------------------------------------------------------------------


def test_a_withdrawal_ends_the_participation(desk: Client, treated: Participant) -> None:
    url = page(treated.screening, "consent/withdraw")
    shown = text(desk.get(url))
    assert "no specimen collected later is entered" in shown
    response = send(desk, url, withdrawn_at=moment(minutes=10), why="Wants to go home")
    assert "The withdrawal of the consent is recorded." in text(response)
    assert "The consent is withdrawn." in text(response)
    saved = Participant.objects.get(pk=treated.pk)
    assert (saved.state, ConsentWithdrawal.objects.get().why) == (
        State.WITHDREW,
        "Wants to go home",
    )


def test_a_withdrawal_before_enrolment_ends_the_screening(desk: Client, draft: Screening) -> None:
    send(desk, page(draft, "consent/withdraw"), withdrawn_at=moment(minutes=1))
    assert Screening.objects.get().state == State.WITHDREW
    assert "Screen this patient again" in text(desk.get(page(draft)))
    again = send(desk, page(draft), to=page(draft, "submit"))
    assert "This screening has ended" in text(again)
    assert Screening.objects.get().is_draft


def test_a_bad_withdrawal_keeps_what_was_typed(desk: Client, draft: Screening) -> None:
    sent = {"withdrawn_at": moment(400), "why": "Moved"}
    response = send(desk, page(draft, "consent/withdraw"), **sent)
    assert "A consent is withdrawn after it was signed" in text(response)
    assert {name: typed(response)[name] for name in sent} == sent
    assert not ConsentWithdrawal.objects.exists()


def test_a_withdrawal_sent_twice_is_one(desk: Client, draft: Screening) -> None:
    url = page(draft, "consent/withdraw")
    data = typed(desk.get(url)) | {"withdrawn_at": moment(minutes=1)}
    desk.post(url, data)
    assert "This was saved already." in text(desk.post(url, data, follow=True))
    assert ConsentWithdrawal.objects.count() == 1


# --- versions of the form -----------------------------------------------------------------------


def register(client: Client, content: bytes = PDF, **changes: str) -> str:
    sent = {"version_label": "1.2", "language": "zh-hans", "valid_from": day(0)} | changes
    file = SimpleUploadedFile("form.pdf", content, "application/pdf")
    data = typed(client.get(NEW_FORM)) | sent | {"file": file}  # type: ignore[operator]
    return text(client.post(NEW_FORM, data, follow=True))


def test_a_version_is_registered_with_the_hash_of_its_file(login: Login, site: Site) -> None:
    factories.consent_form()
    shown = register(login(Role.DATA_MANAGER))
    assert "The version is registered." in shown
    made = ConsentVersion.objects.get(version_label="1.2")
    assert made.file_sha256 == hashlib.sha256(PDF).hexdigest()
    assert made.file_sha256 in shown
    replaced = ConsentVersion.objects.get(version_label="1.1")
    assert replaced.valid_to == clock.today() - dt.timedelta(days=1)
    assert "Replaced" in shown


@pytest.mark.requirement("R30")
@pytest.mark.parametrize(
    ("content", "changes", "said"),
    [
        (b"MZ this is a program", {}, "This is not a PDF file"),
        (b"", {}, "The submitted file is empty."),
        (PDF, {"version_label": ""}, "This field is required."),
        (PDF, {"valid_from": "soon"}, "Enter a valid date."),
        (PDF, {"version_label": "1.1"}, "This version is registered already"),
        (PDF, {"valid_from": "2020-01-01"}, "begin later"),
    ],
)
def test_a_bad_version_is_refused(
    login: Login, site: Site, content: bytes, changes: dict[str, str], said: str
) -> None:
    factories.consent_form()
    assert said in register(login(Role.DATA_MANAGER), content, **changes)
    assert ConsentVersion.objects.count() == 1
    assert ConsentVersion.objects.get().valid_to is None


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE - {Role.DATA_MANAGER}))
def test_only_the_data_manager_registers_a_version(login: Login, site: Site, role: Role) -> None:
    assert login(role).get(NEW_FORM).status_code == 403
    assert login(role).post(NEW_FORM).status_code == 403


def test_the_versions_are_read_by_those_who_read_screenings(login: Login, site: Site) -> None:
    assert "No consent form yet" in text(login(Role.MONITOR).get(FORMS))
    factories.consent_form()
    assert "1.1" in text(login(Role.MONITOR).get(FORMS))
    assert login(Role.NURSE).get(FORMS).status_code == 403
    assert login(Role.MONITOR).post(FORMS).status_code == 405
