"""The stock as it is read: lots to use, a lot by its code, accounts, work, and files."""

import csv
import datetime as dt
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dosing import stock_work
from dosing.actions.lots import follow_up_recall, recall_lot
from dosing.actions.movements import count_lot, explain_discrepancy, reverse_entry
from dosing.models import Discrepancy, DrugChoice, Lot, Order, StockEntry
from dosing.rules.scanned import GS, Unreadable
from dosing.stock import balances, expected_vials, find_lot, usable_lots
from dosing.stock_accounts import (
    KINDS,
    lot_accounts,
    lots_of,
    participant_accounts,
)
from dosing.stock_lots import (
    ledger_lines,
    lot_lines,
    lots_scanned,
    lots_visible_to,
    recipient_counts,
    recipients,
)
from enrollment.models import Participant
from oversight.recording import recorded
from oversight.trail import AuditEntry
from tests import factories
from tests.dosing import stocked
from tests.dosing.conftest import CONTROL_ARM, at
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
GANCICLOVIR = DrugChoice.GANCICLOVIR
TODAY = dt.date(2026, 3, 18)
Kind = StockEntry.Kind
Login = Callable[[Role], Client]


@pytest.fixture
def lot(site: Site) -> Lot:
    return stocked.lot(site, vials=10)


@pytest.fixture
def nurse(site: Site) -> User:
    return stocked.nurse_of(site)


@pytest.fixture
def investigator(staff: dict[Role, User]) -> User:
    return staff[Role.INVESTIGATOR]


def recalled(lot: Lot, by: User, reason: str = "Particles") -> Lot:
    return recall_lot(lot, reason=reason, version=lot.version, by=by)


# --- lots to use ------------------------------------------------------------------------------


def test_the_first_to_expire_is_used_first_of_what_is_usable(
    site: Site, other_site: Site, investigator: User
) -> None:
    late = stocked.lot(site, number="LATE", expires_on=dt.date(2027, 1, 1))
    soon = stocked.lot(site, number="SOON", expires_on=TODAY)
    stocked.lot(site, number="OVER", expires_on=dt.date(2026, 3, 17))
    stocked.lot(site, DrugChoice.IL2)
    stocked.lot(other_site, number="THERE")
    recalled(stocked.lot(site, number="BACK"), investigator)
    stocked.move(stocked.lot(site, number="GONE", vials=1), Kind.WASTED, 1)
    found = usable_lots(site, GANCICLOVIR, TODAY)
    assert [(one.lot, one.balance) for one in found] == [(soon, 20), (late, 20)]
    assert [one.lot for one in usable_lots(site.pk, GANCICLOVIR, TODAY + dt.timedelta(1))] == [late]


def test_balances_of_many_lots_take_one_query(
    site: Site, lot: Lot, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    other = stocked.lot(site, number="GCV-2602", vials=3)
    with django_assert_num_queries(1):
        assert balances([lot, other]) == {lot.pk: 10, other.pk: 3}


def test_the_vials_of_a_dose_of_a_lot(lot: Lot) -> None:
    assert [expected_vials(amount, lot) for amount in (0, 300, 501)] == [0, 1, 2]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        ("GCV-2601", True),
        (" gcv-2601 ", True),
        ("(01)09506000134352(17)270331(10)GCV-2601", True),
        (f"0109506000134352 10GCV-2601{GS}17270331".replace(" ", ""), True),
        ("GCV-2602", False),
        ("", False),
        ("(17)270331", False),
        ("(17)271331(10)GCV-2601", False),
    ],
)
def test_a_lot_is_found_by_what_is_typed_or_scanned(
    site: Site, other_site: Site, lot: Lot, typed: str, is_found: bool
) -> None:
    stocked.lot(other_site)
    assert find_lot(site, GANCICLOVIR, typed) == (lot if is_found else None)
    assert find_lot(site, DrugChoice.IL2, typed) is None


def test_a_lot_out_of_use_is_found_all_the_same(site: Site, lot: Lot, investigator: User) -> None:
    stocked.move(lot, Kind.WASTED, 10)
    recalled(lot, investigator)
    assert find_lot(site, GANCICLOVIR, "GCV-2601") == lot


