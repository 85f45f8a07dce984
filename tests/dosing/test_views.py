"""The ward's pages: each happy, by the wrong role, of another site, and sent twice."""

from collections.abc import Callable
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

from dosing.models import Administration, DrugChoice, Order
from enrollment.states import State
from oversight.trail import AuditAction, AuditEntry
from tests import factories
from tests.dosing.conftest import IL2_ARM, Blood, at
from trial_site.models import Site
from trial_site.roles import Role

Login = Callable[[Role], Client]
SLOT = at(8)
READERS = {Role.NURSE, Role.INVESTIGATOR, Role.COORDINATOR, Role.MONITOR, Role.DATA_MANAGER}
PEOPLE = sorted(set(Role) - {Role.SYSTEM})


def give_url(order: Order) -> str:
    return reverse("dosing:give", args=[order.pk, SLOT])


def record_url(order: Order) -> str:
    return reverse("dosing:record", args=[order.pk, SLOT])


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def key() -> dict[str, str]:
    return {"entry_key": str(uuid4())}


# --- who, where, how --------------------------------------------------------------------------


@pytest.fixture
def pages(order: Order, il2_order: Order) -> dict[str, str]:
    """Every page of this room but the sheet, with a record behind it."""
    saved = factories.dose(il2_order, SLOT, injection_site="arm_left")
    return {
        "give": give_url(order),
        "record": record_url(order),
        "correct": reverse("dosing:correct", args=[saved.pk]),
    }


ALLOWED = {
    "give": Role.NURSE,
    "record": Role.NURSE,
    "correct": Role.NURSE,
}


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("page", ALLOWED)
def test_each_page_opens_for_its_role_alone(pages: dict[str, str], login: Login, page: str) -> None:
    for role in PEOPLE:
        expected = 200 if role == ALLOWED[page] else 403
        client = login(role)
        assert client.get(pages[page]).status_code == expected
        if expected == 403:
            assert client.post(pages[page], key()).status_code == 403
    assert Administration.objects.count() == 1


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", PEOPLE)
def test_the_sheet_is_for_those_who_read_doses(order: Order, login: Login, role: Role) -> None:
    expected = 200 if role in READERS else 403
    assert login(role).get(reverse("dosing:sheet")).status_code == expected


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("page", ALLOWED)
def test_another_sites_records_do_not_exist(
    pages: dict[str, str], other_site: Site, client: Client, page: str
) -> None:
    client.force_login(factories.user(ALLOWED[page], other_site))
    assert client.get(pages[page]).status_code == 404
    assert client.post(pages[page], key()).status_code == 404


@pytest.mark.parametrize("page", ALLOWED)
def test_other_methods_are_refused(pages: dict[str, str], login: Login, page: str) -> None:
    assert login(ALLOWED[page]).delete(pages[page]).status_code == 405


def test_the_sheet_is_only_read(login: Login, site: Site) -> None:
    assert login(Role.NURSE).post(reverse("dosing:sheet")).status_code == 405


@pytest.mark.parametrize(
    "tail", ["20260318T0100Z/give/", "20261318T0000Z/give/", "19990318T0000Z/give/", "now/give/"]
)
def test_a_slot_that_is_not_planned_does_not_exist(order: Order, login: Login, tail: str) -> None:
    assert login(Role.NURSE).get(f"/dosing/{order.pk}/{tail}").status_code == 404


# --- the sheet --------------------------------------------------------------------------------


def test_the_sheet_shows_the_dose_without_trailing_zeros(
    order: Order, il2_order: Order, login: Login
) -> None:
    page = login(Role.NURSE).get(reverse("dosing:sheet")).content.decode()
    assert '<p class="dose-amount">1 <small>million IU</small></p>' in page
    assert '<p class="dose-amount">300 <small>mg</small></p>' in page
    assert "IL-2 + ganciclovir" in page
    assert give_url(il2_order) in page
    assert "bedside" in page


def test_only_the_nurse_sees_the_buttons_of_the_bedside(order: Order, login: Login) -> None:
    for role in sorted(READERS):
        page = login(role).get(reverse("dosing:sheet")).content.decode()
        assert (give_url(order) in page) is (role == Role.NURSE)
        assert ("/new/" in page) is (role == Role.INVESTIGATOR)


