"""The ward on Wednesday, 18 March 2026, at 09:42 in Beijing."""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine

from dosing.models import DrugChoice, Order
from enrollment.models import Participant
from labs.actions import Entry, Sample, record_results
from labs.models import Result
from tests import factories
from trial_site.models import Site
from trial_site.roles import Role

BEIJING = ZoneInfo("Asia/Shanghai")
IL2_ARM, CONTROL_ARM = "il2_gcv", "gcv"

Blood = Callable[..., list[Result]]


def at(hour: int, minute: int = 0, *, day: int = 18) -> dt.datetime:
    """A moment of March 2026 on the ward's clock."""
    return dt.datetime(2026, 3, day, hour, minute, tzinfo=BEIJING)


@pytest.fixture(autouse=True)
def ward_clock() -> Iterator[time_machine.Traveller]:
    """Time stands still at 09:42 until a test moves it."""
    with time_machine.travel(at(9, 42), tick=False) as traveller:
        yield traveller


@pytest.fixture
def participant(site: Site) -> Participant:
    """Allocated to IL-2 + ganciclovir, nothing ordered."""
    return factories.allocated(site, IL2_ARM)


@pytest.fixture
def control(site: Site) -> Participant:
    """Allocated to ganciclovir alone, nothing ordered."""
    return factories.allocated(site, CONTROL_ARM)


@pytest.fixture
def order(participant: Participant) -> Order:
    """Ganciclovir 300 mg every 12 hours from today 08:00 on."""
    return factories.order(participant)


@pytest.fixture
def il2_order(participant: Participant) -> Order:
    """IL-2 once a day from today 08:00 on."""
    return factories.order(participant, DrugChoice.IL2)


def pcr(
    participant: Participant, collected_at: dt.datetime, operator: str, value: str | None
) -> Result:
    """A CMV-DNA result in copies/mL by an assay that detects 200."""
    entry = Entry(
        "cmv_dna",
        "copies/mL",
        None if value is None else Decimal(value),
        operator,
        assay="PCR-CMV-2",
        lloq=Decimal(500),
        lod=Decimal(200),
    )
    lab = factories.user(Role.LAB, participant.site)
    sample = Sample("plasma", collected_at)
    (row,) = record_results(participant, sample=sample, entries=[entry], by=lab, confirmed=True)
    return row


@pytest.fixture
def blood(site: Site) -> Blood:
    """``blood(participant, anc="0.49")``: results of blood taken at 06:30 today."""

    def draw(
        participant: Participant, collected_at: dt.datetime | None = None, **values: str
    ) -> list[Result]:
        units = {"anc": "10^9/L", "platelets": "10^9/L", "hemoglobin": "g/L"}
        entries = [
            Entry(
                analyte=analyte,
                unit=units.get(analyte, "µmol/L"),
                operator=value[0] if value[0] in "<>" else "=",
                value=Decimal(value.lstrip("<>")),
            )
            for analyte, value in values.items()
        ]
        sample = Sample("whole_blood", collected_at or at(6, 30))
        lab = factories.user(Role.LAB, site)
        return record_results(participant, sample=sample, entries=entries, by=lab, confirmed=True)

    return draw