def test_a_scan_finds_the_lots_of_the_users_sites(site: Site, other_site: Site, lot: Lot) -> None:
    il2 = stocked.lot(site, DrugChoice.IL2, number="GCV-2601")
    stocked.lot(other_site)
    number, found = lots_scanned(stocked.nurse_of(site), "(10)gcv-2601")
    assert (number, set(found)) == ("gcv-2601", {lot, il2})
    assert lots_scanned(stocked.nurse_of(site), "(17)270331") == ("", [])
    with pytest.raises(Unreadable):
        lots_scanned(stocked.nurse_of(site), "(17)271331")


# --- the ledger and who received the lot ------------------------------------------------------


def test_the_ledger_runs_in_the_order_of_its_entries(order: Order, lot: Lot, nurse: User) -> None:
    stocked.from_lot(order, at(8), lot, vials=2)
    wasted = stocked.move(lot, Kind.WASTED, 1, at=at(7))
    reverse_entry(wasted, why="Wrong lot", by=nurse)
    lines = ledger_lines(lot)
    assert [(line.entry.kind, line.balance) for line in lines] == [
        ("received", 10),
        ("dispensed", 8),
        ("wasted", 7),
        ("reversed", 8),
    ]
    assert [line.can_be_reversed for line in lines] == [True, False, False, False]
    assert lines[2].reversed_by == lines[3].entry


