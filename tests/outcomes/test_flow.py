"""The CONSORT flow and recruitment: what the boxes count, and the lists that they open."""

import datetime as dt
import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import altair as alt
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from dosing.checks import Given
from dosing.models import Administration, DrugChoice
from enrollment.actions.allocation import allocate
from enrollment.actions.consent import withdraw_consent
from enrollment.actions.participation import end_participation, enrol
from enrollment.actions.screening import (
    confirm_eligibility,
    end_screening,
    rescreen,
    submit_screening,
)
from enrollment.actions.sites import set_target
from enrollment.models import Participant, RecruitmentTarget
from enrollment.states import State
from outcomes.figures.flow import Box, Diagram, Line, draw, side_by_side, stacked, text_width, wrap
from outcomes.figures.recruitment import MOST_PANELS, Course, recruitment_figure
from outcomes.figures.theme import Theme
from outcomes.flow import diagram, flow, mode, rows
from outcomes.permissions import PAGES
from outcomes.recruitment import recruitment
from outcomes.rules.flow import Analysis, Treatment
from outcomes.rules.recruitment import Step
from oversight.accounts import system_actor
from tests import factories
from tests.outcomes.courses import CONTROL, IL2, with_lysis
from tests.remembered import remembered
from trial_site import clock
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.protocol.definition import AllocationMode
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
FLOW, RECRUITMENT = "/outcomes/flow/", "/outcomes/recruitment/"
ADDRESSES = {
    "outcomes:flow": FLOW,
    "outcomes:flow-list": f"{FLOW}participants/",
    "outcomes:flow-figure": f"{FLOW}figure.svg",
    "outcomes:recruitment": RECRUITMENT,
    "outcomes:recruitment-figure": f"{RECRUITMENT}figure.json",
}
SVG = "{http://www.w3.org/2000/svg}"
MOST_QUERIES = 15


def text(client: Client, url: str) -> str:
    return " ".join(client.get(url).content.decode().split())


def listed(client: Client, url: str) -> int:
    """How many rows the list at ``url`` has, over all its pages."""
    found, page = 0, 1
    while True:
        shown = text(client, f"{url}&page={page}")
        body = re.search(r"<tbody>(.*)</tbody>", shown)
        found += body.group(1).count("<tr>") if body else 0
        if 'rel="next"' not in shown:
            return found
        page += 1


@pytest.fixture
@remembered
def trial(site: Site, staff: dict[Role, User]) -> dict[str, Participant]:
    """Somebody in every box that can be filled in a few lines."""
    coordinator, investigator = staff[Role.COORDINATOR], staff[Role.INVESTIGATOR]
    malignant = factories.eligible_facts(malignancy=True)
    first = factories.submitted(site, malignant)
    factories.submitted(site, factories.eligible_facts(malignancy=True, breastfeeding=True))
    factories.submitted(site, factories.eligible_facts(malignancy=None))
    rescreen(first, by=coordinator)
    factories.confirmed(site)
    factories.enrolled(site)
    lost, gone = factories.screening(site), factories.submitted(site)
    end_screening(lost, after=State.LOST, why="Moved away", by=coordinator)
    withdraw_consent(gone, withdrawn_at=clock.now(), by=coordinator)
    people = {
        "il2": factories.on_treatment(site, IL2, days_ago=8),
        "half": factories.on_treatment(site, IL2, days_ago=2),
        "control": factories.on_treatment(site, CONTROL, days_ago=8),
        "allocated": factories.allocated(site, CONTROL),
        "dead": factories.on_treatment(site, CONTROL, days_ago=3),
    }
    _given_il2(people["il2"])
    with_lysis(people["il2"], "18.4", "27.9")
    end_participation(people["dead"], after=State.DIED, why="Sepsis", by=investigator)
    return people


def _given_il2(participant: Participant) -> None:
    starts = factories.local(clock.today() - dt.timedelta(days=1))
    factories.dose(factories.order(participant, DrugChoice.IL2, starts_at=starts), starts)


