"""A random month of double clicks, retries, parallel nurses and killed processes.

A few days here; ``make validate`` plays thirty, by ``MONTH_DAYS``, and keeps what they came to in
the file that ``VALIDATION_REPORT`` names.
"""

import os
from pathlib import Path

import pytest

from dosing.models import DrugChoice
from tests import factories
from tests.apart import came_to
from tests.dosing import stocked
from tests.dosing.conftest import IL2_ARM, at
from trial_site.models import Site
from trial_site.roles import Role

DAYS = int(os.environ.get("MONTH_DAYS", "2"))
PEOPLE, NURSES = 4, 3
FIRST = at(8, day=19)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.requirement("R04"),
    pytest.mark.requirement("R26"),
]


@pytest.fixture
def ward(transactional_db: None) -> Site:
    """Participants of both arms with their orders from tomorrow on, lots, and nurses."""
    site = factories.site()
    for _ in range(PEOPLE):
        participant = factories.allocated(site)
        factories.order(participant, starts_at=FIRST)
        if participant.arm == IL2_ARM:
            factories.order(participant, DrugChoice.IL2, starts_at=FIRST)
    for number in range(2):
        stocked.lot(site, number=f"GCV-{number}", content=250, vials=30)
    stocked.lot(site, DrugChoice.IL2, vials=15)
    for number in range(NURSES):
        factories.user(Role.NURSE, site, username=f"nurse-{number}")
    return site


def test_a_month_ends_with_one_administration_a_slot_and_a_ledger_that_balances(
    ward: Site, tmp_path: Path
) -> None:
    first = FIRST.date().isoformat()
    came = came_to("tests.dosing.month:played", DAYS, first, folder=tmp_path)
    assert came["kills"] >= DAYS
    assert came["attempts"] > 2 * came["slots"]
    assert came["administrations"] > came["slots"] / 2
