"""Visits and the end of a participation in the browser."""

import datetime as dt
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar
from pytest_django import DjangoAssertNumQueries

from enrollment.actions.participation import end_participation
from enrollment.actions.visits import add_unscheduled_visit, correct_visit, record_visit
from enrollment.models import Participant, Visit
from enrollment.states import State
from oversight.trail import AuditEntry
from tests import factories
from tests.enrollment.conftest import Login
from tests.enrollment.pages import (
    ARMS,
    Response,
    day,
    page,
    send,
    text,
    typed,
)
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db

WEEK, WEEK_FILE = "/visits/", "/visits.ics"
WHY = "The train was late"
READERS = [
    Role.COORDINATOR,
    Role.NURSE,
    Role.INVESTIGATOR,
    Role.MONITOR,
    Role.DATA_MANAGER,
    Role.STATISTICIAN,
]


def words(response: Response) -> str:
    return " ".join(text(response).split())


def visit(participant: Participant, code: str = "D7") -> Visit:
    return participant.visits.get(code=code)


# --- one participant's ----------------------------------------------------------------------------


def test_visits_show_window_and_standing(desk: Client, treated: Participant) -> None:
    shown = words(desk.get(page(treated, "visits")))
    assert "Day 7" in shown
    assert ">Due</span>" in shown
    assert ">Late</span>" in shown  # day 0 was not recorded
    assert page(treated, "visits", "D7") in shown
    assert "Recorded as screening SCR-001" in shown
    window = '<time datetime="2026-03-17">17 Mar 2026</time> to <time datetime="2026-03-19">'
    assert f"Window {window}" in shown


def test_the_months_hold_target_window_and_what_happened(
    desk: Client, treated: Participant, coordinator: User
) -> None:
    record_visit(visit(treated, "D0"), done_on=clock.today(), why=WHY, by=coordinator)
    shown = words(desk.get(page(treated, "visits")))
    assert "<caption>March 2026</caption>" in shown
    assert "April 2026" not in shown
    assert shown.count('class="visit-mark visit-mark--target" title="Day 7"') == 1
    assert shown.count('class="visit-mark visit-mark--window" title="Day 7"') == 2
    assert 'class="visit-mark visit-mark--outside" title="Day 0, baseline"' in shown
    assert "Day 0, baseline: Done, 7 days late" in shown


def test_a_visit_is_recorded_on_its_day(desk: Client, treated: Participant) -> None:
    response = send(desk, page(treated, "visits", "D7"), outcome="done", done_on=day(0))
    assert response.redirect_chain[-1][0] == page(treated, "visits")
    assert ">Done</span>" in text(response)
    assert f'href="{page(treated, "visits", "D7")}"' not in text(response)


def test_a_visit_outside_its_window_is_marked_with_its_reason(
    desk: Client, treated: Participant
) -> None:
    response = send(desk, page(treated, "visits", "D7"), outcome="done", done_on=day(2), why=WHY)
    assert "Done, 1 day early" in text(response)
    assert WHY in text(response)


def test_a_missed_visit_is_marked(login: Login, treated: Participant) -> None:
    url = page(treated, "visits", "D7")
    response = send(login(Role.NURSE), url, outcome="missed", why=WHY)
    assert ">Missed</span>" in text(response)
    assert WHY in text(response)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"outcome": "done", "done_on": ""}, "Enter the day of the visit"),
        ({"done_on": "2026-01-02"}, "This field is required."),
        ({"outcome": "missed", "why": " "}, "Say why the visit was missed"),
        (
            {"outcome": "done", "done_on": "2026-03-16", "why": ""},
            "Say why the visit was done outside its window",
        ),
        ({"outcome": "missed", "done_on": "2026-03-18"}, "Only a visit that was done has a day"),
        ({"outcome": "done", "done_on": "2026-03-19"}, "This day lies in the future"),
    ],
)
def test_a_bad_visit_keeps_what_was_typed(
    desk: Client, treated: Participant, answers: dict[str, str], said: str
) -> None:
    response = send(desk, page(treated, "visits", "D7"), **answers)
    assert "Not saved" in text(response)
    assert said in text(response)
    kept = typed(response)
    assert {name: kept[name].strip() for name in answers} == {
        name: answer.strip() for name, answer in answers.items()
    }
    assert visit(treated).status == Visit.Status.PLANNED