def test_a_ledger_is_one_query(
    order: Order, lot: Lot, nurse: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    stocked.from_lot(order, at(8), lot)
    count_lot(lot, counted=8, by=nurse)
    with django_assert_num_queries(1):
        lines = ledger_lines(lot)
        assert [str(line.entry.by) for line in lines] == [nurse.username] * 3
        assert [line.discrepancy is None for line in lines] == [True, True, False]
        assert [line.entry.participant is None for line in lines] == [True, False, True]


@pytest.fixture
def two_treated(site: Site, lot: Lot) -> list[Participant]:
    """Three doses of the lot in two participants: two from stock, one only typed."""
    people = [factories.allocated(site, CONTROL_ARM) for _ in range(2)]
    orders = [factories.order(person, starts_at=at(8, day=17)) for person in people]
    stocked.from_lot(orders[0], at(8, day=17), lot, vials=2)
    stocked.from_lot(orders[0], at(20, day=17), lot)
    dose = factories.dose(orders[1], at(8, day=17))
    with recorded(by=stocked.nurse_of(site), reason="Typed"):
        dose.lot_number = "gcv-2601"
        dose.save()
    return people


def test_who_received_a_lot_and_when(two_treated: list[Participant], lot: Lot) -> None:
    first, second = recipients(lot)
    assert (first.subject, len(first.doses), first.vials) == (two_treated[0].subject, 2, 3)
    assert (first.first, first.last) == (at(8, day=17), at(20, day=17))
    assert (second.subject, second.vials) == (two_treated[1].subject, 0)
    assert recipient_counts([lot]) == {lot.pk: 2}
    assert recipient_counts([]) == {}


def test_a_dose_that_was_not_given_or_retracted_reached_nobody(
    order: Order, lot: Lot, nurse: User
) -> None:
    dose = stocked.from_lot(order, at(8), lot)
    with recorded(by=nurse, reason="Given to nobody"):
        dose.retracted_at, dose.retracted_by = at(9), nurse
        dose.save()
    assert recipients(lot) == []
    assert recipient_counts([lot]) == {lot.pk: 0}


def test_the_same_number_of_another_drug_or_site_reached_nobody_here(
    site: Site, other_site: Site, two_treated: list[Participant]
) -> None:
    others = [
        stocked.lot(site, DrugChoice.IL2, number="GCV-2601"),
        stocked.lot(other_site, number="GCV-2601"),
    ]
    assert [recipients(lot) for lot in others] == [[], []]
    assert set(recipient_counts(others).values()) == {0}


# --- the list of lots -------------------------------------------------------------------------


def test_lots_with_something_to_look_at_come_first(
    site: Site, nurse: User, investigator: User
) -> None:
    gone = stocked.lot(site, number="A-GONE", vials=1, expires_on=dt.date(2026, 4, 1))
    stocked.move(gone, Kind.SENT_BACK, 1)
    over = stocked.lot(site, number="B-OVER", expires_on=dt.date(2026, 3, 17))
    soon = stocked.lot(site, number="C-SOON", expires_on=dt.date(2026, 4, 17))
    back = recalled(stocked.lot(site, number="D-BACK", vials=1), investigator)
    stocked.move(back, Kind.SENT_BACK, 1)
    used = stocked.lot(site, number="E-USED")
    count_lot(used, counted=19, by=nurse)
    lines = lot_lines(lots_visible_to(nurse))
    assert [(line.lot.number, line.badge[1], line.open_discrepancies) for line in lines] == [
        ("B-OVER", "Expired", 0),
        ("C-SOON", "Expires soon", 0),
        ("D-BACK", "Recalled", 0),
        ("E-USED", "In use", 1),
        ("A-GONE", "Used up", 0),
    ]
    assert (over.pk, soon.pk) == (lines[0].lot.pk, lines[1].lot.pk)


def test_a_list_of_lots_is_two_queries_however_many(
    site: Site, nurse: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        count_lot(stocked.lot(site, number=f"L{number}"), counted=19, by=nurse)
    with django_assert_num_queries(2):
        lines = lot_lines(lots_visible_to(nurse))
        assert [line.balance for line in lines] == [19] * 5


# --- accountability ---------------------------------------------------------------------------


@pytest.mark.usefixtures("two_treated")
def test_the_account_of_a_lot_adds_up_and_leaves_out_what_was_reversed(
    lot: Lot, nurse: User
) -> None:
    stocked.move(lot, Kind.RECEIVED, 5)
    reverse_entry(stocked.move(lot, Kind.RECEIVED, 7), why="Twice", by=nurse)
    stocked.move(lot, Kind.RETURNED, 1)
    stocked.move(lot, Kind.WASTED, 2)
    stocked.move(lot, Kind.SENT_BACK, 3)
    count_lot(lot, counted=7, by=nurse)
    [account] = lot_accounts(lots_of(nurse))
    assert dict(zip(KINDS, account.cells, strict=True)) == {
        Kind.RECEIVED: 15,
        Kind.DISPENSED: -3,
        Kind.RETURNED: 1,
        Kind.WASTED: -2,
        Kind.SENT_BACK: -3,
        Kind.COUNTED: -1,
    }
    assert sum(account.cells) == account.line.balance == 7


def test_the_account_of_a_participant(
    two_treated: list[Participant], lot: Lot, nurse: User
) -> None:
    stocked.move(lot, Kind.RETURNED, 1, participant=two_treated[0])
    stocked.move(lot, Kind.RETURNED, 2)
    own, ward = participant_accounts(nurse)
    assert (own.subject, own.doses, own.dispensed, own.returned, own.out) == (
        two_treated[0].subject,
        2,
        3,
        1,
        2,
    )
    assert (own.first, own.last) == (at(8, day=17), at(20, day=17))
    assert (ward.subject, ward.doses, ward.dispensed, ward.returned) == ("", 0, 0, 2)
    assert participant_accounts(nurse, DrugChoice.IL2) == []


@pytest.mark.usefixtures("two_treated")
def test_accounts_take_a_handful_of_queries(
    site: Site, nurse: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(4):
        stocked.lot(site, number=f"L{number}")
    with django_assert_num_queries(3):
        assert len(lot_accounts(lots_of(nurse))) == 5
    with django_assert_num_queries(3):
        assert len(participant_accounts(nurse)) == 1


# --- files ------------------------------------------------------------------------------------


def lines_of(client: Client, url: str) -> list[dict[str, str]]:
    response: Any = client.get(url)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode())))


@pytest.mark.requirement("R08")
@pytest.mark.usefixtures("two_treated")
def test_every_report_is_downloaded_and_logged(lot: Lot, nurse: User, login: Login) -> None:
    count_lot(lot, counted=6, by=nurse)
    explain_discrepancy(Discrepancy.objects.get(), explanation="Broken", version=1, by=nurse)
    client = login(Role.MONITOR)
    [by_lot] = lines_of(client, "/dosing/stock/accountability.csv")
    assert (by_lot["received"], by_lot["dispensed"], by_lot["balance"]) == ("10", "-3", "6")
    [by_person] = lines_of(client, "/dosing/stock/accountability.csv?by=participant")
    assert (by_person["doses"], by_person["vials_out"]) == ("2", "3")
    assert by_person["first_dose"] == "2026-03-17T08:00:00+08:00"
    ledger = lines_of(client, f"/dosing/stock/{lot.pk}/ledger.csv")
    assert [row["balance"] for row in ledger] == ["10", "8", "7", "6"]
    assert ledger[-1]["explanation"] == "Broken"
    doses = lines_of(client, f"/dosing/stock/{lot.pk}/recipients.csv")
    assert [row["vials"] for row in doses] == ["2", "", "1"]
    assert AuditEntry.objects.filter(event="exported").count() == 4
    assert lines_of(client, "/dosing/stock/accountability.csv?drug=il2") == []


