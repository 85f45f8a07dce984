"""The screening log and the list of participants: narrowed, ordered, searched and downloaded."""

import csv
import datetime as dt
import re
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from enrollment.actions.allocation import allocate
from enrollment.actions.consent import withdraw_consent
from enrollment.actions.participation import enrol
from enrollment.actions.screening import (
    confirm_eligibility,
    end_screening,
    rescreen,
    submit_screening,
)
from enrollment.log import ScreeningLog, Wanted, in_places
from enrollment.models import Screening
from enrollment.rules.places import Place, failed_criteria, undecided_criteria
from enrollment.states import State
from oversight.downloads import csv_line
from oversight.recording import recorded
from oversight.trail import AuditEntry
from tests import factories
from tests.enrollment.conftest import Login
from tests.enrollment.pages import ARMS, LOG, PARTICIPANTS, text
from trial_site import clock
from trial_site.models import Site, User
from trial_site.protocol.definition import ArmCode
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
LOG_FILE, PARTICIPANTS_FILE = "/screening/log.csv", "/participants/list.csv"
MOST_QUERIES = 15


def numbers(client: Client, **query: str) -> list[str]:
    """The screenings of the log's rows, in their order."""
    return re.findall(
        r'<a class="subject num" href="/screening/(SCR-\d+)/">', text(client.get(LOG, query))
    )


def subjects(client: Client, **query: str) -> list[str]:
    return re.findall(
        r'<a class="subject" href="/participants/([^/]+)/">', text(client.get(PARTICIPANTS, query))
    )


def rows(client: Client, address: str, **query: str) -> list[dict[str, str]]:
    response = client.get(address, query)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    return list(csv.DictReader(StringIO(content.decode())))


def failing(site: Site, **facts: Any) -> Screening:
    return factories.submitted(site, factories.eligible_facts(**facts))


@pytest.fixture
def screened(site: Site, coordinator: User) -> dict[str, Screening]:
    """One screening of each kind, SCR-001 and on in this order; the last repeats the first."""
    malignant = failing(site, malignancy=True)
    several = failing(site, malignancy=True, breastfeeding=True)
    found = {
        "malignant": malignant,
        "several": several,
        "undecided": failing(site, malignancy=None),
        "draft": factories.screening(site),
        "eligible": factories.submitted(site),
        "allocated": factories.allocated(site).screening,
        "lost": factories.screening(site),
        "withdrawn": factories.submitted(site),
        "again": rescreen(malignant, by=coordinator),
    }
    end_screening(found["lost"], after=State.LOST, why="Moved away", by=coordinator)
    withdraw_consent(found["withdrawn"], withdrawn_at=clock.now(), by=coordinator)
    return found


# --- narrowing --------------------------------------------------------------------------------


def test_the_log_is_narrowed_by_verdict_and_reason(
    desk: Client, screened: dict[str, Screening]
) -> None:
    assert len(numbers(desk)) == len(screened)
    assert numbers(desk, status="failed") == ["SCR-002", "SCR-001"]
    assert numbers(desk, reason="E5") == ["SCR-002", "SCR-001"]
    assert numbers(desk, reason="E7") == ["SCR-002"]
    assert numbers(desk, reason="E4b") == []
    assert numbers(desk, status="eligible", reason="E5") == []


def test_an_undecided_criterion_is_no_reason_for_failure(
    desk: Client, screened: dict[str, Screening]
) -> None:
    assert "SCR-003" in numbers(desk, status="blocked")
    assert "SCR-003" not in numbers(desk, reason="E5")


def test_reasons_are_counted_and_lead_to_their_screenings(
    desk: Client, screened: dict[str, Screening]
) -> None:
    shown = text(desk.get(LOG))
    panel = shown.split('id="reasons"')[1].split("</section>")[0]
    found = re.findall(
        r'href="(\?[^"]+)"><b class="num">(\w+)</b> ([^<]+) <span class="count">(\d+)', panel
    )
    assert [(key, title, count) for _, key, title, count in found] == [
        ("E5", "Malignancy", "2"),
        ("E7", "Pregnancy or breast-feeding", "1"),
    ]
    for href, _, _, count in found:
        opened = text(desk.get(LOG + href.replace("&amp;", "&")))
        assert opened.count('<a class="subject num"') == int(count)


