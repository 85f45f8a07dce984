"""The stock's forms."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from dosing.actions.lots import recall_lot
from dosing.actions.movements import count_lot
from dosing.models import Discrepancy, DrugChoice, Lot, Order
from dosing.stock import balances, last_entry
from tests import factories
from tests.dosing import stocked
from tests.dosing.conftest import at
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
RECEIVE = "/dosing/stock/receive/ganciclovir/"
CODE = "(01)09506000134352(17)270331(10)GCV-2601"


@pytest.fixture
def lot(site: Site) -> Lot:
    return stocked.lot(site, vials=10)


def at_(name: str, pk: int) -> str:
    return reverse(f"dosing:stock-{name}", args=[pk])


def of(lot: Lot) -> str:
    return at_("lot", lot.pk)


def posted(client: Client, url: str, **data: Any) -> str:
    """The page that follows a form with a key of its own."""
    response = client.post(url, {"entry_key": str(uuid4())} | data, follow=True)
    assert response.status_code == 200
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def balance(lot: Lot) -> int:
    return balances([lot])[lot.pk]


def label(**changes: str) -> dict[str, str]:
    values = {
        "site": "PKU",
        "number": "GCV-2601",
        "expires_on": "2027-03-31",
        "product": "Cymevene, Roche",
        "content": "500",
        "diluent_ml": "",
        "storage": "Below 25 °C",
        "vials": "20",
        "at": "2026-03-18T09:30",
        "why": "",
    }
    return values | changes


# --- receiving --------------------------------------------------------------------------------


def test_a_scan_fills_in_lot_and_expiry(login: Login) -> None:
    text = login(Role.NURSE).get(RECEIVE, {"scan": CODE}).content.decode()
    assert 'value="GCV-2601"' in text
    assert 'value="2027-03-31"' in text
    assert "Read from the box" in text
    assert ">mg<" in text


def test_a_broken_scan_is_told(login: Login) -> None:
    text = login(Role.NURSE).get(RECEIVE, {"scan": "(17)271331"}).content.decode()
    assert "The expiry “271331” is no date" in text


def test_a_scan_of_a_known_lot_leads_to_receiving_more(login: Login, lot: Lot) -> None:
    response = login(Role.NURSE).get(RECEIVE, {"scan": CODE})
    assert response["Location"] == at_("receive-more", lot.pk)
    il2 = login(Role.NURSE).get("/dosing/stock/receive/il2/", {"scan": CODE})
    assert il2.status_code == 200


def test_a_lot_is_received(login: Login) -> None:
    text = posted(login(Role.NURSE), RECEIVE, **label())
    lot = Lot.objects.get()
    assert "Cymevene, Roche GCV-2601: The lot is in stock." in text
    assert (lot.drug, lot.unit, str(lot.content), balance(lot)) == ("ganciclovir", "mg", "500", 20)
    assert lot.entries.get().at == at(9, 30)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vials": "0"}, "greater than or equal to 1"),
        ({"vials": "2.5"}, "Enter a whole number of vials"),
        ({"vials": ""}, "This field is required"),
        ({"content": "0"}, "Enter a number above 0"),
        ({"content": "five"}, "Enter a number"),
        ({"expires_on": "soon"}, "Enter a valid date"),
        ({"at": "2026-03-18T09:43"}, "This moment lies in the future"),
        ({"storage": ""}, "This field is required"),
    ],
)
def test_a_wrong_answer_is_told_and_nothing_is_lost(
    login: Login, changes: dict[str, str], words: str
) -> None:
    text = posted(login(Role.NURSE), RECEIVE, **label(why="Delivery 7", **changes))
    assert words in text
    assert "Delivery 7" in text
    assert not Lot.objects.exists()


def test_an_expired_lot_is_asked_about_first(login: Login) -> None:
    data = label(expires_on="2026-03-17")
    text = posted(login(Role.NURSE), RECEIVE, **data)
    assert "The last day of use of this lot has passed" in text
    assert "in stock" in posted(login(Role.NURSE), RECEIVE, **data, confirmed="on")


def test_a_lot_that_is_here_is_refused(login: Login, lot: Lot) -> None:
    assert "registered already" in posted(login(Role.NURSE), RECEIVE, **label(number="gcv-2601"))


def test_one_form_is_saved_once(login: Login) -> None:
    key = str(uuid4())
    for words in ("The lot is in stock.", "This was saved already"):
        assert words in posted(login(Role.NURSE), RECEIVE, **label(), entry_key=key)
    assert Lot.objects.count() == 1


def test_with_two_sites_the_site_is_chosen(
    login: Login, staff: dict[Role, User], other_site: Site
) -> None:
    staff[Role.NURSE].sites.add(other_site)
    assert "<select" in login(Role.NURSE).get(RECEIVE).content.decode()
    posted(login(Role.NURSE), RECEIVE, **label(site="OTH"))
    assert Lot.objects.get().site == other_site


def test_nobody_receives_for_a_site_of_others(login: Login, other_site: Site) -> None:
    posted(login(Role.NURSE), RECEIVE, **label(site=other_site.code))
    assert not Lot.objects.exists()


def test_there_is_no_third_drug(login: Login) -> None:
    assert login(Role.NURSE).get("/dosing/stock/receive/aspirin/").status_code == 404


# --- moving -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "left", "done"),
    [
        ("receive-more", 12, "2 vials received."),
        ("return", 12, "2 vials returned."),
        ("waste", 8, "2 vials wasted."),
        ("send-back", 8, "2 vials sent back."),
    ],
)
def test_vials_move(login: Login, order: Order, lot: Lot, name: str, left: int, done: str) -> None:
    stocked.from_lot(order, at(8), lot, vials=2)
    text = posted(
        login(Role.NURSE),
        at_(name, lot.pk),
        vials="2",
        at="2026-03-18T09:00",
        why="Box 3",
        confirmed="on",
    )
    assert done in text
    assert balance(lot) == left - 2


def test_who_returned_is_one_of_those_who_received(login: Login, order: Order, lot: Lot) -> None:
    stocked.from_lot(order, at(8), lot, vials=2)
    client, url = login(Role.NURSE), at_("return", lot.pk)
    data = {"vials": "1", "at": "2026-03-18T09:00", "why": ""}
    assert "Select a valid choice" in posted(client, url, **data, participant="PKU-999")
    posted(client, url, **data, participant=order.participant.subject)
    assert lot.entries.last().participant == order.participant


def test_wasting_asks_why_and_keeps_what_was_typed(login: Login, lot: Lot) -> None:
    data = {"vials": "7", "at": "2026-03-18T09:00", "why": ""}
    text = posted(login(Role.NURSE), at_("waste", lot.pk), **data)
    assert "This field is required" in text
    assert 'value="7"' in text
    assert balance(lot) == 10


def test_more_than_there_is_is_asked_first(login: Login, lot: Lot) -> None:
    data = {"vials": "11", "at": "2026-03-18T09:00", "why": "Broken"}
    text = posted(login(Role.NURSE), at_("waste", lot.pk), **data)
    assert "Vials of this lot by the ledger: 10." in text
    text = posted(login(Role.NURSE), at_("waste", lot.pk), **data, confirmed="on")
    assert "More was taken than the ledger had" in text


# --- counting, explaining, reversing ----------------------------------------------------------


def test_a_count_does_not_show_what_is_expected(login: Login, lot: Lot) -> None:
    text = login(Role.NURSE).get(at_("count", lot.pk)).content.decode()
    assert "10 vials" not in text
    assert f'name="seen" value="{last_entry(lot)}"' in text


def test_a_difference_is_asked_saved_and_explained(login: Login, lot: Lot) -> None:
    client, url = login(Role.NURSE), at_("count", lot.pk)
    data = {"counted": "9", "seen": str(last_entry(lot)), "why": ""}
    assert "By the ledger 10, counted 9." in posted(client, url, **data)
    assert balance(lot) == 10
    assert "The count is saved." in posted(client, url, **data, confirmed="on")
    found = Discrepancy.objects.get()
    explain = at_("explain", found.pk)
    assert "By the ledger 10, counted 9" in client.get(explain).content.decode()
    answer = {"explanation": "One vial broke", "record_version": "1"}
    assert "The discrepancy is explained." in posted(client, explain, **answer)
    assert "Somebody saved this record" in posted(client, explain, **answer)


def test_a_count_asks_again_when_vials_moved_meanwhile(login: Login, lot: Lot) -> None:
    seen = last_entry(lot)
    stocked.move(lot, "received", 5)
    data = {"counted": "15", "seen": str(seen), "why": ""}
    text = posted(login(Role.NURSE), at_("count", lot.pk), **data)
    assert "Vials moved since the count began: count again." in text
    assert f'name="seen" value="{last_entry(lot)}"' in text


def test_an_entry_is_reversed_with_a_reason(login: Login, lot: Lot) -> None:
    entry = lot.entries.get()
    client, url = login(Role.NURSE), at_("reverse", entry.pk)
    assert "Received" in client.get(url).content.decode()
    assert "This field is required" in posted(client, url, reason="")
    assert "The entry is reversed." in posted(client, url, reason="Another lot")
    assert "reversed already" in posted(client, url, reason="Another lot")
    assert balance(lot) == 0


# --- the label --------------------------------------------------------------------------------


def test_the_label_is_corrected_and_a_stale_page_shows_both(login: Login, lot: Lot) -> None:
    client, url = login(Role.NURSE), at_("correct", lot.pk)
    assert 'value="Cymevene, Roche"' in client.get(url).content.decode()
    data = label(product="Cymevene, Cheplapharm") | {"record_version": "1", "reason": "Misread"}
    assert "The lot is corrected." in posted(client, url, **data)
    text = posted(client, url, **data | {"product": "Ganciclovir, Hubei"})
    assert "Somebody saved this record after you opened it" in text
    assert "Cymevene, Cheplapharm" in text
    assert "Ganciclovir, Hubei" in text


# --- recall -----------------------------------------------------------------------------------


def test_a_lot_is_recalled_followed_up_and_lifted(login: Login, lot: Lot) -> None:
    client = login(Role.INVESTIGATOR)
    answer = {"record_version": "1", "reason": "Particles"}
    assert "The lot is recalled: it is out of use." in posted(
        client, at_("recall", lot.pk), **answer
    )
    assert "Somebody saved this record" in posted(client, at_("recall", lot.pk), **answer)
    answer = {"record_version": "2", "follow_up": "All seen"}
    assert "followed up" in posted(client, at_("recall-follow-up", lot.pk), **answer)
    answer = {"record_version": "3", "reason": "Another lot"}
    assert "The recall is lifted." in posted(client, at_("recall-lift", lot.pk), **answer)
    lot.refresh_from_db()
    assert lot.recalled_at is None


# --- who ---------------------------------------------------------------------------------------


@pytest.mark.requirement("R11")
def test_another_sites_lot_does_not_exist(login: Login, other_site: Site) -> None:
    foreign = stocked.lot(other_site)
    count_lot(foreign, counted=1, by=factories.user(Role.NURSE, other_site))
    urls = [
        at_(name, foreign.pk)
        for name in ("receive-more", "return", "waste", "send-back", "count", "correct")
    ]
    urls += [
        at_("reverse", foreign.entries.first().pk),
        at_("explain", Discrepancy.objects.get().pk),
    ]
    for url in urls:
        assert login(Role.NURSE).get(url).status_code == 404
        assert login(Role.NURSE).post(url, {}).status_code == 404
    for name in ("recall", "recall-lift", "recall-follow-up"):
        assert login(Role.INVESTIGATOR).post(at_(name, foreign.pk), {}).status_code == 404


def test_the_unit_of_the_other_drug(login: Login) -> None:
    text = login(Role.NURSE).get("/dosing/stock/receive/il2/").content.decode()
    assert "million IU" in text


def test_a_recalled_lot_is_received_after_a_question(
    login: Login, lot: Lot, staff: dict[Role, User]
) -> None:
    recall_lot(lot, reason="Particles", version=1, by=staff[Role.INVESTIGATOR])
    data = {"vials": "1", "at": "2026-03-18T09:00", "why": ""}
    url = at_("receive-more", lot.pk)
    assert "This lot is recalled" in posted(login(Role.NURSE), url, **data)
    assert "1 vial received." in posted(login(Role.NURSE), url, **data, confirmed="on")


def test_a_lot_that_expires_today_may_be_received(login: Login) -> None:
    text = posted(login(Role.NURSE), RECEIVE, **label(expires_on="2026-03-18"))
    assert "The lot is in stock." in text
    assert Lot.objects.get().expires_on == dt.date(2026, 3, 18)
    assert Lot.objects.get().drug == DrugChoice.GANCICLOVIR