def test_the_visit_of_month_3_is_never_accepted_early(
    desk: Client, treated: Participant, login: Login
) -> None:
    month_3 = follow_up_visit(treated)
    response = send(desk, page(treated, "visits", "M3"), outcome="done", done_on=day(0), why=WHY)
    assert f"This visit is never accepted before {month_3.opens.isoformat()}" in text(response)
    assert visit(treated, "M3").status == Visit.Status.PLANNED


def follow_up_visit(participant: Participant) -> Visit:
    """Month 3, planned by withdrawing the drugs today."""
    investigator = factories.user(Role.INVESTIGATOR, participant.site)
    factories.withdrawn(participant, "Converted", by=investigator)
    return visit(participant, "M3")


def test_a_visit_sent_twice_is_recorded_once(desk: Client, treated: Participant) -> None:
    url = page(treated, "visits", "D7")
    data = typed(desk.get(url)) | {"outcome": "done", "done_on": day(0)}
    desk.post(url, data)
    assert "This was saved already." in text(desk.post(url, data, follow=True))
    other = desk.post(url, data | {"entry_key": str(uuid4())}, follow=True)
    assert "This visit is recorded already." in text(other)
    assert visit(treated).version == 2


def test_a_recorded_visit_has_no_form(
    desk: Client, treated: Participant, coordinator: User
) -> None:
    record_visit(visit(treated), done_on=clock.today(), by=coordinator)
    response = desk.get(page(treated, "visits", "D7"))
    assert response["Location"] == page(treated, "visits")


def test_before_the_first_dose_no_visit_is_planned(desk: Client, waiting: Participant) -> None:
    assert "No visit is planned yet" in text(desk.get(page(waiting, "visits")))
    assert desk.get(page(waiting, "visits", "D7")).status_code == 404


def test_after_an_end_no_visit_is_due(
    desk: Client, treated: Participant, coordinator: User
) -> None:
    follow_up_visit(treated)
    treated.refresh_from_db()
    end_participation(treated, after=State.LOST, why="Moved away", by=coordinator)
    shown = text(desk.get(page(treated, "visits")))
    assert shown.count("Not due: participation ended") == 4  # D7 and three months
    assert f'href="{page(treated, "visits", "M1")}"' not in shown
    assert f'href="{page(treated, "visits", "D0")}"' in shown
    refused = desk.get(page(treated, "visits", "M1"), follow=True)
    assert "This visit is not due any more." in text(refused)


# --- unscheduled ----------------------------------------------------------------------------------


def test_an_unscheduled_visit_joins_the_list(desk: Client, treated: Participant) -> None:
    response = send(desk, page(treated, "visits", "new"), done_on=day(1), why="Fever at night")
    assert "Unscheduled visit 1" in text(response)
    assert "Fever at night" in text(response)
    assert 'title="Unscheduled visit 1"' in text(response)


@pytest.mark.parametrize("answers", [{"done_on": day, "why": " "}, {"done_on": "", "why": "Fever"}])
def test_an_unscheduled_visit_needs_a_day_and_a_reason(
    desk: Client, treated: Participant, answers: dict[str, str]
) -> None:
    given = answers | ({"done_on": day(1)} if answers["done_on"] else {})
    response = send(desk, page(treated, "visits", "new"), **given)
    assert "This field is required." in text(response)
    assert typed(response)["done_on"] == given["done_on"]
    assert not treated.visits.filter(code="U1").exists()


def test_an_unscheduled_visit_sent_twice_is_recorded_once(
    desk: Client, treated: Participant
) -> None:
    url = page(treated, "visits", "new")
    data = typed(desk.get(url)) | {"done_on": day(0), "why": "Fever"}
    desk.post(url, data)
    assert "This was saved already." in text(desk.post(url, data, follow=True))
    assert treated.visits.filter(code__startswith="U").count() == 1