def test_the_sheet_of_another_day(order: Order, login: Login) -> None:
    client = login(Role.NURSE)
    page = client.get(reverse("dosing:sheet"), {"date": "2026-03-19"}).content.decode()
    assert "Doses of" in page
    assert page.count("dose--planned") == 2
    empty = client.get(reverse("dosing:sheet"), {"date": "2026-03-17"}).content.decode()
    assert "Nobody is treated on this day" in empty


@pytest.mark.parametrize(
    "query",
    [{"date": "tomorrow"}, {"date": "2026-02-30"}, {"date": "9999-12-31"}, {"order": "bed"}],
)
def test_an_address_that_makes_no_sense_leads_to_today(
    login: Login, site: Site, query: dict[str, str]
) -> None:
    response = login(Role.NURSE).get(reverse("dosing:sheet"), query)
    assert (response.status_code, response["Location"]) == (302, reverse("dosing:sheet"))


def test_the_order_of_the_sheet_stays_in_the_address(order: Order, login: Login) -> None:
    page = login(Role.NURSE).get(reverse("dosing:sheet"), {"order": "subject"})
    assert "order=subject&amp;date=2026-03-17" in page.content.decode()


def test_the_sheet_takes_at_most_15_queries(site: Site, login: Login, blood: Blood) -> None:
    for _ in range(3):
        treated = factories.on_treatment(site, IL2_ARM)
        factories.order(treated, DrugChoice.IL2)
        blood(treated, anc="0.3")
    client = login(Role.NURSE)
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("dosing:sheet"))
    assert len(queries) <= 15


# --- given as ordered -------------------------------------------------------------------------


def test_one_tap_and_one_confirmation(order: Order, login: Login) -> None:
    client = login(Role.NURSE)
    page = client.get(give_url(order)).content.decode()
    assert page.index("Participant") < page.index("Drug") < page.index("Route")
    assert "300\u00a0mg" in page
    assert "Late 1 h 42 min" in page

    response = client.post(give_url(order), key())
    assert (response.status_code, response["Location"]) == (302, "/dosing/#PKU-001")
    assert said(response) == ["PKU-001, Ganciclovir: Given: 300\u00a0mg"]
    saved = Administration.objects.get()
    assert (saved.status, saved.amount, saved.given_at) == ("given", Decimal("300"), at(9, 42))


@pytest.mark.requirement("R05")
def test_the_time_is_the_servers(order: Order, login: Login) -> None:
    login(Role.NURSE).post(give_url(order), key() | {"given_at": "2026-03-18T08:00"})
    assert Administration.objects.get().given_at == at(9, 42)


def test_an_injection_suggests_the_next_site_and_takes_any(il2_order: Order, login: Login) -> None:
    factories.dose(il2_order, SLOT, injection_site="arm_right")
    url = reverse("dosing:give", args=[il2_order.pk, at(8, day=19)])
    with time_machine.travel(at(8, 5, day=19), tick=False):
        client = login(Role.NURSE)
        page = client.get(url)
        assert page.context["form"]["injection_site"].value() == "thigh_left"
        text = page.content.decode()
        assert "Thigh, left<small>suggested</small>" in text
        assert "Arm, right<small>last used 18 Mar 08:00</small>" in text
        client.post(url, key() | {"injection_site": "abdomen_left"})
    assert Administration.objects.latest("slot_at").injection_site == "abdomen_left"


def test_an_injection_without_a_site_is_not_saved(il2_order: Order, login: Login) -> None:
    response = login(Role.NURSE).post(give_url(il2_order), key())
    assert response.status_code == 200
    assert "injection_site" in response.context["form"].errors
    assert not Administration.objects.exists()