# --- who may look -----------------------------------------------------------------------------


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("name", ADDRESSES)
def test_a_page_is_for_its_roles(login: Login, name: str) -> None:
    methods = PAGES[name]
    assert methods is not None
    assert not methods["GET"] & {Role.LAB, Role.NURSE}
    for role in PEOPLE:
        expected = 200 if role in methods["GET"] else 403
        assert login(role).get(ADDRESSES[name]).status_code == expected, role
    assert login(Role.INVESTIGATOR).post(ADDRESSES[name]).status_code == 405


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_page_asks_for_a_login(client: Client, name: str) -> None:
    assert client.get(ADDRESSES[name])["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    "address",
    [
        f"{FLOW}figure.png",
        f"{FLOW}figure.json",
        f"{RECRUITMENT}figure.png",
        f"{FLOW}participants/?arm=placebo",
        f"{FLOW}participants/?step=happy",
    ],
)
def test_what_does_not_exist_is_not_found(login: Login, address: str) -> None:
    assert login(Role.MONITOR).get(address).status_code == 404


@pytest.mark.requirement("R11")
def test_another_sites_patients_are_in_no_number(
    login: Login, site: Site, other_site: Site, staff: dict[Role, User]
) -> None:
    factories.on_treatment(other_site)
    factories.submitted(other_site, factories.eligible_facts(malignancy=True))
    assert flow(staff[Role.INVESTIGATOR]).assessed == 0
    assert "OTH" not in text(login(Role.INVESTIGATOR), RECRUITMENT)
    assert recruitment(staff[Role.INVESTIGATOR]).whole.assessed == 0


def test_the_administrator_reads_recruitment_of_all_sites_and_no_arm(
    login: Login, site: Site, other_site: Site
) -> None:
    factories.allocated(other_site)
    shown = text(login(Role.ADMIN), RECRUITMENT)
    assert '<th scope="row">OTH</th>' in shown
    assert not [arm for arm in ("IL-2 + ganciclovir", "Ganciclovir", "gcv") if arm in shown]
    assert FLOW not in shown
    figure = login(Role.ADMIN).get(f"{RECRUITMENT}figure.json").content.decode()
    assert "OTH: 1 allocated" in figure
    own = login(Role.INVESTIGATOR).get(f"{RECRUITMENT}figure.json").content.decode()
    assert "OTH" not in own


# --- what the boxes count ---------------------------------------------------------------------


def test_the_boxes_count_the_record(trial: dict[str, Participant], staff: dict[Role, User]) -> None:
    found = flow(staff[Role.MONITOR])
    il2, control = found.arms
    assert dict(found.places) == {
        "screening": 2, "waiting": 2, "screen_failed": 1, "withdrew": 1, "lost": 1,
        "allocated": il2.allocated + control.allocated,
    }  # fmt: skip
    assert dict(found.reasons) == {"E5": 1, "E7": 1}
    assert (il2.treatments[Treatment.RECEIVED], il2.treatments[Treatment.NOT_YET]) == (
        1,
        il2.allocated - 1,
    )
    assert control.treatments[Treatment.RECEIVED] == 2
    assert control.states["died"] == 1
    assert il2.analyses[Analysis.ANALYSED] == 1


def test_a_box_counts_the_rows_of_the_list_that_it_opens(
    login: Login, trial: dict[str, Participant], staff: dict[Role, User]
) -> None:
    client = login(Role.COORDINATOR)
    drawn = diagram(flow(staff[Role.COORDINATOR]), mode())
    lines = [*drawn.before, *(line for _, part in drawn.by_arm for row in part for line in row)]
    assert len(lines) > 40
    assert sum(line.count > 0 for line in lines) > 20
    for line in lines:
        assert listed(client, line.href) == line.count, line