# --- corrections ----------------------------------------------------------------------------------


@pytest.fixture
def done(treated: Participant, coordinator: User) -> Visit:
    return record_visit(visit(treated), done_on=clock.today(), by=coordinator)


def correction(participant: Participant, code: str = "D7") -> str:
    return page(participant, "visits", f"{code}/correct")


def test_a_recorded_visit_is_corrected(desk: Client, treated: Participant, done: Visit) -> None:
    assert f'href="{correction(treated)}"' in text(desk.get(page(treated, "visits")))
    answers = {"outcome": "missed", "done_on": "", "why": WHY, "reason": "Another patient's"}
    response = send(desk, correction(treated), **answers)
    assert "The visit is corrected." in text(response)
    assert ">Missed</span>" in text(response)


def test_a_visit_recorded_by_mistake_is_planned_again(
    desk: Client, treated: Participant, done: Visit
) -> None:
    answers = {"outcome": "planned", "done_on": "", "reason": "Another patient's"}
    send(desk, correction(treated), **answers)
    assert visit(treated).status == Visit.Status.PLANNED
    again = desk.get(correction(treated), follow=True)
    assert "This visit is not recorded yet." in text(again)


def test_a_correction_has_a_reason_and_keeps_what_was_typed(
    desk: Client, treated: Participant, done: Visit
) -> None:
    response = send(desk, correction(treated), done_on=day(1), reason=" ")
    assert "Why is the record changed? This field is required." in text(response)
    assert typed(response)["done_on"] == day(1)
    assert visit(treated).done_on == clock.today()


def test_a_correction_of_an_older_version_shows_both(
    desk: Client, treated: Participant, done: Visit, coordinator: User
) -> None:
    data = typed(desk.get(correction(treated))) | {
        "outcome": "done",
        "done_on": day(0),
        "reason": "Mistyped",
    }
    correct_visit(
        done,
        status="done",
        done_on=clock.today() - dt.timedelta(days=1),
        why="",
        version=done.version,
        reason="First",
        by=coordinator,
    )
    response = desk.post(correction(treated), data)
    assert "Somebody saved this record after you opened it" in text(response)
    assert "Compare before you save again." in text(response)
    assert typed(response)["record_version"] == "3"


def test_a_correction_sent_twice_is_saved_once(
    desk: Client, treated: Participant, done: Visit
) -> None:
    data = typed(desk.get(correction(treated))) | {
        "outcome": "done",
        "done_on": day(1),
        "reason": "Mistyped",
    }
    desk.post(correction(treated), data)
    assert "This was saved already." in text(desk.post(correction(treated), data, follow=True))
    assert visit(treated).version == 3


def test_an_unscheduled_visit_cannot_become_missed(
    desk: Client, treated: Participant, coordinator: User
) -> None:
    add_unscheduled_visit(treated, done_on=clock.today(), why="Fever", by=coordinator)
    shown = text(desk.get(correction(treated, "U1")))
    assert 'value="planned"' in shown
    assert 'value="missed"' not in shown
    answers = {"outcome": "planned", "done_on": "", "reason": "Another patient's"}
    response = send(desk, correction(treated, "U1"), **answers)
    assert "Recorded by mistake" in text(response)


# --- the week of a site ---------------------------------------------------------------------------


def test_a_week_shows_who_opens_is_due_and_closes(desk: Client, treated: Participant) -> None:
    shown = words(desk.get(WEEK))
    assert "Visits of week 2026-W12" in shown
    tuesday, wednesday, thursday = (column(shown, day) for day in ("17", "18", "19"))
    assert "Window opens" in tuesday
    assert ">Due</span>" in wednesday
    assert "today" in wednesday
    assert "Window closes" in thursday
    assert "None" in column(shown, "16")
    assert page(treated, "visits", "D7") in wednesday