def test_a_double_tap_and_the_back_button_end_in_a_sentence(order: Order, login: Login) -> None:
    client, form = login(Role.NURSE), key()
    client.post(give_url(order), form)
    sentence = "PKU-001, Ganciclovir: Recorded already by nurse-pku at 09:42. Given: 300\u00a0mg."
    for again in (
        client.post(give_url(order), form),
        client.post(give_url(order), key()),
        client.get(give_url(order)),
    ):
        assert (again.status_code, again["Location"]) == (302, "/dosing/#PKU-001")
        assert said(again)[-1] == sentence
    assert Administration.objects.count() == 1


def test_a_second_nurse_reads_who_was_first(order: Order, login: Login, site: Site) -> None:
    login(Role.NURSE).post(give_url(order), key())
    second = Client()
    second.force_login(factories.user(Role.NURSE, site, username="nurse-two"))
    response = second.post(give_url(order), key())
    assert "Recorded already by nurse-pku at 09:42" in said(response)[0]
    assert Administration.objects.count() == 1


def test_a_future_dose_cannot_be_given(order: Order, login: Login) -> None:
    client = login(Role.NURSE)
    for page in ("dosing:give", "dosing:record"):
        url = reverse(page, args=[order.pk, at(20)])
        response = client.get(url)
        assert response.status_code == 302
        assert "It is too early to record this dose" in said(response)[-1]
    assert client.post(reverse("dosing:give", args=[order.pk, at(20)]), key()).status_code == 302
    assert not Administration.objects.exists()


def test_a_held_dose_is_not_given_with_one_tap(order: Order, login: Login, blood: Blood) -> None:
    blood(order.participant, anc="0.49")
    client = login(Role.NURSE)
    for response in (client.get(give_url(order)), client.post(give_url(order), key())):
        assert (response.status_code, response["Location"]) == (302, record_url(order))
    assert not Administration.objects.exists()
    page = client.get(record_url(order)).content.decode()
    assert "Held: do not give" in page
    assert "0.49\u00a0×10⁹/L, below 0.5" in page


# --- something else happened ------------------------------------------------------------------


def test_a_held_dose_is_recorded_as_not_given(order: Order, login: Login, blood: Blood) -> None:
    blood(order.participant, anc="0.49")
    client = login(Role.NURSE)
    form = client.get(record_url(order), {"outcome": "held"}).context["form"]
    assert (form["status"].value(), form["why"].value()) == ("not_given", "lab_hold")

    response = client.post(record_url(order), key() | {"status": "not_given", "why": "lab_hold"})
    assert said(response) == ["PKU-001, Ganciclovir: Not given"]
    saved = Administration.objects.get()
    assert (saved.status, saved.why, saved.given_at) == ("not_given", "lab_hold", None)


def test_a_dose_of_yesterday_is_recorded_with_the_time_that_is_typed(
    order: Order, login: Login
) -> None:
    with time_machine.travel(at(9, day=19), tick=False):
        client = login(Role.NURSE)
        assert client.get(give_url(order))["Location"] == record_url(order)
        form = client.get(record_url(order), {"outcome": "given"}).context["form"]
        assert (form["amount"].value(), form["given_at"].value()) == (Decimal("300"), None)
        values = {"status": "given", "amount": "300", "given_at": "2026-03-18T08:10"}
        asked = client.post(record_url(order), key() | values).content.decode()
        assert "Say why it is recorded on a later day" in asked
        values["late_reason"] = "Night shift without a device"
        response = client.post(record_url(order), key() | values)
    assert response["Location"] == "/dosing/?date=2026-03-18#PKU-001"
    assert Administration.objects.get().given_at == at(8, 10)


def test_bad_input_keeps_what_was_typed(order: Order, login: Login) -> None:
    values = {"status": "partial", "amount": "180", "given_at": "2026-03-18T08:10", "note": "pump"}
    response = login(Role.NURSE).post(record_url(order), key() | values)
    assert response.status_code == 200
    page = response.content.decode()
    assert "Say why the dose was not given in full" in page
    assert 'value="180"' in page
    assert 'value="2026-03-18T08:10"' in page
    assert "pump</textarea>" in page
    assert not Administration.objects.exists()


