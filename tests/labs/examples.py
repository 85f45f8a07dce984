"""Values as a laboratory prints them, given to actions and posted to forms."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.utils import timezone

from enrollment.models import Participant
from labs.actions import Entry, Sample, record_cytotoxicity, record_results
from labs.models import CytotoxicityAssay, Result, Specimen
from labs.rules.wells import Well, WellKind
from tests import factories
from trial_site import clock
from trial_site.protocol import current
from trial_site.roles import Role

# The plates of DOMAIN 7: targets alone, detergent, and effectors at 25:1.
BASELINE = (("5.8", "6.1", "6.1"), ("95.2", "96.4", "96.4"), ("24.9", "26.1", "25.5"))
DAY_7 = (("6.0", "6.0", "6.0"), ("96.0", "96.0", "96.0"), ("33.6", "33.6", "33.6"))


def hours_ago(hours: int) -> dt.datetime:
    """A whole minute, which is what a form can say."""
    return (clock.now() - dt.timedelta(hours=hours)).replace(second=0, microsecond=0)


def sample(hours: int = 4, kind: str = Specimen.Kind.PLASMA) -> Sample:
    return Sample(kind, hours_ago(hours))


def pcr(value: str | None, operator: str = "=", unit: str = "copies/mL", **limits: str) -> Entry:
    numbers: dict[str, Any] = {name: Decimal(limit) for name, limit in limits.items()}
    number = None if value is None else Decimal(value)
    return Entry("cmv_dna", unit, number, operator, assay="PCR-CMV-2", **numbers)


def safety(analyte: str, value: str, unit: str, operator: str = "=", **limits: str) -> Entry:
    numbers: dict[str, Any] = {name: Decimal(limit) for name, limit in limits.items()}
    return Entry(analyte, unit, Decimal(value), operator, **numbers)


def entered(participant: Participant, *entries: Entry, hours: int = 4) -> list[Result]:
    """Results of one specimen, entered by the laboratory of the participant's site."""
    by = factories.user(Role.LAB, participant.site)
    return record_results(
        participant, sample=sample(hours), entries=entries, by=by, confirmed=True, key=uuid4()
    )


def wells(plate: tuple[tuple[str, ...], ...], targets: int | None = 9000) -> list[Well]:
    conditions = [
        (WellKind.SPONTANEOUS, None),
        (WellKind.MAXIMUM, None),
        (WellKind.EFFECTOR, Decimal(25)),
    ]
    return [
        Well(kind, ratio, number, Decimal(dead), targets)
        for (kind, ratio), row in zip(conditions, plate, strict=True)
        for number, dead in enumerate(row, 1)
    ]


def plated(
    participant: Participant,
    plate: tuple[tuple[str, ...], ...] = BASELINE,
    *,
    at: dt.datetime | None = None,
    effectors: str = "pbmc",
) -> CytotoxicityAssay:
    return record_cytotoxicity(
        participant,
        sample=Sample(Specimen.Kind.WHOLE_BLOOD, at or hours_ago(4)),
        effectors=effectors,
        wells=wells(plate),
        by=factories.user(Role.LAB, participant.site),
        key=uuid4(),
    )


# --- forms as a browser posts them ------------------------------------------------------------


def typed(moment: dt.datetime) -> str:
    """A moment as a ``datetime-local`` input sends it, on the site's clock."""
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"


def specimen_data(participant: Participant, **changes: str) -> dict[str, str]:
    return {
        "entry_key": str(uuid4()),
        "participant": participant.subject,
        "collected_at": typed(hours_ago(4)),
        "received_at": typed(hours_ago(3)),
        **changes,
    }


def pcr_data(participant: Participant, printed: str, **changes: str) -> dict[str, str]:
    values = {
        "kind": "plasma",
        "printed": printed,
        "unit": "copies/mL",
        "assay": "PCR-CMV-2",
        "lod": "200",
        "lloq": "500",
        "uloq": "",
    }
    return specimen_data(participant, **values) | changes


def safety_data(participant: Participant, **changes: str) -> dict[str, str]:
    """A panel that was left empty, with ``changes``; every analyte in its first unit."""
    panel = (analyte for analyte in current().analytes if analyte.group == "safety")
    units = {f"{analyte.code}_unit": analyte.unit for analyte in panel}
    return specimen_data(participant, **units) | changes


def plate_data(
    participant: Participant, plate: tuple[tuple[str, ...], ...] = BASELINE, **changes: str
) -> dict[str, str]:
    values = {"effectors": "pbmc"}
    for code, row in zip(("spontaneous", "maximum", "et25"), plate, strict=True):
        for number, dead in enumerate(row, 1):
            values[f"{code}-d{number}"] = dead
            values[f"{code}-n{number}"] = "9,840"
    return specimen_data(participant, **values) | changes