@pytest.mark.parametrize("facet", ["statuses", "sites"])
def test_a_facet_counts_what_it_opens(
    screened: dict[str, Screening], coordinator: User, facet: str
) -> None:
    sites = {"PKU"}
    name = {"statuses": "status", "sites": "site"}[facet]
    for query in ({}, {"flow": "assessed"}, {"q": "SCR-00"}, {"flow": "excluded", "q": "7"}):
        log = ScreeningLog(coordinator, Wanted.read(query, sites))
        for value, count in getattr(log, facet).items():
            narrowed = ScreeningLog(coordinator, Wanted.read({**query, name: value}, sites))
            assert narrowed.rows.count() == count, (query, value)


def test_the_flow_shows_each_patient_once(desk: Client, screened: dict[str, Screening]) -> None:
    number = {kind: one.number for kind, one in screened.items()}
    assert set(numbers(desk, flow="assessed")) == {*number.values()} - {number["malignant"]}
    assert numbers(desk, flow="screen_failed") == [number["several"]]
    assert set(numbers(desk, flow="screening")) == {
        number["undecided"],
        number["draft"],
        number["again"],
    }
    assert numbers(desk, flow="waiting") == [number["eligible"]]
    assert numbers(desk, flow="allocated") == [number["allocated"]]
    assert numbers(desk, flow="lost") == [number["lost"]]
    assert numbers(desk, flow="withdrew") == [number["withdrawn"]]
    assert set(numbers(desk, flow="excluded")) == {
        number["several"], number["lost"], number["withdrawn"],
    }  # fmt: skip


def test_every_patient_stands_in_one_known_place(
    screened: dict[str, Screening], coordinator: User
) -> None:
    found = in_places(Screening.objects.visible_to(coordinator))
    places = [Place(place) for place in found.values_list("place", flat=True)]
    assert len(places) == len(screened) - 1


def test_a_number_is_searched(desk: Client, screened: dict[str, Screening]) -> None:
    assert numbers(desk, q="scr-002") == ["SCR-002"]
    assert numbers(desk, q="PKU-001") == [screened["allocated"].number]
    assert numbers(desk, q="nobody") == []
    shown = text(desk.get(LOG, {"q": "SCR-00", "sort": "started", "status": "failed"}))
    assert '<input type="hidden" name="sort" value="started">' in shown
    assert '<input type="hidden" name="status" value="failed">' in shown


def test_what_means_nothing_is_left_out(desk: Client, screened: dict[str, Screening]) -> None:
    query = dict.fromkeys(("status", "reason", "site", "flow", "sort", "page"), "nonsense")
    assert len(numbers(desk, **query)) == len(screened)


def test_sites_are_chosen_where_there_are_several(
    desk: Client, site: Site, other_site: Site, coordinator: User
) -> None:
    factories.screening(site)
    factories.screening(other_site)
    assert 'aria-label="Site"' not in text(desk.get(LOG))
    assert numbers(desk, site="OTH") == ["SCR-001"], "another site's code means nothing"
    coordinator.sites.add(other_site)
    assert 'aria-label="Site"' in text(desk.get(LOG))
    assert numbers(desk, site="OTH") == ["SCR-002"]


def test_links_keep_the_rest_of_the_address(desk: Client, screened: dict[str, Screening]) -> None:
    shown = text(desk.get(LOG, {"status": "failed", "sort": "started", "page": "1"}))
    assert 'href="?status=failed&amp;sort=-started"' in shown
    assert 'href="?sort=started&amp;status=draft"' in shown
    assert 'href="/screening/log.csv?status=failed&amp;sort=started"' in shown


# --- order ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["number", "status", "started", "consent", "days"])
def test_the_second_click_reverses_the_order(
    desk: Client, screened: dict[str, Screening], sort: str
) -> None:
    up, down = numbers(desk, sort=sort), numbers(desk, sort=f"-{sort}")
    assert sorted(up) == sorted(down) == sorted(one.number for one in screened.values())
    shown = text(desk.get(LOG, {"sort": sort}))
    assert f'aria-sort="ascending"><a href="?sort=-{sort}">' in shown