def test_an_unusual_amount_is_asked_about_once(order: Order, login: Login) -> None:
    client = login(Role.NURSE)
    form = key() | {"status": "given", "amount": "3000", "given_at": "2026-03-18T08:10"}
    asked = client.post(record_url(order), form)
    page = asked.content.decode()
    assert "Are these right?" in page
    assert "3,000\u00a0mg is unusual: expected at most 600" in page
    assert not Administration.objects.exists()

    client.post(record_url(order), form | {"confirmed": "on"})
    assert Administration.objects.get().amount == Decimal("3000")


def test_an_impossible_amount_is_refused_in_words(order: Order, login: Login) -> None:
    values = {"status": "given", "amount": "30000", "given_at": "2026-03-18T08:10"}
    page = login(Role.NURSE).post(record_url(order), key() | values).content.decode()
    assert "This amount cannot be true" in page
    assert "30,000\u00a0mg is impossible" in page


def test_the_same_form_sent_twice_records_once(order: Order, login: Login) -> None:
    client, form = login(Role.NURSE), key() | {"status": "not_given", "why": "absent"}
    client.post(record_url(order), form)
    again = client.post(record_url(order), form)
    assert (again.status_code, said(again)[-1]) == (302, "This was saved already")
    assert Administration.objects.count() == 1


def test_what_was_typed_stays_when_another_nurse_was_first(order: Order, login: Login) -> None:
    client = login(Role.NURSE)
    factories.dose(order, SLOT)
    values = {"status": "not_given", "why": "refusal", "note": "did not want it"}
    page = client.post(record_url(order), key() | values).content.decode()
    assert "Recorded already by nurse-pku" in page
    assert "did not want it</textarea>" in page


# --- correcting -------------------------------------------------------------------------------


@pytest.fixture
def saved(order: Order) -> Administration:
    return factories.dose(order, SLOT)


def correction(**changes: str) -> dict[str, str]:
    values = {
        "status": "given",
        "amount": "280",
        "given_at": "2026-03-18T08:00",
        "reason": "Read from the pump",
        "record_version": "1",
    }
    return key() | values | changes


@pytest.mark.requirement("R04")
def test_a_dose_is_corrected_with_a_reason(saved: Administration, login: Login) -> None:
    client, url = login(Role.NURSE), reverse("dosing:correct", args=[saved.pk])
    form = client.get(url).context["form"]
    assert form["amount"].value() == Decimal("300")
    assert form["record_version"].value() == 1

    response = client.post(url, correction())
    assert response["Location"] == "/dosing/#PKU-001"
    entry = AuditEntry.objects.get(model="dosing.administration", action=AuditAction.CHANGED)
    assert (entry.changes["amount"], entry.reason) == (["300", "280"], "Read from the pump")


@pytest.mark.requirement("R04")
def test_a_correction_without_a_reason_is_not_saved(saved: Administration, login: Login) -> None:
    url = reverse("dosing:correct", args=[saved.pk])
    response = login(Role.NURSE).post(url, correction(reason=" "))
    assert "reason" in response.context["form"].errors
    saved.refresh_from_db()
    assert saved.amount == Decimal("300")


def test_a_stale_correction_shows_both_values_and_saves_the_second_time(
    saved: Administration, login: Login
) -> None:
    client, url = login(Role.NURSE), reverse("dosing:correct", args=[saved.pk])
    client.post(url, correction())
    stale = client.post(url, correction(amount="290"))
    page = stale.content.decode()
    assert "Somebody saved this record after you opened it" in page
    assert "<td>290</td><td>280</td>" in page
    assert 'name="record_version" value="2"' in page
    saved.refresh_from_db()
    assert saved.amount == Decimal("280")

    client.post(url, correction(amount="290", record_version="2"))
    saved.refresh_from_db()
    assert saved.amount == Decimal("290")


def test_the_only_dose_is_corrected_away(saved: Administration, login: Login) -> None:
    url = reverse("dosing:correct", args=[saved.pk])
    response = login(Role.NURSE).post(url, correction(status="not_given", why="absent"))
    assert said(response) == ["PKU-001, Ganciclovir: Not given"]
    saved.participant.refresh_from_db()
    assert (saved.participant.day0_at, saved.participant.state) == (None, State.ALLOCATED)
