"""What the simulated laboratory types in."""

import datetime as dt
from decimal import Decimal
from random import Random

from labs.actions import Entry
from labs.rules.wells import Well, WellKind
from simulation.disease import LLOQ, LOD, Patient, hundredths, tenths
from trial_site.protocol import current

PCR_ASSAY = "PCR-CMV-2"
CYTOKINE_KIT, IGM_KIT, IGG_KIT = "Cytokine ELISA", "CMV IgM ELISA", "CMV IgG ELISA"
NO_MATCHING_HLA_EVERY = 5


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
    """A blood count and chemistry; the laboratory's limits are those in force."""
    draw = patient.random
    return [
        Entry("anc", "10^9/L", neutrophils),
        Entry("wbc", "10^9/L", neutrophils + hundredths(patient.immune.uniform(1.1, 2.6))),
        Entry("hemoglobin", "g/L", Decimal(draw.randint(98, 136))),
        Entry("platelets", "10^9/L", Decimal(draw.randint(96, 260))),
        Entry("creatinine", "µmol/L", patient.creatinine()),
        Entry("alt", "U/L", Decimal(draw.randint(12, 52))),
        Entry("ast", "U/L", Decimal(draw.randint(12, 40))),
        Entry("bilirubin", "µmol/L", tenths(draw.uniform(5, 20))),
    ]


def subset_entries(patient: Patient, day: dt.date) -> list[Entry]:
    """Percentages of one flow panel; the counts follow from them."""
    draw = patient.immune
    return [
        Entry("lymphocytes", "10^9/L", hundredths(draw.uniform(0.8, 2.1))),
        Entry("nk_percent", "%", tenths(patient.nk_percent(day))),
        Entry("nk_dim_percent", "%", tenths(draw.uniform(82, 94))),
        Entry("nk_bright_percent", "%", tenths(draw.uniform(2, 11))),
        Entry("cd4_count", "cells/µL", Decimal(draw.randint(220, 900))),
        Entry("cd8_count", "cells/µL", Decimal(draw.randint(250, 980))),
        _specific_cd8(patient, tenths(draw.uniform(0.2, 6))),
        Entry("nk_ifng_percent", "%", tenths(draw.uniform(10, 40))),
        Entry("nk_tnfa_percent", "%", tenths(draw.uniform(6, 25))),
        Entry("nk_cd107a_percent", "%", tenths(draw.uniform(8, 26))),
    ]


def _specific_cd8(patient: Patient, percent: Decimal) -> Entry:
    if patient.index % NO_MATCHING_HLA_EVERY == 3:
        return Entry("cmv_cd8_percent", "%", None, "NE", note="No matching HLA allele")
    return Entry("cmv_cd8_percent", "%", percent)


def cytokine_entries(patient: Patient) -> list[Entry]:
    draw = patient.immune
    tnf, ifn = tenths(draw.uniform(2, 14)), tenths(draw.uniform(1, 18))
    return [
        Entry("tnf_alpha", "pg/mL", tnf, assay=CYTOKINE_KIT, kit_lot="T-26-031"),
        Entry("ifn_gamma", "pg/mL", ifn, assay=CYTOKINE_KIT, kit_lot="I-26-044"),
    ]


def serology_entries(patient: Patient) -> list[Entry]:
    """IgG above what the kit can read is printed as such."""
    igm, igg = hundredths(patient.immune.uniform(0.3, 1.4)), tenths(patient.igg())
    beyond = igg > 150
    return [
        Entry("cmv_igm", "index", igm, assay=IGM_KIT, kit_lot="M-26-008"),
        Entry(
            "cmv_igg",
            "AU/mL",
            Decimal(150) if beyond else igg,
            ">" if beyond else "=",
            assay=IGG_KIT,
            kit_lot="G-26-015",
        ),
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
