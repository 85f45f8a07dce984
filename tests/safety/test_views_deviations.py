"""The pages of deviations: each happy, by the wrong role, of another site, sent twice, refused."""

import csv
import io
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enrollment.models import Participant
from outcomes import casebook
from safety import worklist
from safety.actions.deviations import assess_deviation, decline_deviation, record_deviation
from safety.actions.records import mark_in_error
from safety.models import DeclinedOffer, Deviation
from safety.permissions import RECORD_DEVIATION
from tests import factories
from tests.safety.conducted import (
    CONTROL_ARM,
    accepted,
    day,
    given,
    il2_given,
    moment,
    order_of,
    sources,
    treated,
)
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
LIST = "/safety/deviations/"
READERS = {
    *(Role.COORDINATOR, Role.NURSE, Role.INVESTIGATOR),
    *(Role.MONITOR, Role.DATA_MANAGER),
}
RECORDERS = {Role.COORDINATOR, Role.INVESTIGATOR}
MOST_QUERIES = 15


@pytest.fixture
def participant(site: Site) -> Participant:
    """With one offer: the evening dose of yesterday is not recorded."""
    return treated(site, days_ago=1)


@pytest.fixture
def source(participant: Participant, site: Site) -> str:
    [found] = sources(factories.user(Role.COORDINATOR, site))
    return found


@pytest.fixture
def deviation(participant: Participant, site: Site) -> Deviation:
    return record_deviation(
        participant,
        kind="other",
        occurred_on=day(1),
        description="The infusion ran through a blood line",
        by=factories.user(Role.COORDINATOR, site),
    )


def key() -> dict[str, str]:
    return {"entry_key": str(uuid4())}


def text(client: Client, url: str, data: dict[str, Any] | None = None) -> str:
    response = client.get(url, data)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def page(name: str, *arguments: object) -> str:
    return reverse(f"safety:{name}", args=arguments)


# --- who, where, how -----------------------------------------------------------------------------


@pytest.fixture
def pages(participant: Participant, source: str, deviation: Deviation) -> dict[str, str]:
    subject = participant.subject
    return {
        "deviations": LIST,
        "deviations-download": page("deviations-download"),
        "deviations-log": page("deviations-log"),
        "deviation": page("deviation", deviation.pk),
        "deviation-new": page("deviation-new"),
        "deviation-accept": page("deviation-accept", subject, source),
        "deviation-decline": page("deviation-decline", subject, source),
        "deviation-assess": page("deviation-assess", deviation.pk),
        "deviation-correct": page("deviation-correct", deviation.pk),
        "deviation-in-error": page("deviation-in-error", deviation.pk),
    }


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_who_opens_what(pages: dict[str, str], login: Login, role: Role) -> None:
    allowed = dict.fromkeys(pages, RECORDERS) | {
        "deviations": READERS,
        "deviations-download": READERS,
        "deviations-log": READERS,
        "deviation": READERS,
        "deviation-assess": {Role.INVESTIGATOR},
    }
    client = login(role)
    for name, url in pages.items():
        expected = 200 if role in allowed[name] else 403
        assert client.get(url).status_code == expected, name


def test_another_sites_deviations_do_not_exist(
    pages: dict[str, str], client: Client, other_site: Site, participant: Participant
) -> None:
    client.force_login(factories.user(Role.INVESTIGATOR, other_site))
    for name, url in pages.items():
        about_one = name not in {
            "deviations",
            "deviations-download",
            "deviations-log",
            "deviation-new",
        }
        response = client.get(url)
        assert response.status_code == (404 if about_one else 200), name
        if name in {"deviations", "deviations-log"}:
            assert participant.subject not in response.content.decode()


def test_forms_of_another_sites_participant_name_nobody(
    client: Client, other_site: Site, participant: Participant
) -> None:
    client.force_login(factories.user(Role.COORDINATOR, other_site))
    response = client.post(page("deviation-new"), new_data(participant))
    assert "No participant of your sites has this number" in response.content.decode()
    assert not Deviation.objects.exists()


# --- the list ------------------------------------------------------------------------------------


def test_offers_come_first_with_their_evidence(participant: Participant, login: Login) -> None:
    found = text(login(Role.COORDINATOR), LIST)
    assert "Dose not recorded" in found
    assert "Ganciclovir planned for 2026-03-17 20:00: nobody recorded what became of it" in found
    assert "1 to decide; the severity is proposed" in found
    assert "Look and decide" in found
    assert "Look and decide" not in text(login(Role.MONITOR), LIST)