@pytest.mark.requirement("R30")
def test_no_cell_is_a_formula(site: Site, login: Login) -> None:
    lot = stocked.lot(site, number="=1+1", product="@SUM(A1)")
    stocked.move(lot, Kind.WASTED, 1, why="-2")
    [account] = lines_of(login(Role.MONITOR), "/dosing/stock/accountability.csv")
    assert (account["lot"], account["product"]) == ("'=1+1", "'@SUM(A1)")
    assert account["wasted"] == "-1"
    rows = lines_of(login(Role.MONITOR), f"/dosing/stock/{lot.pk}/ledger.csv")
    assert rows[-1]["why"] == "'-2"


# --- work -------------------------------------------------------------------------------------


def work(user: User) -> list[tuple[str, str, str]]:
    return [(row.state, row.subject, str(row.title)) for row in stock_work.rows(user)]


def test_the_nurse_sees_what_disagrees_and_what_should_not_lie_there(
    site: Site, nurse: User, investigator: User
) -> None:
    used = stocked.lot(site, number="USED")
    count_lot(used, counted=19, by=nurse)
    short = stocked.lot(site, number="SHORT", vials=1)
    stocked.move(short, Kind.WASTED, 2)
    stocked.lot(site, number="OVER", expires_on=dt.date(2026, 3, 17))
    stocked.lot(site, number="SOON", expires_on=dt.date(2026, 3, 25))
    stocked.lot(site, number="LATER", expires_on=dt.date(2026, 3, 26))
    recalled(stocked.lot(site, number="BACK"), investigator)
    gone = stocked.lot(site, number="GONE", vials=1, expires_on=dt.date(2026, 3, 1))
    stocked.move(gone, Kind.WASTED, 1)
    vials = "Vials of Cymevene, Roche"
    assert work(nurse) == [
        ("due", "USED", "Ledger and shelf disagree"),
        ("due", "SHORT", "Ledger and shelf disagree"),
        ("late", "OVER", vials),
        ("soon", "SOON", vials),
        ("blocked", "BACK", vials),
    ]
    whys = [str(row.why) for row in stock_work.rows(nurse)]
    assert whys[:3] == [
        "Vials by the ledger: 20; counted: 19",
        "Vials by the ledger: −1",
        "Vials left by the ledger: 20; last day of use: 17 Mar 2026",
    ]
    assert whys[4] == "Vials left by the ledger: 20"


def test_an_explained_discrepancy_is_no_work(lot: Lot, nurse: User) -> None:
    count_lot(lot, counted=9, by=nurse)
    explain_discrepancy(Discrepancy.objects.get(), explanation="Broken", version=1, by=nurse)
    assert work(nurse) == []


@pytest.mark.usefixtures("two_treated")
def test_the_investigator_sees_a_recall_until_it_is_followed_up(
    lot: Lot, investigator: User
) -> None:
    assert work(investigator) == []
    found = recalled(lot, investigator)
    [row] = stock_work.rows(investigator)
    assert str(row.title) == "Recall is to be followed up"
    assert str(row.why) == "Participants who received it: 2. Particles"
    follow_up_recall(found, follow_up="Both seen", version=2, by=investigator)
    assert work(investigator) == []


@pytest.mark.parametrize("role", sorted(PEOPLE - {Role.NURSE, Role.INVESTIGATOR}))
def test_the_stock_asks_nothing_of_others(
    lot: Lot, nurse: User, investigator: User, staff: dict[Role, User], role: Role
) -> None:
    count_lot(lot, counted=9, by=nurse)
    recalled(lot, investigator)
    assert work(staff[role]) == []


def test_work_is_a_handful_of_queries_and_of_the_own_site(
    site: Site, other_site: Site, nurse: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(4):
        count_lot(stocked.lot(site, number=f"L{number}"), counted=19, by=nurse)
    there = factories.user(Role.NURSE, other_site)
    with django_assert_max_num_queries(3):
        assert len(work(nurse)) == 4
    assert work(there) == []