def column(shown: str, number: str) -> str:
    """The part of the page from the heading of one day of March to the next day's."""
    return shown.split(f'<h2 id="day-2026-03-{number}"')[1].split("</section>")[0]


def test_a_week_shows_what_was_done_missed_and_late(
    desk: Client, treated: Participant, coordinator: User
) -> None:
    record_visit(
        visit(treated), done_on=clock.today() - dt.timedelta(days=2), why=WHY, by=coordinator
    )
    assert "Done, 1 day early" in column(words(desk.get(WEEK)), "16")
    before = words(desk.get(WEEK, {"week": "2026-W11"}))
    assert "Late: window closed" in column(before, "11")  # day 0
    record_visit(visit(treated, "D0"), done_on=None, why=WHY, by=coordinator)
    before = words(desk.get(WEEK, {"week": "2026-W11"}))
    assert ">Missed</span>" in column(before, "11")


def test_a_week_leads_to_its_neighbours_and_back(desk: Client, site: Site) -> None:
    shown = text(desk.get(WEEK, {"week": "2026-W01"}))
    assert 'href="?week=2025-W52"' in shown
    assert 'href="?week=2026-W02"' in shown
    assert "This week" in shown
    assert "No visit this week" in shown
    assert "This week" not in text(desk.get(WEEK))


@pytest.mark.parametrize("name", ["nonsense", "2026-W99", "0001-W01", "9999-W52"])
def test_a_week_that_does_not_exist_is_this_one(desk: Client, site: Site, name: str) -> None:
    assert "Visits of week 2026-W12" in text(desk.get(WEEK, {"week": name}))


def test_the_first_and_the_last_week_can_be_opened(desk: Client, site: Site) -> None:
    for name in ("2000-W01", "2100-W52"):
        assert f"Visits of week {name}" in text(desk.get(WEEK, {"week": name}))


def test_a_week_is_narrowed_to_one_of_several_sites(
    client: Client, site: Site, other_site: Site
) -> None:
    for at in (site, other_site):
        factories.on_treatment(at, days_ago=7)
    both = factories.user(Role.MONITOR, site, other_site, username="monitor-both")
    client.force_login(both)
    everything = text(client.get(WEEK))
    assert "PKU-001" in everything
    assert "OTH-001" in everything
    one = text(client.get(WEEK, {"site": "OTH"}))
    assert "PKU-001" not in one
    assert "OTH-001" in one
    assert "PKU-001" in text(client.get(WEEK, {"site": "XXX"}))
    files = file_of(client, WEEK_FILE, site="OTH")
    assert "OTH-001" in files
    assert "PKU-001" not in files


@pytest.mark.requirement("R11")
def test_another_sites_week_is_empty(desk: Client, site: Site, other_site: Site) -> None:
    factories.on_treatment(other_site, days_ago=7)
    assert "No visit this week" in text(desk.get(WEEK))
    assert "OTH" not in file_of(desk, WEEK_FILE)


def test_what_is_not_due_after_an_end_or_was_a_mistake_is_in_no_week(
    desk: Client, treated: Participant, coordinator: User
) -> None:
    made = add_unscheduled_visit(treated, done_on=clock.today(), why="Fever", by=coordinator)
    assert "Unscheduled visit 1" in text(desk.get(WEEK))
    correct_visit(
        made,
        status="planned",
        done_on=None,
        why="",
        version=made.version,
        reason="Another patient's",
        by=coordinator,
    )
    end_participation(treated, after=State.LOST, why="Moved away", by=coordinator)
    assert "No visit this week" in text(desk.get(WEEK))