def test_the_list_narrows_by_participant_state_kind_and_severity(
    deviation: Deviation, site: Site, login: Login
) -> None:
    other = treated(site, days_ago=1)
    accepted(other, "unrecorded_dose")
    client = login(Role.COORDINATOR)
    here = deviation.participant.subject
    for asked, own, others in (
        ({}, True, True),
        ({"participant": here.lower()}, True, False),
        ({"participant": "PKU-9"}, False, False),
        ({"kind": "unrecorded_dose"}, False, True),
        ({"severity": "major"}, False, False),
        ({"state": "to-assess"}, True, True),
        ({"state": "assessed"}, False, False),
        ({"state": "nonsense"}, True, True),
    ):
        rows = client.get(LIST, asked).context["lines"]
        subjects = {line.deviation.participant.subject for line in rows}
        assert (here in subjects, other.subject in subjects) == (own, others), asked


def test_where_nothing_is_the_list_says_so(site: Site, login: Login) -> None:
    found = text(login(Role.COORDINATOR), LIST)
    assert "Nothing waits" in found
    assert "No deviation here" in found


def test_sixty_participants_on_one_page(site: Site, login: Login) -> None:
    client = login(Role.COORDINATOR)
    client.get(LIST)  # what is read once a process

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    factories.allocation_list(length=80)
    accepted(factories.on_treatment(site), "unrecorded_dose")
    factories.on_treatment(site)
    few = queries()
    for _ in range(58):
        factories.on_treatment(site)
    response = client.get(LIST)
    assert len(response.context["offers"]) == 59
    assert len(response.context["offers_page"]) == 50  # a page of them
    assert queries() == few
    assert few <= MOST_QUERIES


def test_the_file_has_what_the_list_has(deviation: Deviation, login: Login) -> None:
    client = login(Role.MONITOR)
    url = page("deviations-download")
    lines = b"".join(client.get(url).streaming_content).decode()  # type: ignore[attr-defined]
    [row] = csv.DictReader(io.StringIO(lines))
    assert row["subject"] == deviation.participant.subject
    assert row["what_happened"] == "The infusion ran through a blood line"
    assert (row["severity"], row["reason_still_holds"]) == ("minor", "")
    none = b"".join(client.get(url, {"severity": "major"}).streaming_content)  # type: ignore[attr-defined]
    assert len(none.decode().strip().splitlines()) == 1


def test_the_log_has_the_declined_ones_too(
    participant: Participant, source: str, deviation: Deviation, site: Site, login: Login
) -> None:
    by = factories.user(Role.COORDINATOR, site)
    decline_deviation(participant, source=source, why="Surgery that day", by=by)
    found = text(login(Role.MONITOR), page("deviations-log"))
    for words in ("blood line", "Declined: no deviation", "Surgery that day", by.username):
        assert words in found


# --- noticed by a person -------------------------------------------------------------------------


def new_data(participant: Participant, **changes: str) -> dict[str, str]:
    values = {
        "participant": participant.subject,
        "kind": "other",
        "occurred_on": day(1).isoformat(),
        "description": "The infusion ran through a blood line",
    }
    return key() | values | changes


def test_a_deviation_is_recorded_once(participant: Participant, login: Login) -> None:
    client, data = login(Role.COORDINATOR), new_data(participant)
    url = page("deviation-new")
    assert f'value="{participant.subject}"' in text(
        client, url, {"participant": participant.subject}
    )
    first, second = client.post(url, data), client.post(url, data)
    assert first.status_code == second.status_code == 302
    assert said(second)[-1:] == ["This was saved already."]
    assert Deviation.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"description": ""}, "This field is required"),
        ({"participant": "PKU-999"}, "No participant of your sites has this number"),
        ({"occurred_on": "2026-03-19"}, "This day lies in the future"),
        ({"occurred_on": "2026-03-01"}, "The consent was signed later than this day"),
    ],
)
def test_what_is_refused_keeps_what_was_typed(
    participant: Participant, login: Login, changes: dict[str, str], error: str
) -> None:
    data = new_data(participant) | {"description": "A blood line"} | changes
    response = login(Role.COORDINATOR).post(page("deviation-new"), data)
    found = response.content.decode()
    assert error in found
    assert changes.get("description", "A blood line") in found
    assert not Deviation.objects.exists()


# --- offered by a rule ---------------------------------------------------------------------------


