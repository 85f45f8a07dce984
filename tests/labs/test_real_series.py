"""Real quantitative CMV-DNA series, entered as the laboratory enters them, and read back."""

import csv
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from enrollment.models import Participant
from labs.actions import Entry, Sample, record_results
from labs.models import Result, Specimen
from labs.rules.conversion import PcrObservation, assess_conversion
from tests.labs.examples import pcr
from tests.shared import shared_path
from trial_site.models import User
from trial_site.protocol import current

pytestmark = pytest.mark.django_db

# Days from the first value above 1000: first negative, confirmed, above 1000 again.
DAYS = {
    "AA": (700, None, 707),
    "AB": (25, 83, 35),
    "AC": (7, None, 14),
    "AD": (None, None, None),
    "AE": (None, None, None),
    "AF": (259, None, 266),
    "AG": (7, None, 14),
}


def series(person: str) -> Iterator[tuple[dt.datetime, Entry]]:
    """log10 copies; 0 is not detected, by an assay that detects from 150."""
    with shared_path("data/cmv_oral_shedding.csv").open(newline="") as rows:
        for row in csv.DictReader(rows):
            if row["PatientID2"] == f"{person}-P":
                exponent = Decimal(row["count"])
                value = str(Decimal(10) ** exponent) if exponent else None
                operator = "=" if exponent else "ND"
                yield dt.datetime.fromisoformat(row["times"]), pcr(value, operator, lod="150")


@pytest.mark.parametrize("person", DAYS)
def test_a_real_series_converts_as_computed_by_hand(
    person: str, participant: Participant, lab: User
) -> None:
    for collected_at, entry in series(person):
        record_results(
            participant,
            sample=Sample(Specimen.Kind.PLASMA, collected_at),
            entries=[entry],
            by=lab,
            confirmed=True,
            key=uuid4(),
        )
    results = list(Result.objects.filter(participant=participant))
    above = (row for row in results if row.value is not None and row.value > 1000)
    conversion = assess_conversion(
        [PcrObservation(row.collected_at, row.pcr, row.pk) for row in results],
        day0=next(above).collected_at,
        rule=current().pcr,
        tz=ZoneInfo("Asia/Shanghai"),
    )
    found = (
        conversion.first_negative,
        conversion.confirmed,
        conversion.first_above_after_first_negative,
    )
    assert tuple(result and result.days for result in found) == DAYS[person]
