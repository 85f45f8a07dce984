"""The stock's pages that are read."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dosing.actions.lots import follow_up_recall, recall_lot
from dosing.actions.movements import count_lot
from dosing.models import DrugChoice, Lot, Order
from dosing.permissions import READ_STOCK
from tests.dosing import stocked
from tests.dosing.conftest import at
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
LIST, REPORT = "/dosing/stock/", "/dosing/stock/accountability/"
CODE = "(01)09506000134352(17)270331(10)GCV-2601"


@pytest.fixture
def lot(site: Site) -> Lot:
    return stocked.lot(site, vials=10)


def page(client: Client, url: str, **query: str) -> str:
    response = client.get(url, query, follow=True)
    assert response.status_code == 200
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def of(lot: Lot) -> str:
    return reverse("dosing:stock-lot", args=[lot.pk])


def test_an_empty_stock_says_how_it_begins(login: Login) -> None:
    text = page(login(Role.NURSE), LIST)
    assert "No lot here yet" in text
    assert "Receive ganciclovir" in text
    assert "Nothing to account for yet" in page(login(Role.NURSE), REPORT)


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(READ_STOCK.roles))
def test_each_reader_sees_the_lots_and_only_the_own_buttons(
    login: Login, lot: Lot, role: Role
) -> None:
    client = login(role)
    assert "GCV-2601" in page(client, LIST)
    text = page(client, of(lot))
    for name, roles in {
        "stock-count": {Role.NURSE},
        "stock-receive-more": {Role.NURSE},
        "stock-reverse": {Role.NURSE},
        "stock-recall": {Role.INVESTIGATOR},
    }.items():
        pk = lot.entries.get().pk if name == "stock-reverse" else lot.pk
        assert (reverse(f"dosing:{name}", args=[pk]) in text) is (role in roles)


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE - READ_STOCK.roles))
def test_the_laboratory_and_others_do_not_see_the_stock(login: Login, lot: Lot, role: Role) -> None:
    client = login(role)
    for url in (LIST, REPORT, of(lot), f"{of(lot)}ledger.csv", f"{of(lot)}recipients.csv"):
        assert client.get(url).status_code == 403
    assert LIST not in page(client, "/")


@pytest.mark.requirement("R11")
def test_another_sites_lot_does_not_exist(login: Login, other_site: Site) -> None:
    foreign = stocked.lot(other_site, number="THERE")
    client = login(Role.MONITOR)
    for url in (of(foreign), f"{of(foreign)}ledger.csv", f"{of(foreign)}recipients.csv"):
        assert client.get(url).status_code == 404
    assert "THERE" not in page(client, LIST)
    assert "THERE" not in page(client, REPORT)


# --- scanning ---------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["GCV-2601", "gcv-2601", CODE])
def test_a_scan_leads_to_its_lot(login: Login, lot: Lot, typed: str) -> None:
    response = login(Role.MONITOR).get(LIST, {"scan": typed})
    assert (response.status_code, response["Location"]) == (302, of(lot))


def test_a_number_of_both_drugs_shows_both(login: Login, site: Site, lot: Lot) -> None:
    stocked.lot(site, DrugChoice.IL2, number="GCV-2601")
    stocked.lot(site, number="GCV-2602")
    text = page(login(Role.NURSE), LIST, scan="GCV-2601")
    assert "rhIL-2, Sihuan" in text
    assert "GCV-2602" not in text


def test_an_unknown_lot_can_be_received_with_what_was_scanned(login: Login) -> None:
    text = page(login(Role.NURSE), LIST, scan=CODE)
    assert "Lot <b>GCV-2601</b> is not in stock." in text
    assert "/dosing/stock/receive/ganciclovir/?scan=%2801%29" in text
    text = page(login(Role.MONITOR), LIST, scan=CODE)
    assert "is not in stock" in text
    assert "/receive/" not in text


def test_a_broken_code_is_told_and_kept(login: Login, lot: Lot) -> None:
    text = page(login(Role.NURSE), LIST, scan="(17)271331(10)GCV-2601")
    assert "The expiry “271331” is no date" in text
    assert 'value="(17)271331(10)GCV-2601"' in text
    assert "GCV-2601</a>" in text


def test_a_blank_scan_shows_everything(login: Login, lot: Lot) -> None:
    assert "GCV-2601</a>" in page(login(Role.NURSE), LIST, scan="  ")


def test_the_list_narrows_to_a_drug(login: Login, site: Site, lot: Lot) -> None:
    stocked.lot(site, DrugChoice.IL2)
    text = page(login(Role.NURSE), LIST, drug="il2")
    assert "IL-0417" in text
    assert "GCV-2601" not in text
    assert "GCV-2601" in page(login(Role.NURSE), LIST, drug="nonsense")


# --- one lot ----------------------------------------------------------------------------------


def test_a_lot_shows_its_label_balance_ledger_and_recipients(
    login: Login, order: Order, lot: Lot, staff: dict[Role, User]
) -> None:
    stocked.from_lot(order, at(8), lot, vials=2)
    count_lot(lot, counted=7, by=staff[Role.NURSE])
    text = page(login(Role.INVESTIGATOR), of(lot))
    for words in (
        "31 Mar 2027",
        "500 mg",
        "Below 25 °C",
        "By the ledger 8, counted 7",
        "not explained",
        order.participant.subject,
        "300 mg",
        "−2",
        "18 Mar 2026 08:00",
    ):
        assert words in text, words


def test_a_recall_stands_first_with_its_reason(
    login: Login, lot: Lot, staff: dict[Role, User]
) -> None:
    by = staff[Role.INVESTIGATOR]
    recall_lot(lot, reason="Particles seen", version=1, by=by)
    text = page(login(Role.INVESTIGATOR), of(lot))
    assert "Recalled: do not give" in text
    assert "Particles seen" in text
    assert "No dose is recorded of this lot." in text
    assert reverse("dosing:stock-recall-follow-up", args=[lot.pk]) in text
    follow_up_recall(lot, follow_up="Nobody received it", version=2, by=by)
    text = page(login(Role.INVESTIGATOR), of(lot))
    assert "Nobody received it" in text
    assert reverse("dosing:stock-recall-follow-up", args=[lot.pk]) not in text


def test_a_long_ledger_has_pages_the_newest_first(login: Login, lot: Lot) -> None:
    for number in range(55):
        stocked.move(lot, "received", 1, why=f"Delivery {number}.")
    first = page(login(Role.NURSE), of(lot))
    assert "Delivery 54." in first
    assert "Delivery 3." not in first
    second = page(login(Role.NURSE), of(lot), page="2")
    assert "Delivery 3." in second


def test_pages_are_bounded_in_queries(
    login: Login, site: Site, order: Order, lot: Lot, django_assert_max_num_queries: object
) -> None:
    stocked.from_lot(order, at(8), lot)
    client = login(Role.NURSE)
    bounded: DjangoAssertNumQueries = django_assert_max_num_queries  # type: ignore[assignment]
    for number in range(6):
        other = stocked.lot(site, number=f"L{number}", expires_on=dt.date(2026, 4, 1))
        stocked.move(other, "wasted", 30)
    for url, queries in ((LIST, 8), (of(lot), 12), (REPORT, 9), (f"{REPORT}?by=participant", 9)):
        client.get(url)
        with bounded(queries):
            assert client.get(url).status_code == 200


# --- the report -------------------------------------------------------------------------------


def test_the_report_by_lot_and_by_participant(login: Login, order: Order, lot: Lot) -> None:
    stocked.from_lot(order, at(8), lot, vials=2)
    client = login(Role.MONITOR)
    text = page(client, REPORT)
    assert "as of <time" in text
    assert "data-print" in text
    assert "accountability.csv?" in text or 'accountability.csv"' in text
    text = page(client, REPORT, by="participant")
    assert order.participant.subject in text
    assert "accountability.csv?by=participant" in text


@pytest.mark.parametrize("url", [LIST, REPORT, "/dosing/stock/accountability.csv"])
def test_reading_posts_nothing(login: Login, url: str) -> None:
    assert login(Role.NURSE).post(url).status_code == 405


def test_the_navigation_leads_to_the_stock(login: Login) -> None:
    assert f'href="{LIST}"' in page(login(Role.NURSE), "/")