def test_an_offer_is_looked_at_and_recorded(
    participant: Participant, source: str, login: Login
) -> None:
    client = login(Role.COORDINATOR)
    url = page("deviation-accept", participant.subject, source)
    found = text(client, url)
    assert "nobody recorded what became of it" in found
    assert "/dosing/?date=2026-03-17#" in found
    data = key() | {"description": "The nurse was at the emergency"}
    first, second = client.post(url, data), client.post(url, data)
    assert first.status_code == second.status_code == 302
    assert said(second)[-1:] == ["This was saved already."]
    [made] = Deviation.objects.all()
    assert (made.source, made.description) == (source, "The nurse was at the emergency")
    assert client.get(url).status_code == 302  # nothing is offered any more


def test_an_offer_is_declined_with_a_reason(
    participant: Participant, source: str, login: Login
) -> None:
    client = login(Role.COORDINATOR)
    url = page("deviation-decline", participant.subject, source)
    assert "This field is required" in client.post(url, key()).content.decode()
    assert client.post(url, key() | {"why": "Surgery that day"}).status_code == 302
    assert DeclinedOffer.objects.get().why == "Surgery that day"
    assert "Nothing waits" in text(client, LIST)


def test_a_fact_shows_no_way_to_decline(site: Site, login: Login) -> None:
    participant = treated(site, CONTROL_ARM, days_ago=0)
    il2_given(participant)
    [source] = sources(factories.user(Role.COORDINATOR, site))
    client = login(Role.COORDINATOR)
    found = text(client, page("deviation-accept", participant.subject, source))
    assert "This is a fact" in found
    assert "It is no deviation" not in found
    url = page("deviation-decline", participant.subject, source)
    assert "it is assessed, never dismissed" in text(client, url)
    assert (
        "it is assessed, never dismissed"
        in client.post(url, key() | {"why": "No"}).content.decode()
    )
    assert not DeclinedOffer.objects.exists()


@pytest.mark.parametrize("source", ["late_visit:visit:1", "nonsense"])
def test_what_is_not_offered_leads_back_to_the_list(
    participant: Participant, login: Login, source: str
) -> None:
    client = login(Role.COORDINATOR)
    for name in ("deviation-accept", "deviation-decline"):
        url = page(name, participant.subject, source)
        for response in (client.get(url), client.post(url, key() | {"why": "No"})):
            assert response.status_code == 302
            assert response["Location"] == LIST
    assert not Deviation.objects.exists()


# --- one deviation -------------------------------------------------------------------------------


def test_a_deviation_whose_reason_went_away_says_so(participant: Participant, login: Login) -> None:
    made = accepted(participant, "unrecorded_dose")
    client, url = login(Role.MONITOR), page("deviation", made.pk)
    assert "no longer holds" not in text(client, url)
    given(order_of(participant), moment(1, 20))
    assert "The reason no longer holds." in text(client, url)
    assert "no longer holds" in text(client, LIST)
    assert "no longer holds" in text(client, page("deviations-log"))


def assess_data(deviation: Deviation, **changes: str) -> dict[str, str]:
    values = {
        "severity": "major",
        "assessment": "No harm",
        "corrective_action": "The ward is taught",
        "record_version": str(deviation.version),
    }
    return key() | values | changes


def test_the_investigator_assesses_once_and_again_with_a_reason(
    deviation: Deviation, login: Login
) -> None:
    client, url = login(Role.INVESTIGATOR), page("deviation-assess", deviation.pk)
    assert "Why is the record changed?" not in text(client, url)
    data = assess_data(deviation)
    first, second = client.post(url, data), client.post(url, data)
    assert first.status_code == second.status_code == 302
    deviation.refresh_from_db()
    assert (deviation.severity, deviation.assessment) == ("major", "No harm")
    found = text(client, page("deviation", deviation.pk))
    assert "Assess anew" in found
    assert "The ward is taught" in found

    assert "Why is the record changed?" in text(client, url)
    again = assess_data(deviation, severity="minor")
    found = client.post(url, again).content.decode()
    assert "Changing a saved value needs a reason" in found
    assert client.post(url, again | key() | {"reason": "Seen again"}).status_code == 302
    deviation.refresh_from_db()
    assert deviation.severity == "minor"


@pytest.mark.parametrize("missing", ["severity", "assessment", "corrective_action"])
def test_an_assessment_says_everything(deviation: Deviation, login: Login, missing: str) -> None:
    url = page("deviation-assess", deviation.pk)
    data = assess_data(deviation, **{missing: ""})
    found = login(Role.INVESTIGATOR).post(url, data).content.decode()
    assert "This field is required" in found
    assert missing == "assessment" or "No harm" in found
    deviation.refresh_from_db()
    assert deviation.assessed_at is None


