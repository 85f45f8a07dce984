"""The connection goes: doses wait in the browser, and are sent once when it is back (ADR 24)."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from playwright.sync_api import Error, Page, expect

from dosing.models import Administration, DrugChoice, Order
from tests import factories
from tests.system.conftest import PHONE
from tests.system.line import Line, line_to
from tests.system.steps import (
    choose,
    enter_credentials,
    fill,
    follow,
    press,
    says,
)
from tests.system.test_accessibility import problems
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser

TEN = dt.time(10)  # half an hour before the journeys begin
KEPT = """async () => {
  const names = (await caches.keys()).filter((name) => name.startsWith("kept-pages:"));
  const pages = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return pages.flat().map(({ url }) => new URL(url).pathname).sort();
}"""
GIVE_IL2 = "Record given: PKU-001, 1 million IU"
WAITING = "Waiting: is sent when the connection is back"

Nurse = Callable[..., Page]


@pytest.fixture
def tolerated() -> tuple[str, ...]:
    """A browser says itself that a request found nobody."""
    return ("net::ERR_",)


@pytest.fixture
def line(live_server: Any) -> Iterator[Line]:
    with line_to(live_server.thread.port) as line:
        yield line


@pytest.fixture
def orders(site: Site, morning: time_machine.Traveller) -> dict[str, Order]:
    """Both drugs of PKU-001, due since ten."""
    participant = factories.allocated(site, "il2_gcv")
    ten = factories.local(clock.today(), TEN)
    return {drug: factories.order(participant, drug, starts_at=ten) for drug in DrugChoice}


@pytest.fixture
def nurse(sign_in: Callable[..., Page], line: Line, orders: dict[str, Order]) -> Page:
    """A nurse with a phone, at the sheet, which is kept with what its cards lead to."""
    page = sign_in(Role.NURSE, width=PHONE, base_url=line.url)
    follow(page, "Dosing")
    kept = {"/dosing/", "/dosing/offline/", *forms_of(orders[DrugChoice.IL2])}
    until_kept(page, kept | {*forms_of(orders[DrugChoice.GANCICLOVIR])})
    return page


def forms_of(order: Order) -> tuple[str, str]:
    slot = f"/dosing/{order.pk}/{order.starts_at.astimezone(dt.UTC):%Y%m%dT%H%MZ}/"
    return f"{slot}give/", f"{slot}record/"


def until_kept(page: Page, paths: set[str]) -> None:
    for _ in range(100):
        if page.evaluate(KEPT) == sorted(paths):
            return
        page.wait_for_timeout(100)
    assert page.evaluate(KEPT) == sorted(paths)


def disconnect(page: Page, line: Line) -> None:
    page.wait_for_load_state()
    line.cut()
    page.context.set_offline(True)


def reconnect(page: Page, line: Line) -> None:
    line.mend()
    page.context.set_offline(False)


def give_il2(page: Page) -> None:
    follow(page, "Given as ordered · PKU-001, Interleukin-2")
    press(page, GIVE_IL2)


def card(page: Page, drug: str) -> Any:
    return page.get_by_role("article", name=drug)


def test_two_doses_wait_and_are_sent_once(
    nurse: Page, line: Line, orders: dict[str, Order], morning: time_machine.Traveller
) -> None:
    # Given the sheet open, and the connection gone,
    disconnect(nurse, line)
    says(nurse, "No connection: what you record waits in this browser")
    # when interleukin-2 is given as ordered,
    begun = clock.now()
    follow(nurse, "Given as ordered · PKU-001, Interleukin-2")
    says(nurse, "No connection: this page is as it was at 18 Mar 2026, 10:3")
    press(nurse, GIVE_IL2)
    # then it waits, by word, on its card and in the list, and cannot be recorded once more;
    says(nurse, "1 entry waits in this browser", "PKU-001, Interleukin-2, 10:00")
    expect(card(nurse, "Interleukin-2").get_by_text(WAITING)).to_be_visible()
    expect(card(nurse, "Interleukin-2").get_by_role("link")).to_have_count(0)
    # when ganciclovir ran in part, and the page is loaded again in between,
    follow(nurse, "Something else happened · PKU-001, Ganciclovir 10:00")
    key = nurse.locator("[name=entry_key]").input_value()
    nurse.reload()
    expect(nurse.locator("[name=entry_key]")).not_to_have_value(key)  # a copy may be used again
    choose(nurse, "What happened?", "Given in part")
    fill(nurse, {"Or the share that was given": "60", "Why?": "Adverse event"})
    press(nurse, "Record: PKU-001, Ganciclovir")
    # then both wait, also for whoever comes back later;
    says(nurse, "2 entries wait in this browser")
    nurse.get_by_text("What was recorded").last.click()
    says(nurse, "60 %", "Adverse event")
    nurse.reload()
    says(nurse, "2 entries wait in this browser")
    assert not Administration.objects.exists()
    ended = clock.now()
    # when the connection is back twenty minutes later,
    morning.shift(dt.timedelta(minutes=20))
    reconnect(nurse, line)
    # then both are saved once, as of when they were recorded.
    says(nurse, "Sent and saved: PKU-001, Interleukin-2, 10:00; PKU-001, Ganciclovir, 10:00")
    says(nurse, "180 mg", "300 mg ordered")
    expect(nurse.get_by_text(WAITING)).to_have_count(0)
    il2 = Administration.objects.get(drug=DrugChoice.IL2)
    ganciclovir = Administration.objects.get(drug=DrugChoice.GANCICLOVIR)
    slack = dt.timedelta(seconds=5)
    for saved in (il2, ganciclovir):
        assert begun - slack <= saved.queued_at <= ended + slack
        assert saved.recorded_at > ended + dt.timedelta(minutes=15)
        assert begun - dt.timedelta(minutes=1) <= saved.given_at <= saved.queued_at


def test_an_answer_that_is_lost_doubles_nothing(nurse: Page, line: Line) -> None:
    # Given a confirmation on a line that loses the server's answer,
    follow(nurse, "Given as ordered · PKU-001, Interleukin-2")
    nurse.get_by_role("button", name=GIVE_IL2).wait_for()
    nurse.wait_for_load_state()  # with its scripts
    line.lose_answers()
    press(nurse, GIVE_IL2)
    # then the dose waits, although it is saved,
    says(nurse, "1 entry waits in this browser")
    assert Administration.objects.count() == 1
    # and is found saved when the line is whole.
    reconnect(nurse, line)
    nurse.reload()
    says(nurse, "Sent and saved: PKU-001, Interleukin-2, 10:00", "Given 10:3")
    assert Administration.objects.count() == 1


def test_what_somebody_else_recorded_meanwhile_is_a_conflict(
    nurse: Page, line: Line, orders: dict[str, Order]
) -> None:
    # Given a dose that waits, and that somebody else recorded in the meantime,
    disconnect(nurse, line)
    give_il2(nurse)
    says(nurse, "1 entry waits in this browser")
    found = problems(nurse)
    il2 = orders[DrugChoice.IL2]
    factories.dose(il2, il2.starts_at, injection_site="arm_left")
    # when the connection is back,
    reconnect(nurse, line)
    # then what was recorded here stands beside what the server says;
    says(nurse, "1 entry was not saved: look at it", "Recorded already by nurse-pku at 10:3")
    says(nurse, "Given as ordered: 1 million IU", "Abdomen, left")
    found += problems(nurse)
    nurse.set_viewport_size({"width": PHONE, "height": 900})
    # it can be looked at in its form,
    press(nurse, "Open the form with these values")
    says(nurse, "Not saved: 1", "Recorded already by nurse-pku")
    # and is discarded only when that is confirmed.
    follow(nurse, "Show")
    press(nurse, "Discard")
    dialog = nurse.get_by_role("dialog", name="Discard this entry?")
    press(dialog, "Back, change nothing")
    says(nurse, "1 entry was not saved: look at it")
    press(nurse, "Discard")
    found += problems(nurse)
    press(dialog, "Discard")
    expect(nurse.get_by_text("1 entry was not saved")).to_have_count(0)
    nurse.reload()
    expect(nurse.get_by_text("Entries in this browser")).to_be_hidden()
    assert Administration.objects.count() == 1
    assert found == []


def test_a_question_of_the_server_waits_for_its_answer(
    nurse: Page, line: Line, orders: dict[str, Order]
) -> None:
    # Given a dose far above the order, recorded without a connection,
    disconnect(nurse, line)
    follow(nurse, "Something else happened · PKU-001, Ganciclovir 10:00")
    choose(nurse, "What happened?", "Given, differently")
    fill(nurse, {"Amount given": "400"})
    press(nurse, "Record: PKU-001, Ganciclovir")
    says(nurse, "1 entry waits in this browser")
    # when the server asks about it,
    reconnect(nurse, line)
    says(nurse, "1 entry was not saved: look at it")
    press(nurse, "Open the form with these values")
    # then the form has what was typed, and is saved once that is confirmed.
    expect(nurse.get_by_label("Amount given")).to_have_value("400")
    nurse.get_by_label("Yes, this is what happened").check()
    press(nurse, "Record: PKU-001, Ganciclovir")
    says(nurse, "PKU-001, Ganciclovir: Given: 400 mg")
    expect(nurse.get_by_text("1 entry was not saved")).to_have_count(0)
    assert Administration.objects.get().queued_at is not None


def test_only_the_ward_works_without_a_connection(
    nurse: Page, line: Line, site: Site, orders: dict[str, Order]
) -> None:
    # Given a nurse without a connection,
    disconnect(nurse, line)
    # when another page of the ward is opened, then it says that it cannot be;
    follow(nurse, "Yesterday")
    says(nurse, "This page needs the connection")
    follow(nurse, "Back to the doses")
    says(nurse, "No connection: this page is as it was at")
    # the worklist is not there at all,
    with pytest.raises(Error, match="ERR_"):
        nurse.goto("/")
    # and in the same browser neither is an allocation that was open before.
    reconnect(nurse, line)
    nurse.goto("/")
    press(nurse, "Sign out")
    participant = factories.enrolled(site)
    enter_credentials(nurse, factories.user(Role.COORDINATOR, site).username)
    expect(nurse.get_by_role("heading", name="Worklist")).to_be_visible()
    nurse.goto(f"/participants/{participant.subject}/allocate/")
    says(nurse, participant.subject)
    assert nurse.evaluate(KEPT) == []
    disconnect(nurse, line)
    for path in (f"/participants/{participant.subject}/allocate/", "/dosing/"):
        with pytest.raises(Error, match="ERR_"):
            nurse.goto(path)


def test_an_entry_is_sent_only_for_whom_it_was_taken(
    nurse: Page, line: Line, site: Site, orders: dict[str, Order]
) -> None:
    # Given a dose that waits, and a session that ended meanwhile,
    disconnect(nurse, line)
    give_il2(nurse)
    says(nurse, "1 entry waits in this browser")
    Session.objects.all().delete()
    reconnect(nurse, line)
    # then it still waits, and the nurse is asked to sign in.
    expect(nurse.get_by_role("heading", name="Sign in")).to_be_visible()
    says(nurse, "1 entry of nurse-pku waits in this browser")
    # When another nurse signs in, then it is not hers,
    enter_credentials(nurse, factories.user(Role.NURSE, site, username="nurse-two").username)
    says(nurse, "Today’s doses", "1 entry of nurse-pku waits in this browser")
    expect(nurse.get_by_text(WAITING)).to_have_count(0)
    assert not Administration.objects.exists()
    # and when the first one does, then it is sent.
    press(nurse, "Sign out")
    enter_credentials(nurse, "nurse-pku")
    says(nurse, "Sent and saved: PKU-001, Interleukin-2, 10:00")
    assert Administration.objects.count() == 1


def test_signing_out_forgets_the_pages_and_keeps_what_waits(nurse: Page, line: Line) -> None:
    # Given a dose that waits,
    disconnect(nurse, line)
    give_il2(nurse)
    says(nurse, "1 entry waits in this browser")
    # when the nurse signs out, then she is told, and may think again;
    press(nurse, "Sign out")
    dialog = nurse.get_by_role("dialog", name="Sign out?")
    says(dialog, "1 entry still waits. It stays in this browser")
    press(dialog, "Back, change nothing")
    assert "/dosing/" in nurse.evaluate(KEPT)
    # and when she does, no page stays behind, and the entry does.
    line.mend()  # behind the browser's back: it has not noticed yet
    press(nurse, "Sign out")
    expect(dialog).to_be_visible()
    nurse.context.set_offline(False)
    press(dialog, "Sign out")
    expect(nurse.get_by_role("heading", name="Sign in")).to_be_visible()
    assert nurse.evaluate(KEPT) == []


def test_where_nothing_can_be_kept_the_form_stays(nurse: Page, line: Line) -> None:
    # Given a browser that keeps nothing,
    nurse.add_init_script("IDBFactory.prototype.open = () => { throw new Error('full') }")
    follow(nurse, "Something else happened · PKU-001, Ganciclovir 10:00")
    choose(nurse, "What happened?", "Not given")
    fill(nurse, {"Why?": "Adverse event"})
    # when a dose is recorded without a connection, then it says so, and what was typed stays;
    disconnect(nurse, line)
    press(nurse, "Record: PKU-001, Ganciclovir")
    says(nurse, "this browser can keep nothing more")
    # and the same button saves it when the connection is back.
    reconnect(nurse, line)
    press(nurse, "Record: PKU-001, Ganciclovir")
    says(nurse, "PKU-001, Ganciclovir: Not given")
    assert Administration.objects.count() == 1


def test_without_scripts_a_dose_is_recorded_all_the_same(
    sign_in: Callable[..., Page], orders: dict[str, Order]
) -> None:
    page = sign_in(Role.NURSE, width=PHONE, java_script_enabled=False)
    follow(page, "Dosing")
    give_il2(page)
    says(page, "PKU-001, Interleukin-2: Given: 1 million IU")
