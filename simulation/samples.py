"""What the simulated laboratory types in."""

from decimal import Decimal
from random import Random

from labs.actions import Entry
from labs.rules.wells import Well, WellKind
from simulation.disease import LLOQ, LOD, Patient, tenths
from trial_site.protocol import current

PCR_ASSAY = "PCR-CMV-2"


def pcr_entry(copies: Decimal | None) -> Entry:
    """The printed result: a number, ``<LLOQ``, or not detected."""
    operator, value = "=", copies
    if copies is None:
        operator = "ND"
    elif copies < LLOQ:
        operator, value = "<", LLOQ
    return Entry(
        analyte=current().pcr.analyte,
        unit=current().pcr.unit,
        operator=operator,
        value=value,
        assay=PCR_ASSAY,
        lloq=LLOQ,
        lod=LOD,
    )


def safety_entries(patient: Patient, neutrophils: Decimal) -> list[Entry]:
    """A blood count and chemistry with the laboratory's limits."""
    draw = patient.random
    return [
        Entry("anc", "10^9/L", neutrophils, lln=Decimal("1.8"), uln=Decimal("6.3")),
        Entry("hemoglobin", "g/L", Decimal(draw.randint(98, 136)), lln=Decimal(115)),
        Entry("platelets", "10^9/L", Decimal(draw.randint(96, 260)), lln=Decimal(125)),
        Entry("creatinine", "µmol/L", patient.creatinine(), uln=Decimal(97)),
        Entry("alt", "U/L", Decimal(draw.randint(12, 52)), uln=Decimal(40)),
        Entry("ast", "U/L", Decimal(draw.randint(12, 40)), uln=Decimal(35)),
        Entry("bilirubin", "µmol/L", tenths(draw.uniform(5, 20)), uln=Decimal("21.0")),
    ]


def plate(lysis: float, draw: Random) -> list[Well]:
    """Wells whose formula A comes to about ``lysis`` percent at the protocol's ratio."""
    rule = current().cytotoxicity
    spontaneous, maximum = draw.uniform(5, 8), draw.uniform(93, 97)
    wells = _replicates(WellKind.SPONTANEOUS, None, spontaneous, draw)
    wells += _replicates(WellKind.MAXIMUM, None, maximum, draw)
    for ratio in rule.et_ratios:
        share = lysis * float(ratio / rule.et_ratio) ** 0.45
        dead = spontaneous + share / 100 * (100 - spontaneous)
        wells += _replicates(WellKind.EFFECTOR, ratio, dead, draw)
    return wells


def _replicates(kind: WellKind, ratio: Decimal | None, mean: float, draw: Random) -> list[Well]:
    return [
        Well(
            kind=kind,
            et_ratio=ratio,
            replicate=number,
            dead_percent=tenths(mean + draw.gauss(0, 0.25)),
            targets=draw.randint(8_000, 10_500),
        )
        for number in range(1, current().cytotoxicity.replicates + 1)
    ]
