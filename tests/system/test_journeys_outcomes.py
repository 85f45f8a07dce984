"""What was recorded comes back: the endpoint with its rows, what is due, one person's timeline."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import time_machine
from django.core.management import call_command
from playwright.sync_api import Page, expect

from enrollment.models import Participant
from tests import factories
from tests.labs.examples import BASELINE, DAY_7, entered, pcr, plated, safety
from tests.system.conftest import MORNING
from tests.system.steps import choose, fill, follow, press, says
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser


@contextmanager
def a_week_before(clock: time_machine.Traveller) -> Iterator[None]:
    clock.move_to(MORNING - dt.timedelta(days=7))
    yield
    clock.move_to(MORNING)


def begun(at: Site) -> Participant:
    """Somebody treated since eight o'clock of this day, whose baseline was sampled at seven."""
    participant = factories.on_treatment(at, days_ago=0)
    plated(participant, BASELINE, at=factories.local(clock.today(), dt.time(7)))
    entered(participant, pcr("52000"))
    return participant


def test_an_endpoint_leads_to_its_rows(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    # Given two participants of each arm; after a week lysis rose with IL-2, and stayed without,
    with a_week_before(morning):
        participants = [begun(site) for _ in range(4)]
    for participant in participants:
        after = DAY_7 if participant.arm == "il2_gcv" else BASELINE
        plated(participant, after, at=factories.local(clock.today(), dt.time(7)))
        entered(participant, pcr("800"))
    # when the investigator opens the outcomes,
    page = sign_in(Role.INVESTIGATOR)
    follow(page, "Outcomes")
    # then the four figures are drawn, and the numbers stand beside them;
    expect(page.locator(".figure-live svg")).to_have_count(4)
    primary = page.get_by_role("region", name="Primary endpoint")
    says(primary, "+8.6", "mean in percentage points, n = 2, 0 missing", "p = 0.3333")
    # and each number leads to its rows, each row to the assay.
    follow(primary, "Rows it was computed from")
    says(page.get_by_role("row", name="PKU-001"), "20.74", "29.36", "+8.62")
    follow(page.get_by_role("row", name="PKU-001"), "29.36")
    says(page, "(33.60 − 6.00) ÷ (100 − 6.00) × 100")


def test_a_flag_goes_when_the_fact_arrives(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    # Given somebody treated for a week, and a scheduled task that has looked,
    with a_week_before(morning):
        begun(site)
    call_command("flag_due")
    # when the coordinator comes in,
    page = sign_in(Role.COORDINATOR)
    # then the visit of day 7 is due, with the rule that makes it due;
    says(page, "First ganciclovir 2026-03-11 + 7 d = 2026-03-18, window ± 1 d")
    # when it is recorded from there, and the task looks again,
    follow(page, "Record visit · PKU-001, Day 7")
    choose(page, "What became of the visit?", "Done")
    fill(page, {"When was it done?": "2026-03-18"})
    press(page, "Record visit")
    says(page, "The visit is recorded.")
    call_command("flag_due")
    # then only what is still open is listed, the latest first.
    follow(page, "Follow-up")
    flags = page.get_by_role("listitem").filter(has_text="PKU-001", has_not_text="not recorded")
    expect(flags).to_have_count(5)
    expect(flags).to_contain_text(
        [
            "Day 0, baseline",
            "Blood count under ganciclovir",
            "CMV-DNA sample",
            "Creatinine under ganciclovir",
            "NK cytotoxicity sample",
        ]
    )
    # When one of them is acknowledged and another snoozed, each with a reason,
    follow(page, "Acknowledge or snooze · PKU-001, CMV-DNA sample")
    choose(page, "What about it?", "Acknowledge: it is known and stays in the list")
    fill(page, {"Why?": "Drawn, the run is tomorrow"})
    press(page, "Keep this answer")
    follow(page, "Acknowledge or snooze · PKU-001, NK cytotoxicity sample")
    choose(
        page, "What about it?", "Snooze: off the worklists until a day, 2026-04-01 at the latest"
    )
    fill(page, {"Snoozed until": "2026-03-20", "Why?": "The plate is read Friday"})
    press(page, "Keep this answer")
    # then both are told with who said so and why, and wait on no worklist,
    follow(page, "Acknowledged or snoozed 2")
    expect(flags).to_have_count(2)
    says(page, "Acknowledged by coordinator-pku on 2026-03-18: Drawn, the run is tomorrow")
    says(page, "Snoozed to 2026-03-20 by coordinator-pku on 2026-03-18: The plate is read Friday")
    follow(page, "Worklist")
    says(page, "Creatinine under ganciclovir")
    expect(page.get_by_text("NK cytotoxicity sample")).to_have_count(0)
    # and the week ahead counts them among what falls due.
    follow(page, "Follow-up")
    follow(page, "The week ahead")
    says(page.get_by_role("region", name="Wed 18 Mar 2026"), "NK cytotoxicity sample")


def test_a_casebook_tells_everything(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    # Given somebody treated for a week, with low neutrophils today, and a task that has looked,
    with a_week_before(morning):
        participant = begun(site)
    entered(participant, safety("anc", "0.46", "10^9/L"))
    call_command("flag_due")
    # when the monitor opens the casebook,
    page = sign_in(Role.MONITOR)
    follow(page, "Participants")
    follow(page, "PKU-001")
    # then one timeline, the newest first, holds what every room recorded.
    expect(page.locator(".event-title")).to_contain_text(
        [
            "Day 7 Open",
            "Neutrophils (ANC) 0.46 ×10⁹/L Grade 4",
            "Allocated: IL-2 + ganciclovir",
            "Enrolled",
            "Eligibility confirmed",
            "Screening SCR-001 submitted",
            "Ganciclovir 300 mg Given: 300 mg",
            "NK cytotoxicity 20.74 %",
            "CMV-DNA 52,000 copies/mL Above threshold",
            "Consent signed",
        ]
    )
    # It can be narrowed, and each entry has its history.
    follow(page, "Doses")
    expect(page.locator(".event-title")).to_contain_text(["Ordered: Ganciclovir", "Given: 300 mg"])
    follow(page, "History · Ganciclovir 300 mg")
    says(page, "History of", "nurse-pku")
