"""Many nurses at one shelf at once."""

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise

import pytest

from dosing.actions.lots import receive_lot
from dosing.actions.movements import count_lot, reverse_entry
from dosing.models import Administration, Discrepancy, DrugChoice, Lot, StockEntry
from dosing.stock import balances
from dosing.stock_lots import ledger_lines
from oversight import verification
from oversight.refusals import Refused
from tests import factories
from tests.dosing import stocked
from tests.dosing.conftest import CONTROL_ARM, at
from tests.enrollment.crowd import at_once, one_crowd_at_a_time
from trial_site import clock
from trial_site.models import Site, User

PEOPLE, CLICKS = 4, 24
Kind = StockEntry.Kind

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.requirement("R24"),
]


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    with one_crowd_at_a_time():
        yield


@pytest.fixture
def here(transactional_db: None) -> Site:
    return factories.site()


@pytest.fixture
def nurse(here: Site) -> User:
    return stocked.nurse_of(here)


@pytest.fixture
def doses(here: Site) -> list[Administration]:
    """Six doses of four participants, of no lot yet."""
    people = [factories.allocated(here, CONTROL_ARM) for _ in range(PEOPLE)]
    orders = [factories.order(person, starts_at=at(8, day=15)) for person in people]
    slots = [at(8, day=15) + dt.timedelta(hours=12 * number) for number in range(CLICKS // PEOPLE)]
    return [factories.dose(order, slot) for order in orders for slot in slots]


def balance(lot: Lot) -> int:
    return balances([lot])[lot.pk]


def assert_never_below_0_in_silence(lot: Lot) -> None:
    """Each first step below 0 found a discrepancy, and the record is sound."""
    lines = ledger_lines(lot)
    steps = [later for before, later in pairwise(lines) if later.balance < 0 <= before.balance]
    assert all(step.discrepancy for step in steps)
    assert not list(verification.verify())


def test_doses_at_once_take_their_vials_one_after_the_other(
    here: Site, doses: list[Administration], nurse: User
) -> None:
    lot = stocked.lot(here, vials=10)

    def attempt(number: int) -> str:
        stocked.take_from(doses[number], lot, by=nurse)
        return "taken"

    assert at_once(attempt, CLICKS) == {"taken": CLICKS}
    assert balance(lot) == 10 - CLICKS
    found = Discrepancy.objects.get()
    assert (found.kind, found.ledger) == (Discrepancy.Kind.NEGATIVE, -1)
    assert_never_below_0_in_silence(lot)


def test_a_double_click_on_a_dose_takes_its_vials_once(
    here: Site, doses: list[Administration], nurse: User
) -> None:
    lot = stocked.lot(here, vials=10)

    def attempt(number: int) -> str:
        stocked.take_from(doses[number % PEOPLE], lot, by=nurse)
        return "taken"

    assert at_once(attempt, CLICKS) == {"taken": CLICKS}
    assert balance(lot) == 10 - PEOPLE


def test_corrections_that_cross_never_wait_in_a_circle(
    here: Site, doses: list[Administration], nurse: User
) -> None:
    lots = [stocked.lot(here, number=f"L{number}", vials=50) for number in range(2)]
    for number, dose in enumerate(doses):
        stocked.take_from(dose, lots[number % 2], by=nurse)

    def attempt(number: int) -> str:
        stocked.take_from(doses[number], lots[(number + 1) % 2], by=nurse)
        return "moved"

    assert at_once(attempt, CLICKS) == {"moved": CLICKS}
    assert [balance(lot) for lot in lots] == [50 - CLICKS // 2] * 2
    for lot in lots:
        assert_never_below_0_in_silence(lot)


def test_a_count_among_doses_differs_from_the_ledger_of_its_own_moment(
    here: Site, doses: list[Administration], nurse: User
) -> None:
    lot = stocked.lot(here, vials=50)

    def attempt(number: int) -> str:
        if number % 6:
            stocked.take_from(doses[number], lot, by=nurse)
            return "taken"
        count_lot(lot, counted=40, by=nurse)
        return "counted"

    assert at_once(attempt, CLICKS) == {"taken": 20, "counted": 4}
    for before, line in pairwise(ledger_lines(lot)):
        if line.entry.kind == Kind.COUNTED:
            assert line.balance == 40
            assert line.discrepancy is None or line.discrepancy.ledger == before.balance
    assert_never_below_0_in_silence(lot)


def test_one_lot_is_registered_once(here: Site, nurse: User) -> None:
    def attempt(number: int) -> str:
        facts = stocked.facts(number="gcv-2601" if number % 2 else "GCV-2601")
        drug, now = DrugChoice.GANCICLOVIR, clock.now()
        try:
            receive_lot(here, drug=drug, facts=facts, vials=20, at=now, by=nurse)
        except Refused:
            return "refused"
        return "received"

    assert at_once(attempt, CLICKS) == {"received": 1, "refused": CLICKS - 1}
    assert balance(Lot.objects.get()) == 20


def test_one_entry_is_reversed_once(here: Site, nurse: User) -> None:
    entry = stocked.lot(here).entries.get()

    def attempt(number: int) -> str:
        try:
            reverse_entry(entry, why="Another lot", by=nurse)
        except Refused:
            return "refused"
        return "reversed"

    assert at_once(attempt, CLICKS) == {"reversed": 1, "refused": CLICKS - 1}
    assert balance(entry.lot) == 0