def test_the_order_is_that_of_the_numbers_not_of_their_text(desk: Client, site: Site) -> None:
    late = factories.screening(site)
    with recorded(by=factories.user(Role.COORDINATOR, site), reason="As if there were many"):
        late.number = "SCR-999"
        late.save()
    factories.screening(site)
    assert numbers(desk) == ["SCR-1000", "SCR-999"]
    assert numbers(desk, sort="number") == ["SCR-999", "SCR-1000"]


def test_rows_without_a_consent_come_last(desk: Client, site: Site) -> None:
    factories.screening(site, consent=False)
    factories.screening(site)
    assert numbers(desk, sort="consent") == numbers(desk, sort="-consent") == ["SCR-002", "SCR-001"]


def test_days_from_screening_to_allocation(desk: Client, site: Site) -> None:
    now = clock.now()
    with time_machine.travel(now) as time:
        for days_ago in (4, 1):
            time.move_to(now - dt.timedelta(days=days_ago))
            made = factories.screening(site)
            time.move_to(now)
            _allocate(made)
    assert numbers(desk, sort="days") == ["SCR-002", "SCR-001"]
    shown = text(desk.get(LOG))
    assert '<td class="num end">4</td>' in shown
    assert "median 2.5, range 1 to 4, 2 patients." in shown


def _allocate(screening: Screening) -> None:
    """Submit, confirm, enrol and allocate in one day."""
    factories.allocation_list()
    coordinator = factories.user(Role.COORDINATOR, screening.site)
    by = factories.user(Role.INVESTIGATOR, screening.site)
    judged = submit_screening(screening, version=screening.version, by=coordinator)
    confirmed = confirm_eligibility(
        judged, version=judged.version, signature=factories.signature(by), by=by
    )
    allocate(enrol(confirmed, by=coordinator), by=coordinator)


# --- where a patient stands -------------------------------------------------------------------


def test_a_repeated_screening_says_so_on_both_rows(
    desk: Client, screened: dict[str, Screening]
) -> None:
    shown = text(desk.get(LOG))
    assert f"repeats {screened['malignant'].number}</span>" in shown
    assert f"Screened again as {screened['again'].number}" in shown


def test_an_end_before_enrolment_is_where_the_patient_stands(
    desk: Client, screened: dict[str, Screening]
) -> None:
    assert "<td>Lost to follow-up</td>" in text(desk.get(LOG, {"flow": "lost"}))
    assert "<td>Withdrew consent</td>" in text(desk.get(LOG, {"flow": "withdrew"}))


def test_a_row_names_what_speaks_against_entry(
    desk: Client, screened: dict[str, Screening]
) -> None:
    assert "<td>E5, E7</td>" in text(desk.get(LOG, {"q": "SCR-002"}))
    assert "<td>E5</td>" in text(desk.get(LOG, {"q": "SCR-003"}))


def test_stored_verdicts_are_read_as_they_were_judged(screened: dict[str, Screening]) -> None:
    for screening in Screening.objects.exclude(eligibility={}):
        verdict = screening.verdict
        assert failed_criteria(screening.eligibility) == tuple(
            v.criterion_id for v in verdict.failed
        )
        assert undecided_criteria(screening.eligibility) == tuple(
            v.criterion_id for v in verdict.unknown
        )


# --- downloads --------------------------------------------------------------------------------


@pytest.mark.requirement("R05")
@pytest.mark.requirement("R27")
def test_the_file_of_the_log_holds_the_rows_of_the_list(
    desk: Client, screened: dict[str, Screening]
) -> None:
    for query in ({}, {"status": "failed"}, {"reason": "E7"}, {"flow": "excluded"}, {"q": "PKU"}):
        assert [row["number"] for row in rows(desk, LOG_FILE, **query)] == numbers(desk, **query)
    found = {row["number"]: row for row in rows(desk, LOG_FILE)}
    failed, allocated = found["SCR-002"], found[screened["allocated"].number]
    assert (failed["verdict"], failed["failed_criteria"]) == ("failed", "E5 E7")
    assert found["SCR-003"]["undecided_criteria"] == "E5"
    assert found[screened["again"].number]["repeats"] == "SCR-001"
    assert (allocated["subject"], allocated["days_to_allocation"]) == ("PKU-001", "0")
    assert found[screened["lost"].number]["stands"] == "lost"
    for row in found.values():
        for column in ("started_at", "submitted_at", "allocated_at", "consent_signed_at"):
            assert not row[column] or row[column].endswith("+08:00"), (column, row)
    assert "Dr Wang" not in str(found)