def test_queries_do_not_grow_with_the_week(
    desk: Client, site: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def queries(url: str) -> int:
        with django_assert_max_num_queries(15) as counted:
            assert desk.get(url).status_code == 200
        return len(counted)

    def add(number: int) -> None:
        for _ in range(number):
            treated = factories.on_treatment(site, days_ago=7)
        by = factories.user(Role.COORDINATOR, site)
        end_participation(treated, after=State.LOST, why="Moved away", by=by)

    desk.get(WEEK)  # the first page of a session asks a little more
    add(2)
    few = {url: queries(url) for url in (WEEK, WEEK_FILE)}
    add(4)
    assert {url: queries(url) for url in few} == few


# --- card and files -------------------------------------------------------------------------------


def test_the_card_says_when_to_come_and_nothing_of_the_arm(
    desk: Client, treated: Participant, coordinator: User
) -> None:
    follow_up_visit(treated)
    record_visit(visit(treated), done_on=clock.today(), by=coordinator)
    missed = visit(treated, "D0")
    record_visit(missed, done_on=None, why=WHY, by=coordinator)
    shown = words(desk.get(page(treated, "visits", "card")))
    assert "Participant PKU-001" in shown
    assert "Month 3 after withdrawal" in shown
    assert "NK cytotoxicity" in shown
    assert not [arm for arm in ARMS if arm in shown]
    assert treated.screening.answers.diagnosis not in shown
    assert WHY not in shown


def test_a_card_without_visits_says_so(desk: Client, waiting: Participant) -> None:
    assert "No visit is planned yet" in text(desk.get(page(waiting, "visits", "card")))


def file_of(client: Client, url: str, **query: str) -> str:
    content: bytes = client.get(url, query).getvalue()  # type: ignore[attr-defined]
    return content.decode()


def calendar_of(response: Response) -> dict[str, Calendar]:
    """The events of a file, by their UID."""
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(response.getvalue())
    return {str(event["uid"]): event for event in calendar.walk("VEVENT")}


def test_the_file_holds_all_day_events_on_the_target(desk: Client, treated: Participant) -> None:
    response = desk.get(f"/participants/{treated.subject}/visits.ics")
    assert response["Content-Disposition"] == 'attachment; filename="visits-PKU-001.ics"'
    event = calendar_of(response)["PKU-001-D7@nct04225780"]
    assert (event["dtstart"].dt, event["dtend"].dt) == (dt.date(2026, 3, 18), dt.date(2026, 3, 19))
    assert event["summary"] == "PKU-001 · Day 7"
    assert "Window 2026-03-17 to 2026-03-19" in event["description"]
    assert event["status"] == "CONFIRMED"


def test_the_file_says_nothing_of_arm_name_or_reason(
    desk: Client, treated: Participant, coordinator: User
) -> None:
    record_visit(visit(treated), done_on=None, why=WHY, by=coordinator)
    shown = file_of(desk, f"/participants/{treated.subject}/visits.ics")
    unfolded = shown.replace("\r\n ", "")
    assert WHY not in unfolded
    assert not [arm for arm in ARMS if f"{arm}," in unfolded or f"{arm}\\" in unfolded]


def test_a_visit_keeps_its_event_when_it_moves_and_cancels_it_when_missed(
    desk: Client, treated: Participant, coordinator: User
) -> None:
    url = f"/participants/{treated.subject}/visits.ics"
    planned = calendar_of(desk.get(url))["PKU-001-D7@nct04225780"]
    made = record_visit(visit(treated), done_on=None, why=WHY, by=coordinator)
    missed = calendar_of(desk.get(url))["PKU-001-D7@nct04225780"]
    assert missed["status"] == "CANCELLED"
    assert missed["sequence"] > planned["sequence"]
    yesterday = clock.today() - dt.timedelta(days=1)
    correct_visit(
        made,
        status="done",
        done_on=yesterday,
        why="",
        version=made.version,
        reason="Came after all",
        by=coordinator,
    )
    done = calendar_of(desk.get(url))["PKU-001-D7@nct04225780"]
    assert (done["status"], done["dtstart"].dt) == ("CONFIRMED", yesterday)


def test_a_week_and_all_open_visits_are_files_too(
    desk: Client, treated: Participant, coordinator: User
) -> None:
    follow_up_visit(treated)
    treated.refresh_from_db()
    record_visit(visit(treated), done_on=clock.today(), by=coordinator)
    of_week = desk.get(WEEK_FILE, {"week": "2026-W12"})
    assert of_week["Content-Disposition"] == 'attachment; filename="visits-2026-W12.ics"'
    assert set(calendar_of(of_week)) == {"PKU-001-D7@nct04225780"}
    assert set(calendar_of(desk.get(WEEK_FILE))) == {
        f"PKU-001-{code}@nct04225780" for code in ("D0", "WITHDRAWAL", "M1", "M2", "M3")
    }


@pytest.mark.requirement("R08")
def test_a_file_that_leaves_is_in_the_audit_trail(desk: Client, treated: Participant) -> None:
    desk.get(f"/participants/{treated.subject}/visits.ics")
    desk.get(WEEK_FILE, {"week": "2026-W12"})
    entries = AuditEntry.objects.filter(event="exported").order_by("pk")
    assert [(entry.actor_name, entry.changes["file"]) for entry in entries] == [
        ("coordinator-pku", "visits-PKU-001.ics"),
        ("coordinator-pku", "visits-2026-W12.ics"),
    ]


# --- who, and where -------------------------------------------------------------------------------


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", READERS)
def test_visits_are_read_by_many_and_recorded_by_few(
    login: Login, treated: Participant, done: Visit, role: Role
) -> None:
    client, records = login(role), role in {Role.COORDINATOR, Role.NURSE}
    shown, week = text(client.get(page(treated, "visits"))), text(client.get(WEEK))
    for url in (page(treated, "visits", "D0"), page(treated, "visits", "new"), correction(treated)):
        assert (f'href="{url}"' in shown) is records
        assert (client.get(url).status_code == 403) is not records
    assert treated.subject in week
    for name in ("card", ""):
        assert client.get(page(treated, "visits", name)).status_code == 200


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", [Role.LAB, Role.ADMIN])
def test_laboratory_and_administrator_read_no_visit(
    login: Login, treated: Participant, role: Role
) -> None:
    client = login(role)
    for url in (
        page(treated, "visits"),
        page(treated, "visits", "card"),
        f"/participants/{treated.subject}/visits.ics",
        WEEK,
        WEEK_FILE,
    ):
        assert client.get(url).status_code == 403


@pytest.mark.requirement("R11")
def test_another_sites_visits_do_not_exist(desk: Client, other_site: Site) -> None:
    theirs = factories.on_treatment(other_site, days_ago=7)
    for name, code in (
        ("visits", ""),
        ("visits", "card"),
        ("visits", "new"),
        ("visits", "D7"),
        ("visits", "D7/correct"),
    ):
        assert desk.get(page(theirs, name, code)).status_code == 404
    assert desk.get(f"/participants/{theirs.subject}/visits.ics").status_code == 404


def test_pages_that_only_show_take_no_form(desk: Client, treated: Participant) -> None:
    args = [treated.subject]
    for name in ("visits", "visits-card", "visits-file", "visits-week", "visits-week-file"):
        url = reverse(f"enrollment:{name}", args=[] if "week" in name else args)
        assert desk.post(url).status_code == 405


@pytest.mark.parametrize("name", ["visits", "visits/card", "visits/D7", "visits/D0/correct"])
def test_pages_of_a_participant_need_few_queries(
    desk: Client,
    treated: Participant,
    coordinator: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    name: str,
) -> None:
    record_visit(visit(treated, "D0"), done_on=clock.today(), why=WHY, by=coordinator)
    with django_assert_max_num_queries(12):
        desk.get(page(treated, name))


# --- the end ----------------------------------------------------------------------------------


def test_an_end_is_recorded_with_its_reason(desk: Client, treated: Participant) -> None:
    response = send(desk, page(treated, "disposition"), after="lost", why="Moved away")
    assert "Lost to follow-up." in text(response)
    assert "Moved away" in text(response)
    assert Participant.objects.get().state == State.LOST


def test_only_ends_that_are_possible_now_are_offered(desk: Client, treated: Participant) -> None:
    shown = text(desk.get(page(treated, "disposition")))
    assert 'value="stopped"' in shown
    assert 'value="withdrew"' not in shown  # a withdrawn consent has a page of its own
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
