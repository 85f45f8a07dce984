"""A specimen from its arrival on: registered, measured, not to be used, corrected."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from enrollment.models import Participant
from labs.actions import Sample
from labs.actions.laboratories import register_laboratory
from labs.actions.receipts import correct_specimen, receive_specimen, reject_specimen
from labs.models import Correction, Result, Specimen
from labs.permissions import ENTER_RESULTS, READ_RESULTS
from oversight.models import AuditEntry
from oversight.recording import AlreadyRecorded, ReasonRequired
from oversight.records import StaleRecord
from oversight.refusals import Refused
from tests import factories
from tests.labs.examples import entered, hours_ago, pcr, plated, safety, specimen_data, typed
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db

Login = Callable[[Role], Client]
NEW, INBOX = reverse("labs:specimen-new"), reverse("labs:inbox")
OTHERS = sorted(set(Role) - ENTER_RESULTS.roles - {Role.SYSTEM})
READERS = sorted(READ_RESULTS.roles - ENTER_RESULTS.roles)


def drawn(kind: str = "serum", hours: int = 4, **values: Any) -> Sample:
    return Sample(kind, hours_ago(hours), hours_ago(hours - 1), **values)


@pytest.fixture
def tube(participant: Participant, lab: User) -> Specimen:
    return receive_specimen(participant, sample=drawn(accession="L-17"), by=lab)


def at(name: str, specimen: Specimen) -> str:
    return reverse(f"labs:{name}", args=[specimen.pk])


def registered(specimen: Specimen, **changes: Any) -> dict[str, Any]:
    """What a correction of ``specimen`` takes."""
    names = ("kind", "collected_at", "received_at", "laboratory", "accession", "visit")
    values = {name: getattr(specimen, name) for name in names} | changes
    return {
        "sample": Sample(**values),
        "unusable": "",
        "reason": "Mistyped",
        "version": specimen.version,
    }


# --- actions ----------------------------------------------------------------------------------


def test_a_tube_is_registered_without_results(participant: Participant, lab: User) -> None:
    at_work = register_laboratory(participant.site, name="Central", by=lab)
    sample = drawn("plasma", accession="L-17", visit="D7", laboratory=at_work)
    made = Specimen.objects.get(pk=receive_specimen(participant, sample=sample, by=lab).pk)
    assert (made.kind, made.accession, made.visit) == ("plasma", "L-17", "D7")
    assert (made.laboratory, made.received_at) == (at_work, sample.received_at)
    entry = AuditEntry.objects.get(model="labs.specimen", object_id=made.pk)
    assert (entry.actor_name, entry.chain_id) == (
        lab.get_username(),
        f"participant:{participant.pk}",
    )


def test_the_same_tube_is_registered_once(tube: Specimen, lab: User) -> None:
    with pytest.raises(Refused, match="registered already"):
        receive_specimen(tube.participant, sample=drawn(), by=lab)
    receive_specimen(tube.participant, sample=drawn("plasma"), by=lab)


def test_a_tube_from_the_future_is_refused(participant: Participant, lab: User) -> None:
    tomorrow = Sample("serum", clock.now() + dt.timedelta(days=1))
    with pytest.raises(Refused, match="times cannot be true"):
        receive_specimen(participant, sample=tomorrow, by=lab)


@pytest.mark.parametrize(("days", "refused"), [(-1, True), (0, False)])
def test_a_tube_from_before_birth_is_refused(
    participant: Participant, lab: User, days: int, refused: bool
) -> None:
    born = participant.screening.answers.birth_date
    assert born
    drawn_then = Sample("serum", factories.local(born + dt.timedelta(days=days), dt.time(0, 30)))
    if not refused:
        assert receive_specimen(participant, sample=drawn_then, by=lab).pk
        return
    with pytest.raises(Refused) as refusal:
        receive_specimen(participant, sample=drawn_then, by=lab)
    assert "before the participant was born" in str(refusal.value.reasons[0])


def test_blood_after_the_consent_was_withdrawn_is_refused(site: Site, lab: User) -> None:
    treated = factories.on_treatment(site)
    drawn_after = Sample("serum", clock.now())
    factories.withdraw(treated)
    late = clock.now()
    with pytest.raises(Refused, match="withdrawn before"):
        receive_specimen(treated, sample=Sample("serum", late), by=lab)
    assert drawn_after.collected_at < late


def test_results_go_to_the_tube_that_came(tube: Specimen, lab: User) -> None:
    (result,) = entered(tube.participant, pcr("52000"))
    assert result.specimen != tube  # of plasma
    plasma = receive_specimen(tube.participant, sample=drawn("plasma", hours=5), by=lab)
    (result,) = entered(tube.participant, pcr("52000"), hours=5)
    assert result.specimen == plasma


def test_a_tube_that_cannot_be_used_says_why(tube: Specimen, lab: User) -> None:
    spoilt = reject_specimen(tube, why=" Haemolysed ", version=1, by=lab)
    assert (spoilt.unusable, spoilt.version) == ("Haemolysed", 2)
    with pytest.raises(StaleRecord):
        reject_specimen(tube, why="Clotted", version=1, by=lab)
    with pytest.raises(Refused, match="Say why"):
        reject_specimen(tube, why=" ", version=2, by=lab)


def test_what_was_measured_could_be_used(participant: Participant, lab: User) -> None:
    (result,) = entered(participant, pcr("52000"))
    for specimen in (result.specimen, plated(participant).specimen):
        with pytest.raises(Refused, match="in force"):
            reject_specimen(specimen, why="Clotted", version=1, by=lab)
        with pytest.raises(Refused, match="in force"):
            correct_specimen(specimen, **registered(specimen) | {"unusable": "Clotted"}, by=lab)


def test_a_correction_keeps_what_was_registered_and_why(tube: Specimen, lab: User) -> None:
    changes = registered(tube, accession="L-71", visit="D0")
    saved = correct_specimen(tube, **changes, by=lab)
    assert (saved.accession, saved.visit) == ("L-71", "D0")
    entry = AuditEntry.objects.filter(model="labs.specimen", object_id=tube.pk).last()
    assert entry is not None
    assert entry.changes == {"accession": ["L-17", "L-71"], "visit": ["", "D0"]}
    assert entry.reason == "Mistyped"


def test_a_rejection_can_be_taken_back(tube: Specimen, lab: User) -> None:
    spoilt = reject_specimen(tube, why="Clotted", version=1, by=lab)
    saved = correct_specimen(spoilt, **registered(spoilt), by=lab)
    assert saved.unusable == ""


def test_corrections_that_are_none_are_refused(tube: Specimen, lab: User) -> None:
    with pytest.raises(Refused, match="Nothing differs"):
        correct_specimen(tube, **registered(tube), by=lab)
    with pytest.raises(ReasonRequired):
        correct_specimen(tube, **registered(tube, visit="D0") | {"reason": " "}, by=lab)
    with pytest.raises(StaleRecord):
        correct_specimen(tube, **registered(tube, visit="D0") | {"version": 9}, by=lab)


def test_a_tube_is_not_corrected_into_another(tube: Specimen, lab: User) -> None:
    receive_specimen(tube.participant, sample=drawn("plasma"), by=lab)
    with pytest.raises(Refused, match="registered already"):
        correct_specimen(tube, **registered(tube, kind="plasma"), by=lab)


def test_results_follow_the_moment_of_their_blood(site: Site, lab: User) -> None:
    treated = factories.on_treatment(site, days_ago=2)
    assert treated.day0_at is not None
    hours = int((clock.now() - treated.day0_at).total_seconds() // 3600) - 1
    (first,) = entered(treated, safety("creatinine", "60", "µmol/L", uln="97"), hours=hours)
    (second,) = entered(treated, safety("creatinine", "95", "µmol/L", uln="97"), hours=4)
    assert second.grade == 0  # nothing was measured before the first dose
    before = treated.day0_at - dt.timedelta(hours=1)
    received = before + dt.timedelta(minutes=30)
    changes = registered(first.specimen, collected_at=before, received_at=received)
    correct_specimen(first.specimen, **changes, by=lab)
    first, second = (Result.objects.get(pk=result.pk) for result in (first, second))
    assert first.collected_at == before
    assert second.grade == 2  # 1.58 × the baseline that it has now: DOMAIN 8
    (kept,) = Correction.objects.filter(result=first)
    assert kept.effects


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", OTHERS)
def test_nobody_else_registers(tube: Specimen, staff: dict[Role, User], role: Role) -> None:
    by = staff[role]
    with pytest.raises(PermissionDenied):
        receive_specimen(tube.participant, sample=drawn("plasma"), by=by)
    with pytest.raises(PermissionDenied):
        reject_specimen(tube, why="Clotted", version=1, by=by)
    with pytest.raises(PermissionDenied):
        correct_specimen(tube, **registered(tube, visit="D0"), by=by)


@pytest.mark.requirement("R11")
def test_another_sites_tube_is_left_alone(
    stranger: Participant, other_site: Site, lab: User
) -> None:
    theirs = receive_specimen(stranger, sample=drawn(), by=factories.user(Role.LAB, other_site))
    with pytest.raises(PermissionDenied):
        receive_specimen(stranger, sample=drawn("plasma"), by=lab)
    with pytest.raises(PermissionDenied):
        reject_specimen(theirs, why="Clotted", version=1, by=lab)
    with pytest.raises(PermissionDenied):
        correct_specimen(theirs, **registered(theirs, visit="D0"), by=lab)


def test_a_form_sent_twice_is_saved_once(participant: Participant, lab: User) -> None:
    key = uuid4()
    receive_specimen(participant, sample=drawn(), by=lab, key=key)
    with pytest.raises(AlreadyRecorded):
        receive_specimen(participant, sample=drawn(), by=lab, key=key)
    assert Specimen.objects.count() == 1


# --- pages ------------------------------------------------------------------------------------


def receipt(participant: Participant, **changes: str) -> dict[str, str]:
    values = {"kind": "serum", "accession": "L-17", "laboratory": "", "visit": "D0"}
    return specimen_data(participant, **values) | changes


def correction(specimen: Specimen, **changes: str) -> dict[str, str]:
    return {
        "entry_key": str(uuid4()),
        "record_version": str(specimen.version),
        "kind": specimen.kind,
        "collected_at": typed(specimen.collected_at),
        "received_at": typed(specimen.received_at) if specimen.received_at else "",
        "accession": specimen.accession,
        "visit": specimen.visit,
        "reason": "Mistyped",
        **changes,
    }


def test_an_arrival_is_registered(login: Login, participant: Participant) -> None:
    response = login(Role.LAB).post(NEW, receipt(participant), follow=True)
    page = response.content.decode()
    made = Specimen.objects.get()
    assert response.redirect_chain[-1][0] == at("specimen", made)
    for words in ("The specimen is registered.", "Nothing is measured in it yet.", "L-17"):
        assert words in page
    assert made.visit == "D0"


def test_the_form_begins_with_the_address_and_with_now(
    login: Login, participant: Participant
) -> None:
    query = {"participant": participant.subject, "kind": "pbmc", "visit": "D7"}
    form = login(Role.LAB).get(NEW, query).context["form"]
    assert form["kind"].value() == "pbmc"
    assert form["visit"].value() == "D7"
    page = login(Role.LAB).get(NEW, query).content.decode()
    assert 'value="2026-03-18T12:00"' in page


def test_an_arrival_sent_twice_is_saved_once(login: Login, participant: Participant) -> None:
    client, data = login(Role.LAB), receipt(participant)
    first = client.post(NEW, data)
    again = client.post(NEW, data, follow=True)
    assert again.redirect_chain[-1][0] == first["Location"]
    assert "This was saved already" in again.content.decode()
    assert Specimen.objects.count() == 1


def test_what_was_typed_stays_when_something_is_wrong(
    login: Login, participant: Participant
) -> None:
    tomorrow = typed(clock.now() + dt.timedelta(days=1))
    data = receipt(participant, collected_at=tomorrow)
    page = login(Role.LAB).post(NEW, data).content.decode()
    assert 'href="#id_collected_at"' in page
    for kept in ("L-17", tomorrow, data["entry_key"]):
        assert f'value="{kept}"' in page
    assert not Specimen.objects.exists()


def test_the_page_of_a_tube_says_what_is_outstanding(login: Login, site: Site, lab: User) -> None:
    treated = factories.on_treatment(site, days_ago=7)
    tube = receive_specimen(treated, sample=drawn("whole_blood", visit="D7"), by=lab)
    page = login(Role.LAB).get(at("specimen", tube)).content.decode()
    assert "NK subsets" in page
    assert "No result yet" in page
    assert "/labs/flow/new/?participant=" in page
    assert "NK cytotoxicity" not in page


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"cause": "Haemolysed"}, "Haemolysed"),
        ({"cause": "other", "detail": "Label lost"}, "Label lost"),
    ],
)
def test_a_tube_is_marked_as_not_to_be_used(
    login: Login, tube: Specimen, answer: dict[str, str], why: str
) -> None:
    client, data = login(Role.LAB), {"entry_key": str(uuid4()), "record_version": "1", **answer}
    assert at("specimen-reject", tube) in client.get(at("specimen", tube)).content.decode()
    page = client.post(at("specimen-reject", tube), data, follow=True).content.decode()
    assert "Marked as not to be used." in page
    assert "Cannot be used:" in page
    assert why in page
    assert at("specimen-reject", tube) not in page
    tube.refresh_from_db()
    assert tube.unusable == why
    again = client.post(at("specimen-reject", tube), data, follow=True)
    assert "This was saved already" in again.content.decode()


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({}, "cause"),
        ({"cause": "other"}, "detail"),
        ({"cause": "Clotted", "detail": "Label lost"}, "detail"),
    ],
)
def test_a_rejection_without_its_reason_is_refused(
    login: Login, tube: Specimen, answer: dict[str, str], field: str
) -> None:
    data = {"entry_key": str(uuid4()), "record_version": "1", **answer}
    response = login(Role.LAB).post(at("specimen-reject", tube), data)
    assert field in response.context["form"].errors
    assert answer.get("detail", "") in response.content.decode()
    assert Specimen.objects.get().unusable == ""


def test_a_tube_is_corrected_on_its_page(login: Login, tube: Specimen) -> None:
    client, url = login(Role.LAB), at("specimen-correct", tube)
    assert 'value="L-17"' in client.get(url).content.decode()
    page = client.post(url, correction(tube, accession="L-71"), follow=True).content.decode()
    assert "The specimen is corrected." in page
    assert "L-71" in page


def test_a_correction_needs_its_reason_and_keeps_what_was_typed(
    login: Login, tube: Specimen
) -> None:
    data = correction(tube, accession="L-71", reason="")
    page = login(Role.LAB).post(at("specimen-correct", tube), data).content.decode()
    assert 'href="#id_reason"' in page
    assert 'value="L-71"' in page


def test_a_correction_of_an_older_version_shows_both(login: Login, tube: Specimen) -> None:
    client, url = login(Role.LAB), at("specimen-correct", tube)
    old = correction(tube, accession="L-99")
    client.post(url, correction(tube, accession="L-71"))
    conflicts = client.post(url, old).context["form"].conflicts
    assert [(one.yours, one.saved) for one in conflicts] == [("L-99", "L-71")]


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", READERS)
def test_others_read_without_the_buttons(login: Login, tube: Specimen, role: Role) -> None:
    client = login(role)
    page = client.get(at("specimen", tube)).content.decode()
    assert at("specimen-correct", tube) not in page
    for url in (NEW, at("specimen-reject", tube), at("specimen-correct", tube)):
        assert client.get(url).status_code == 403
        assert client.post(url, {}).status_code == 403


@pytest.mark.requirement("R11")
def test_another_sites_tube_does_not_exist(
    login: Login, stranger: Participant, other_site: Site
) -> None:
    theirs = receive_specimen(stranger, sample=drawn(), by=factories.user(Role.LAB, other_site))
    client = login(Role.LAB)
    for name in ("specimen", "specimen-reject", "specimen-correct"):
        assert client.get(at(name, theirs)).status_code == 404
    assert client.post(at("specimen-correct", theirs), {}).status_code == 404
    page = client.post(NEW, receipt(stranger)).content.decode()
    assert "No participant of your sites has this number" in page


def test_the_page_of_a_tube_takes_no_post(login: Login, tube: Specimen) -> None:
    assert login(Role.LAB).post(at("specimen", tube), {}).status_code == 405
    assert login(Role.ADMIN).get(at("specimen", tube)).status_code == 403


def test_the_page_of_a_tube_asks_the_database_little(
    login: Login,
    site: Site,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    treated = factories.on_treatment(site, days_ago=7)
    for hours in range(4, 24):
        (result,) = entered(treated, pcr("52000"), hours=hours)
    client = login(Role.LAB)
    with django_assert_max_num_queries(15):
        client.get(at("specimen", result.specimen))