@pytest.mark.requirement("R24")
def test_the_file_of_the_log_holds_no_arm(desk: Client, site: Site) -> None:
    factories.allocated(site)
    content = b"".join(desk.get(LOG_FILE).streaming_content).decode()  # type: ignore[attr-defined]
    assert not [arm for arm in ArmCode if arm.value in content]


@pytest.mark.requirement("R08")
@pytest.mark.parametrize("address", [LOG_FILE, PARTICIPANTS_FILE])
def test_a_download_is_logged(desk: Client, screened: dict[str, Screening], address: str) -> None:
    rows(desk, address, q="00")
    entry = AuditEntry.objects.get(event="exported")
    assert entry.actor_name == "coordinator-pku"
    assert entry.changes["asked"] == {"q": "00"}
    assert entry.changes["file"].endswith(".csv")


@pytest.mark.requirement("R30")
def test_no_cell_is_a_formula() -> None:
    assert csv_line(["=1+1", "-2", "@x", "+3", "\t4", "ok", -5, None]) == (
        "'=1+1,'-2,'@x,'+3,'\t4,ok,-5,\r\n"
    )


@pytest.mark.requirement("R11")
def test_the_laboratory_never_sees_the_arm(login: Login, site: Site) -> None:
    for _ in range(4):
        factories.allocated(site)
    lab = login(Role.LAB)
    everybody = [row["subject"] for row in rows(lab, PARTICIPANTS_FILE)]
    assert len(everybody) == 4
    for query in ({}, {"arm": "gcv"}, {"sort": "arm"}, {"sort": "-arm"}):
        response = lab.get(PARTICIPANTS_FILE, query)
        content = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
        assert not [arm for arm in ArmCode if arm.value in content]
        assert "arm" not in content.splitlines()[0].split(",")
        assert [row["subject"] for row in csv.DictReader(StringIO(content))] == everybody
        shown = text(lab.get(PARTICIPANTS, query))
        assert not [arm for arm in ARMS if arm in shown]
        assert all(f'<span class="num">{subject}</span>' in shown for subject in everybody)


def test_participants_are_narrowed_by_arm_and_searched(desk: Client, site: Site) -> None:
    people = [factories.allocated(site) for _ in range(4)]
    factories.enrolled(site)
    for arm in ArmCode:
        expected = [one.subject for one in people if one.arm == arm]
        assert expected
        assert subjects(desk, arm=arm.value) == expected
        assert [row["arm"] for row in rows(desk, PARTICIPANTS_FILE, arm=arm.value)] == [
            arm.value
        ] * len(expected)
    assert subjects(desk, q="pku-003") == ["PKU-003"]
    assert len(subjects(desk, arm="nonsense")) == 5
    assert subjects(desk, state="enrolled", arm="gcv") == []
    assert 'Ganciclovir <span class="count">2</span>' in text(desk.get(PARTICIPANTS))


def test_another_sites_rows_are_in_no_file(desk: Client, other_site: Site) -> None:
    factories.allocated(other_site)
    assert rows(desk, LOG_FILE) == rows(desk, PARTICIPANTS_FILE) == []


# --- size -------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [LOG, LOG + "?flow=assessed&reason=E5&q=SCR", PARTICIPANTS])
def test_queries_are_few_and_do_not_grow(
    desk: Client, site: Site, other_site: Site, coordinator: User, url: str
) -> None:
    coordinator.sites.add(other_site)

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert desk.get(url).status_code == 200
        return len(queries)

    def three_more() -> None:
        factories.allocated(site)
        failing(other_site, malignancy=True)
        factories.screening(site)

    three_more()
    asked()  # the first page of a session asks more
    few = asked()
    three_more()
    three_more()
    assert asked() == few <= MOST_QUERIES