def test_two_people_at_one_deviation_see_both_values(
    deviation: Deviation, site: Site, login: Login
) -> None:
    client, url = login(Role.COORDINATOR), page("deviation-correct", deviation.pk)
    data = key() | {
        "kind": "other",
        "occurred_on": day(1).isoformat(),
        "description": "My words",
        "reason": "Read again",
        "record_version": str(deviation.version),
    }
    assess_deviation(
        deviation,
        severity="minor",
        assessment="No harm",
        corrective_action="None needed",
        version=deviation.version,
        by=factories.user(Role.INVESTIGATOR, site),
    )
    found = client.post(url, data).content.decode()
    assert "Somebody saved this record after you opened it" in found
    assert "My words" in found
    deviation.refresh_from_db()
    again = data | key() | {"record_version": str(deviation.version)}
    assert client.post(url, again).status_code == 302
    assert "Waits" not in text(client, page("deviation", deviation.pk))
    assert "the investigator assesses it anew" in text(client, page("deviation", deviation.pk))


def test_a_correction_without_a_reason_is_refused(deviation: Deviation, login: Login) -> None:
    data = new_data(deviation.participant, record_version=str(deviation.version))
    url = page("deviation-correct", deviation.pk)
    assert "This field is required" in login(Role.COORDINATOR).post(url, data).content.decode()


def test_a_deviation_in_error_is_only_read(deviation: Deviation, login: Login) -> None:
    client, url = login(Role.INVESTIGATOR), page("deviation-in-error", deviation.pk)
    data = key() | {"record_version": str(deviation.version)}
    assert "This field is required" in client.post(url, data).content.decode()
    first, second = (client.post(url, data | {"reason": "Another’s"}) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert said(second)[-1:] == ["This was saved already."]
    found = text(client, page("deviation", deviation.pk))
    assert "Marked as entered in error by" in found
    assert page("deviation-assess", deviation.pk) not in found
    for name in ("assess", "correct"):
        assert client.get(page(f"deviation-{name}", deviation.pk)).status_code == 404
    assert client.get(url).status_code == 302
    assert text(client, LIST, {"state": "in-error"}).count("blood line") == 1


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_no_other_method(deviation: Deviation, login: Login, method: str) -> None:
    client = login(Role.COORDINATOR)
    for url in (LIST, page("deviation", deviation.pk), page("deviation-correct", deviation.pk)):
        assert getattr(client, method)(url).status_code == 405


# --- worklist, casebook --------------------------------------------------------------------------


def test_the_coordinator_has_a_row_a_participant(site: Site, staff: dict[Role, User]) -> None:
    one, two = treated(site, days_ago=1), treated(site, days_ago=2)
    rows = {row.subject: row for row in worklist.rows(staff[Role.COORDINATOR])}
    titles = {row.subject: str(row.title) for row in rows.values()}
    assert titles == {one.subject: "Possible deviation", two.subject: "3 possible deviations"}
    assert rows[two.subject].url == f"{LIST}?participant={two.subject}"
    assert rows[two.subject].when == "March 16"


def test_the_investigator_has_a_row_a_deviation(
    deviation: Deviation, staff: dict[Role, User], login: Login
) -> None:
    def row_of(role: Role) -> list[str]:
        return [row.url for row in worklist.rows(staff[role]) if "deviation" in row.url]

    url = page("deviation-assess", deviation.pk)
    assert row_of(Role.INVESTIGATOR) == [url]
    assert row_of(Role.MONITOR) == row_of(Role.NURSE) == []
    login(Role.INVESTIGATOR).post(url, assess_data(deviation))
    assert row_of(Role.INVESTIGATOR) == []


def test_the_casebook_has_the_deviation_and_not_the_one_in_error(
    deviation: Deviation, participant: Participant, staff: dict[Role, User]
) -> None:
    def titles() -> list[str]:
        found = casebook.days(participant, staff[Role.INVESTIGATOR], "safety")
        return [str(event.title) for of_day in found for event in of_day.events]

    made = accepted(participant, "unrecorded_dose")
    assert sorted(titles()) == ["Deviation: Another deviation", "Deviation: Dose not recorded"]
    mark_in_error(
        made,
        allowed=RECORD_DEVIATION,
        reason="Another participant’s",
        version=made.version,
        by=staff[Role.COORDINATOR],
    )
    assert titles() == ["Deviation: Another deviation"]
