"""The pages of medication and history, and each row of DOMAIN 2 through the form of a medicine."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dosing.actions.weights import record_weight
from enrollment.models import Participant
from enrollment.rules.verdicts import State
from outcomes import casebook
from safety.actions.history import Disease, record_history
from safety.actions.medication import Medicine, record_medication
from safety.corticosteroids import steroid_page
from safety.models import ConcomitantMedication, MedicalHistory
from tests import factories
from tests.safety.conducted import day, moment
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
READERS = {
    *(Role.COORDINATOR, Role.NURSE, Role.INVESTIGATOR),
    *(Role.MONITOR, Role.DATA_MANAGER),
}
RECORDERS = {Role.COORDINATOR, Role.INVESTIGATOR}
MOST_QUERIES = 15


@pytest.fixture
def participant(site: Site) -> Participant:
    return weighing(site, "60.0")


@pytest.fixture
def medication(participant: Participant, site: Site) -> ConcomitantMedication:
    told = Medicine("Paracetamol", "oral", "Headache", amount=Decimal("500"), unit="mg")
    return record_medication(
        participant,
        medicine=Medicine(**vars(told) | {"started_on": day(1)}),
        by=factories.user(Role.COORDINATOR, site),
    )


@pytest.fixture
def history(participant: Participant, site: Site) -> MedicalHistory:
    by = factories.user(Role.COORDINATOR, site)
    return record_history(participant, disease=Disease("Hypertension", is_ongoing=True), by=by)


def weighing(site: Site, kg: str) -> Participant:
    """Enrolled, weighed yesterday."""
    return factories.enrolled(site, factories.eligible_facts(weight_kg=Decimal(kg)))


def key() -> dict[str, str]:
    return {"entry_key": str(uuid4())}


def page(name: str, *arguments: object) -> str:
    return reverse(f"safety:{name}", args=arguments)


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def medicine_data(name: str = "Paracetamol", **changes: str) -> dict[str, str]:
    values = {
        "name": name,
        "agent": "",
        "amount": "500",
        "unit": "mg",
        "every_days": "1",
        "frequency": "when needed",
        "route": "oral",
        "indication": "Headache",
        "started_on": day(1).isoformat(),
        "ended_on": "",
        "note": "",
    }
    return key() | values | changes


def steroid_data(agent: str, mg: str, **changes: str) -> dict[str, str]:
    values = {"agent": agent, "amount": mg, "unit": "", "frequency": "", "indication": "SLE"}
    return medicine_data(agent.capitalize(), **values | changes)


# --- who, where, how -----------------------------------------------------------------------------


@pytest.fixture
def pages(
    participant: Participant, medication: ConcomitantMedication, history: MedicalHistory
) -> dict[str, str]:
    subject = participant.subject
    return {
        "medication": page("medication", subject),
        "history": page("history", subject),
        "medication-new": page("medication-new", subject),
        "history-new": page("history-new", subject),
        "medication-stop": page("medication-stop", medication.pk),
        "medication-correct": page("medication-correct", medication.pk),
        "medication-in-error": page("medication-in-error", medication.pk),
        "history-correct": page("history-correct", history.pk),
        "history-in-error": page("history-in-error", history.pk),
    }


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_who_opens_what(pages: dict[str, str], login: Login, role: Role) -> None:
    client = login(role)
    for name, url in pages.items():
        allowed = READERS if name in {"medication", "history"} else RECORDERS
        assert client.get(url).status_code == (200 if role in allowed else 403), name


def test_another_sites_participants_do_not_exist(
    pages: dict[str, str], client: Client, other_site: Site
) -> None:
    client.force_login(factories.user(Role.COORDINATOR, other_site))
    for name, url in pages.items():
        assert client.get(url).status_code == 404, name
        if name not in {"medication", "history"}:
            assert client.post(url, key()).status_code == 404, name


def test_no_other_method(pages: dict[str, str], login: Login) -> None:
    client = login(Role.COORDINATOR)
    for url in pages.values():
        assert client.delete(url).status_code == 405


def test_empty_pages_say_so(participant: Participant, login: Login) -> None:
    client = login(Role.COORDINATOR)
    assert "No medicine is recorded yet" in text(client, page("medication", participant.subject))
    assert "No medical history is recorded yet" in text(
        client, page("history", participant.subject)
    )


# --- DOMAIN 2 through the form -------------------------------------------------------------------

ROWS: list[tuple[Sequence[dict[str, str]], str, str, str, State]] = [
    ([{"methylprednisolone": "40"}], "60", "50", "0.83", State.MET),
    ([{"methylprednisolone": "48"}], "60", "60", "1.00", State.NOT_MET),
    ([{"dexamethasone": "10"}], "70", "66.67", "0.95", State.MET),
    ([{"prednisone": "20"}, {"hydrocortisone": "100"}], "50", "45", "0.90", State.MET),
    ([{"betamethasone": "6"}], "45", "40", "0.89", State.MET),
    ([{"prednisone": "60", "every_days": "2"}], "55", "30", "0.55", State.MET),
    ([{"dexamethasone": "6.6"}], "44.0", "44", "1.00", State.NOT_MET),
]


@pytest.mark.parametrize(("courses", "weight", "ped", "rate", "state"), ROWS)
def test_each_row_of_domain_2(
    site: Site,
    login: Login,
    courses: Sequence[dict[str, str]],
    weight: str,
    ped: str,
    rate: str,
    state: State,
) -> None:
    participant, client = weighing(site, weight), login(Role.COORDINATOR)
    for course in courses:
        (agent, mg), *schedule = course.items()
        data = steroid_data(agent, mg, **dict(schedule))
        assert client.post(page("medication-new", participant.subject), data).status_code == 302
    response = client.get(page("medication", participant.subject))
    found = response.context["steroids"].rate
    assert found.verdict.state is state
    assert (found.diary.highest.ped, found.diary.highest.per_kg) == (ped, rate)
    shown = response.content.decode()
    badge = {"met": "Below the limit", "not_met": "Not below the limit"}[state.value]
    assert f"</svg>{badge}</span>" in shown


def test_the_pulse_of_domain_2_and_the_mean(site: Site, login: Login) -> None:
    """500 mg once, 40 mg on the six days after: 132.14 mg/d on average, the pulse decides."""
    participant, client = weighing(site, "60"), login(Role.COORDINATOR)
    url = page("medication-new", participant.subject)
    pulse = {"started_on": day(7).isoformat(), "ended_on": day(7).isoformat()}
    data = steroid_data("methylprednisolone", "500", **pulse)
    asked = client.post(url, data)
    assert "625 mg/d is unusual. Is this right?" in asked.content.decode()
    assert client.post(url, data | {"confirmed": "on"}).status_code == 302
    after = steroid_data("methylprednisolone", "40", started_on=day(6).isoformat())
    assert client.post(url, after).status_code == 302

    found = client.get(page("medication", participant.subject)).context["steroids"].rate
    assert found.verdict.state is State.NOT_MET
    assert (found.diary.highest.ped, found.diary.highest.per_kg) == ("625", "10.42")
    assert (found.diary.mean.ped, found.diary.mean.per_kg) == ("132.14", "2.20")
    assert found.diary.days[0].is_highest


def test_unknown_looks_like_neither(participant: Participant, login: Login) -> None:
    shown = text(login(Role.NURSE), page("medication", participant.subject))
    assert "</svg>Unknown</span>" in shown
    assert "Not known:" in shown
    assert "the doses of the 7 days before allocation, or that there were none" in shown


def test_the_steps_stand_beside_the_verdict(participant: Participant, login: Login) -> None:
    client = login(Role.COORDINATOR)
    client.post(
        page("medication-new", participant.subject), steroid_data("methylprednisolone", "48")
    )
    shown = text(client, page("medication", participant.subject))
    for step in (
        "Methylprednisolone 48 mg × 5 ÷ 4",
        "60 mg prednisone on the highest day",
        "÷ 60.0 kg",
        "1.00 mg/kg/d",
        "The seven days before today, as an allocation today is judged.",
    ):
        assert step in shown


def test_what_is_taken_today_counts_from_tomorrow_on(
    participant: Participant, login: Login
) -> None:
    client, today = login(Role.COORDINATOR), day(0).isoformat()
    data = steroid_data("prednisone", "20", started_on=today)
    client.post(page("medication-new", participant.subject), data)

    assert steroid_page(participant).rate.diary is None
    with time_machine.travel(moment(-1)):
        assert steroid_page(participant).rate.diary is not None


def test_the_latest_weight_counts(site: Site, login: Login) -> None:
    participant, client = factories.allocated(site), login(Role.COORDINATOR)
    client.post(page("medication-new", participant.subject), steroid_data("prednisone", "44"))

    def state() -> State:
        url = page("medication", participant.subject)
        found: State = client.get(url).context["steroids"].rate.verdict.state
        return found

    assert state() is State.MET  # 60 kg at the screening
    by = factories.user(Role.NURSE, site)
    record_weight(participant, kg=Decimal("44"), measured_at=moment(0), by=by)
    assert state() is State.NOT_MET


@pytest.mark.parametrize(
    ("route", "state"),
    [("oral", "not_met"), ("iv", "not_met"), ("inhaled", "unknown"), ("im", "unknown")],
)
def test_only_systemic_routes_count(
    participant: Participant, login: Login, route: str, state: str
) -> None:
    client = login(Role.COORDINATOR)
    data = steroid_data("prednisone", "90", route=route)
    client.post(page("medication-new", participant.subject), data)
    response = client.get(page("medication", participant.subject))
    assert response.context["steroids"].rate.verdict.state.value == state
    asks = "whether Prednisone counts by this route" in response.content.decode()
    assert asks == (route == "im")


def test_what_is_in_error_is_not_counted(participant: Participant, login: Login) -> None:
    client = login(Role.COORDINATOR)
    data = steroid_data("methylprednisolone", "48")
    client.post(page("medication-new", participant.subject), data)
    made = ConcomitantMedication.objects.get()
    marked = key() | {"record_version": str(made.version), "reason": "Another participant’s"}
    client.post(page("medication-in-error", made.pk), marked)
    response = client.get(page("medication", participant.subject))
    assert response.context["steroids"].rate.diary is None
    assert "Entered in error" in response.content.decode()


# --- the form of a medicine ----------------------------------------------------------------------


def test_a_medicine_is_recorded_once(participant: Participant, login: Login) -> None:
    client, data = login(Role.COORDINATOR), medicine_data()
    url = page("medication-new", participant.subject)
    first, second = client.post(url, data), client.post(url, data)
    assert first.status_code == second.status_code == 302
    assert said(second)[-1:] == ["This was saved already."]
    assert ConcomitantMedication.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("Imipenem 500 mg", "Imipenem: Seizures have been reported together with ganciclovir"),
        ("注射用亚胺培南", "Imipenem: Seizures have been reported together with ganciclovir"),
        ("CELLCEPT", "Mycophenolate: Both may reach higher levels"),
    ],
)
def test_a_warning_stands_at_the_name_and_is_kept(
    participant: Participant, login: Login, name: str, warning: str
) -> None:
    client, url = login(Role.COORDINATOR), page("medication-new", participant.subject)
    data = medicine_data(name)
    found = client.post(url, data)
    shown = found.content.decode()
    assert found.status_code == 200
    assert warning in shown
    assert f'value="{name}"' in shown
    assert 'id="id_name_ask"' in shown
    assert not ConcomitantMedication.objects.exists()

    assert client.post(url, data | {"confirmed": "on"}).status_code == 302
    assert warning in text(client, page("medication", participant.subject))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": ""}, "This field is required"),
        ({"started_on": ""}, "one of both"),
        ({"started_before": "on"}, "one of both"),
        ({"started_on": "2026-03-19"}, "This day lies in the future"),
        ({"ended_on": "2026-03-01"}, "A medicine ends after it starts"),
        ({"unit": ""}, "A dose without its unit means nothing"),
        ({"amount": "4,5"}, "A comma may only part thousands"),
        ({"amount": "-1"}, "A dose is not below zero"),
        ({"agent": "prednisone", "amount": ""}, "Enter the dose of one day"),
        ({"agent": "prednisone", "unit": "g"}, "Enter a corticosteroid in mg"),
        ({"agent": "prednisone", "every_days": "3"}, "Select a valid choice"),
    ],
)
def test_what_is_refused_keeps_what_was_typed(
    participant: Participant, login: Login, changes: dict[str, str], error: str
) -> None:
    data = medicine_data(note="With meals") | changes
    found = login(Role.COORDINATOR).post(page("medication-new", participant.subject), data)
    shown = found.content.decode()
    assert error in shown
    assert "With meals" in shown
    assert not ConcomitantMedication.objects.exists()


def test_a_medicine_from_before_the_trial(participant: Participant, login: Login) -> None:
    client = login(Role.COORDINATOR)
    data = steroid_data("prednisone", "20", started_on="", started_before="on")
    assert client.post(page("medication-new", participant.subject), data).status_code == 302
    shown = text(client, page("medication", participant.subject))
    assert "before the trial –" in shown
    assert "20 mg" in shown


def test_a_medicine_is_stopped(medication: ConcomitantMedication, login: Login) -> None:
    client, url = login(Role.COORDINATOR), page("medication-stop", medication.pk)
    data = key() | {"record_version": str(medication.version)}
    assert "This field is required" in client.post(url, data).content.decode()
    early = client.post(url, data | {"ended_on": "2026-03-01"})
    assert "A medicine ends after it starts" in early.content.decode()
    first, second = (client.post(url, data | {"ended_on": "2026-03-18"}) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert said(second)[-1:] == ["This was saved already."]
    assert "Stopped" in text(client, page("medication", medication.participant.subject))


def test_a_correction_needs_its_reason_and_its_version(
    medication: ConcomitantMedication, login: Login
) -> None:
    client, url = login(Role.COORDINATOR), page("medication-correct", medication.pk)
    assert 'value="500"' in text(client, url)
    data = medicine_data(amount="1000", record_version=str(medication.version))
    assert "This field is required" in client.post(url, data).content.decode()
    assert client.post(url, data | key() | {"reason": "Read again"}).status_code == 302
    stale = client.post(url, data | key() | {"reason": "Read again", "amount": "750"})
    shown = stale.content.decode()
    assert "Somebody saved this record after you opened it" in shown
    assert 'value="750"' in shown
    medication.refresh_from_db()
    assert medication.amount == 1000


# --- history -------------------------------------------------------------------------------------


def history_data(**changes: str) -> dict[str, str]:
    values = {"term": "Appendicectomy", "began_on": "2019-05-01", "ended_on": "2019-05-03"}
    return key() | values | changes


def test_a_history_is_recorded_once(participant: Participant, login: Login) -> None:
    client, data = login(Role.COORDINATOR), history_data()
    url = page("history-new", participant.subject)
    first, second = client.post(url, data), client.post(url, data)
    assert first.status_code == second.status_code == 302
    assert MedicalHistory.objects.count() == 1
    assert "Appendicectomy" in text(client, page("history", participant.subject))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"term": ""}, "This field is required"),
        ({"is_ongoing": "on"}, "What is still present has not ended"),
        ({"ended_on": "2019-04-30"}, "before the day that it began"),
        ({"began_on": "2026-03-19", "ended_on": ""}, "This day lies in the future"),
    ],
)
def test_a_history_that_is_refused(
    participant: Participant, login: Login, changes: dict[str, str], error: str
) -> None:
    data = history_data(note="Told by the daughter") | changes
    found = login(Role.COORDINATOR).post(page("history-new", participant.subject), data)
    assert error in found.content.decode()
    assert "Told by the daughter" in found.content.decode()
    assert not MedicalHistory.objects.exists()


def test_a_history_is_corrected_and_taken_back(history: MedicalHistory, login: Login) -> None:
    client = login(Role.COORDINATOR)
    url = page("history-correct", history.pk)
    data = history_data(record_version=str(history.version), reason="Read again")
    assert client.post(url, data).status_code == 302
    history.refresh_from_db()
    assert (history.term, history.is_ongoing) == ("Appendicectomy", False)
    url = page("history-in-error", history.pk)
    data = key() | {"record_version": str(history.version), "reason": "Another’s"}
    first, second = client.post(url, data), client.post(url, data)
    assert first.status_code == second.status_code == 302
    assert said(second)[-1:] == ["This was saved already."]
    assert client.get(page("history-correct", history.pk)).status_code == 404


# --- around it -----------------------------------------------------------------------------------


def test_the_casebook_leads_to_both_and_tells_of_both(
    participant: Participant,
    medication: ConcomitantMedication,
    history: MedicalHistory,
    staff: dict[Role, User],
    login: Login,
) -> None:
    found = casebook.days(participant, staff[Role.NURSE], "safety")
    titles = {str(event.title) for of_day in found for event in of_day.events}
    assert titles == {
        "Medicine begun: Paracetamol, for Headache",
        "Medical history: Hypertension",
    }
    shown = text(login(Role.NURSE), f"/participants/{participant.subject}/")
    assert page("medication", participant.subject) in shown
    both = text(login(Role.NURSE), page("medication", participant.subject))
    assert page("history", participant.subject) in both


def test_sixty_medicines_in_a_handful_of_queries(
    participant: Participant, site: Site, login: Login
) -> None:
    client = login(Role.COORDINATOR)
    url = page("medication", participant.subject)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    def add(number: int) -> None:
        told = Medicine(f"Medicine {number}", "oral", "Headache", started_on=day(1))
        by = factories.user(Role.COORDINATOR, site)
        record_medication(participant, medicine=told, by=by)

    add(0)
    client.get(url)
    few = queries()
    for number in range(1, 60):
        add(number)
    assert queries() == few
    assert few <= MOST_QUERIES