def test_lists_have_pages(
    login: Login, trial: dict[str, Participant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outcomes.views.flow.ROWS_A_PAGE", 2)
    address = f"{FLOW}participants/?step="
    assert "Page 1 of " in text(login(Role.MONITOR), address)
    assert listed(login(Role.MONITOR), address) == len(
        Participant.objects.filter(allocation__isnull=False)
    )


def test_rows_are_narrowed_by_arm(staff: dict[Role, User], control: Participant) -> None:
    [row] = rows(staff[Role.MONITOR], arm=CONTROL, step=Treatment.RECEIVED)
    assert row.subject == control.subject
    assert control.subject not in {row.subject for row in rows(staff[Role.MONITOR], arm=IL2)}


def test_a_dose_that_was_not_given_is_none(site: Site, staff: dict[Role, User]) -> None:
    participant = factories.on_treatment(site, IL2, days_ago=2)
    starts = factories.local(clock.today() - dt.timedelta(days=1))
    not_given = Given(
        Administration.Status.NOT_GIVEN, Decimal(0), why=Administration.Reason.REFUSAL
    )
    order = factories.order(participant, DrugChoice.IL2, starts_at=starts)
    factories.dose(order, starts, not_given)
    [row] = rows(staff[Role.MONITOR])
    assert row.patient.treatment is Treatment.NOT_YET
    factories.withdrawn(participant, "Over", by=staff[Role.INVESTIGATOR])
    [row] = rows(staff[Role.MONITOR])
    assert row.patient.treatment is Treatment.NOT_RECEIVED


def test_the_page_shows_diagram_table_and_the_contradiction(
    login: Login, trial: dict[str, Participant]
) -> None:
    shown = text(login(Role.COORDINATOR), FLOW)
    assert shown.count('<svg xmlns="http://www.w3.org/2000/svg" class="flow"') == 2
    assert "“Non-Randomized”" in shown
    assert "This trial randomises." in shown
    assert 'href="/screening/?flow=screen_failed&amp;reason=E5"' in shown
    assert "Malignancy" in shown
    assert "/outcomes/" in text(login(Role.MONITOR), FLOW)


def test_an_empty_trial_has_a_flow_and_a_recruitment(login: Login) -> None:
    assert "(n = 0)" in text(login(Role.MONITOR), FLOW)
    shown = text(login(Role.MONITOR), RECRUITMENT)
    assert "0 participants allocated" in shown
    assert "figure-plot" not in shown
    assert "Nobody here" in text(login(Role.MONITOR), f"{FLOW}participants/?arm=gcv")


def test_who_works_at_no_site_is_told_so(client: Client) -> None:
    client.force_login(factories.user(Role.MONITOR))
    assert "No site here" in text(client, RECRUITMENT)


@pytest.mark.parametrize("url", [FLOW, f"{FLOW}participants/", RECRUITMENT])
def test_queries_are_few_and_do_not_grow(login: Login, site: Site, url: str) -> None:
    client = login(Role.COORDINATOR)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    def more() -> None:
        factories.on_treatment(site)
        factories.submitted(site, factories.eligible_facts(malignancy=True))

    more()
    asked()  # the first page of a session asks more
    more()
    few = asked()
    for _ in range(3):
        more()
    assert asked() == few <= MOST_QUERIES


# --- the drawing ------------------------------------------------------------------------------


def test_the_files_are_drawings_of_the_same_numbers(
    login: Login, trial: dict[str, Participant]
) -> None:
    client = login(Role.COORDINATOR)
    drawing = client.get(f"{FLOW}figure.svg")
    assert drawing["Content-Type"] == "image/svg+xml"
    assert 'filename="flow.svg"' in drawing["Content-Disposition"]
    root = ElementTree.fromstring(drawing.content)  # noqa: S314 - our own
    assert not root.findall(f".//{SVG}a")
    words = " ".join("".join(part.itertext()) for part in root.iter(f"{SVG}tspan"))
    assert "Assessed for eligibility (n\u00a0=\u00a0" in words
    document = client.get(f"{FLOW}figure.pdf")
    assert document["Content-Type"] == "application/pdf"
    assert document.content.startswith(b"%PDF-")


def test_the_drawing_speaks_chinese(login: Login, trial: dict[str, Participant]) -> None:
    client = login(Role.COORDINATOR)
    client.cookies["django_language"] = "zh-hans"
    drawing = client.get(f"{FLOW}figure.svg").content.decode()
    assert re.search("[\u4e00-\u9fff]", drawing)
    assert client.get(f"{FLOW}figure.pdf").content.startswith(b"%PDF-")


HOSTILE = '<script>alert("x")</script> & \'"'


def example(texts: str = HOSTILE, reasons: int = 3) -> Diagram:
    line = Line(texts, 12, "/x/?a=1&b=2")
    many = tuple(Line(texts, number, "/", depth=2) for number in range(reasons))
    arm = (Box((line,), "Allocation", texts), Box((line, line), "Follow-up", texts))
    return Diagram(
        texts, Box((line,)), (Box((line, *many)), Box((line,))), Box((line,)), (arm, arm)
    )


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("links", [False, True])
@pytest.mark.parametrize("theme", list(Theme))
def test_every_text_is_escaped(theme: Theme, links: bool, narrow: bool) -> None:
    drawing = draw(example(), theme=theme, narrow=narrow, links=links)
    root = ElementTree.fromstring(drawing)  # noqa: S314 - our own
    assert "<script" not in drawing
    assert root.get("aria-label") == HOSTILE
    assert [link.get("href") for link in root.iter(f"{SVG}a")][:1] == (
        ["/x/?a=1&b=2"] if links else []
    )
    assert "style=" not in drawing


@given(
    st.text(st.sampled_from("abcMW 中文字。(3)-,"), min_size=1, max_size=80),
    st.integers(0, 12),
)
def test_boxes_hold_their_texts_and_never_overlap(texts: str, reasons: int) -> None:
    for place, width in ((side_by_side, 720), (stacked, 292)):
        layout = place(example(texts, reasons))
        frames = layout.frames
        assert layout.width == width
        for number, frame in enumerate(frames):
            assert frame.x >= 0
            assert frame.x + frame.width <= layout.width
            assert frame.bottom <= layout.height
            for other in frames[number + 1 :]:
                beside = frame.x + frame.width <= other.x or other.x + other.width <= frame.x
                assert beside or frame.bottom <= other.y or other.bottom <= frame.y


@given(st.text(st.sampled_from("ab 中文 W,"), min_size=1, max_size=60))
def test_wrapped_text_loses_nothing_and_fits(words: str) -> None:
    lines = wrap(words, 120)
    assert "".join("".join(lines).split()) == "".join(words.split())
    longest = max((text_width(word) for word in words.split()), default=0)
    if longest <= 120:
        assert all(text_width(line) <= 120 for line in lines)


def test_a_narrow_drawing_stands_in_one_column() -> None:
    frames = stacked(example("Received")).frames
    tops = [frame.y for frame in frames]
    assert tops == sorted(set(tops))


# --- recruitment ------------------------------------------------------------------------------


def _target(site: Site, participants: int = 10) -> None:
    today = clock.today()
    set_target(
        site,
        participants=participants,
        starts_on=today - dt.timedelta(days=50),
        ends_on=today + dt.timedelta(days=50),
        by=system_actor(),
    )


def test_a_site_is_held_against_its_target(
    login: Login, trial: dict[str, Participant], site: Site, staff: dict[Role, User]
) -> None:
    _target(site, participants=60)
    [course] = recruitment(staff[Role.MONITOR]).shown
    allocated = Participant.objects.filter(allocation__isnull=False).count()
    assert len(course.allocated_on) == allocated
    assert course.assessed == course.excluded + course.in_screening + course.waiting + allocated
    assert (course.target, course.is_late, course.is_reached) == (60, True, False)
    shown = text(login(Role.MONITOR), RECRUITMENT)
    assert "After the last day" in shown
    assert "Expected end (estimate)" in shown
    assert "2026PHB012-01" in shown
    assert "0 (0–0)" in shown


def test_a_reached_target_has_no_estimate(
    login: Login, site: Site, staff: dict[Role, User]
) -> None:
    _target(site, participants=1)
    factories.allocated(site)
    [course] = recruitment(staff[Role.MONITOR]).shown
    assert course.is_reached
    assert course.expected_end == clock.today()
    assert not course.is_late
    assert "Reached" in text(login(Role.MONITOR), RECRUITMENT)


def test_a_site_without_a_target_or_an_approval_says_so(login: Login, site: Site) -> None:
    inactive = factories.site(code="NEW", name="New hospital", active=False)
    shown = text(login(Role.ADMIN), RECRUITMENT)
    assert inactive.code in shown
    assert "This site has no ethics approval" in shown
    assert RecruitmentTarget.objects.count() == 0


def test_all_sites_come_first_and_are_the_sum(
    site: Site, other_site: Site, staff: dict[Role, User]
) -> None:
    _target(site, 4)
    _target(other_site, 6)
    factories.allocated(site)
    factories.allocated(other_site)
    staff[Role.MONITOR].sites.add(other_site)
    whole, *each = recruitment(staff[Role.MONITOR]).shown
    assert (whole.target, len(whole.allocated_on), len(each)) == (10, 2, 2)


def test_the_days_to_allocation_are_counted_from_the_screening(
    site: Site, staff: dict[Role, User]
) -> None:
    now = clock.now()
    with time_machine.travel(now - dt.timedelta(days=3)):
        draft = factories.screening(site)
    by, coordinator = staff[Role.INVESTIGATOR], staff[Role.COORDINATOR]
    factories.allocation_list()
    judged = submit_screening(draft, version=draft.version, by=coordinator)
    confirmed = confirm_eligibility(
        judged, version=judged.version, signature=factories.signature(by), by=by
    )
    allocate(enrol(confirmed, by=coordinator), by=coordinator)
    [course] = recruitment(staff[Role.MONITOR]).shown
    assert course.days == (3,)
    assert course.median_days == 3


def course(title: str = "PKU") -> Course:
    day = dt.date(2026, 3, 18)
    later = day + dt.timedelta(days=100)
    return Course(title, [(day, 0), (later, 10)], [Step(day, 0), Step(later, 3)], later)  # type: ignore[list-item]


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("theme", list(Theme))
def test_the_figure_satisfies_the_schema(theme: Theme, narrow: bool) -> None:
    spec = recruitment_figure([course(), course("OTH")], theme=theme, narrow=narrow)
    alt.Chart.from_dict(spec)
    assert "PKU: 3 allocated of 10; OTH: 3 allocated of 10" in spec["description"]
    assert json.loads(json.dumps(spec)) == spec


def test_many_sites_are_drawn_together_only() -> None:
    many = [course(str(number)) for number in range(MOST_PANELS + 1)]
    spec = recruitment_figure(many, theme=Theme.LIGHT)
    [panels] = spec["hconcat"]
    assert len(panels["vconcat"]) == 1


def test_a_course_without_target_or_steps_is_drawn() -> None:
    day = dt.date(2026, 3, 18)
    nothing = Course("NEW", [], [], day)
    spec = recruitment_figure([nothing, course()], theme=Theme.LIGHT)
    alt.Chart.from_dict(spec)
    assert "NEW: 0 allocated, no target" in spec["description"]


@pytest.mark.parametrize(("form", "begins"), [("svg", b"<svg"), ("pdf", b"%PDF-")])
def test_the_figure_is_a_file(login: Login, site: Site, form: str, begins: bytes) -> None:
    _target(site)
    factories.allocated(site)
    response: Any = login(Role.COORDINATOR).get(
        f"{RECRUITMENT}figure.{form}?theme=dark&size=narrow"
    )
    assert response.content.startswith(begins)


def test_the_dashboard_leads_here(login: Login) -> None:
    shown = text(login(Role.MONITOR), "/outcomes/")
    assert f'href="{FLOW}"' in shown
    assert f'href="{RECRUITMENT}"' in shown


def test_the_mode_is_the_plans_or_the_protocols() -> None:
    assert mode() is current().allocation.mode is AllocationMode.RANDOMISED
