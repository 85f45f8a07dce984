"""The demo's laboratory: what it calls normal, and the assays that it runs.  Fictional."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from labs.actions.laboratories import add_range, register_assay, register_laboratory
from labs.models import Laboratory
from labs.rules.ranges import RangeRow
from labs.rules.setup import AssayRow
from simulation.disease import LLOQ, LOD
from simulation.samples import CYTOKINE_KIT, IGG_KIT, IGM_KIT, PCR_ASSAY
from trial_site import clock
from trial_site.models import Site, User
from trial_site.protocol import current

NAME = "Clinical laboratory"
KITS = {"architect_igm": IGM_KIT, "architect_igg": IGG_KIT}
MOST_IGG = Decimal(150)  # AU/mL, what the kit can read
# Analyte, sex, unit, lower and upper limit.
RANGES = (
    ("anc", "", "10^9/L", "1.8", "6.3"),
    ("wbc", "", "10^9/L", "3.5", "9.5"),
    ("platelets", "", "10^9/L", "125", "350"),
    ("hemoglobin", "female", "g/L", "115", "150"),
    ("hemoglobin", "male", "g/L", "130", "175"),
    ("creatinine", "", "µmol/L", "41", "97"),
    ("alt", "", "U/L", "7", "40"),
    ("ast", "", "U/L", "13", "35"),
    ("bilirubin", "", "µmol/L", "3.4", "21.0"),
    ("lymphocytes", "", "10^9/L", "1.1", "3.2"),
)


def set_up(site: Site, by: User) -> Laboratory:
    """The laboratory of ``site``, registered by ``by`` where it is missing."""
    found: Laboratory | None = site.laboratories.filter(name=NAME).first()
    if found:
        return found
    laboratory = register_laboratory(site, name=NAME, by=by)
    for analyte, sex, unit, low, high in RANGES:
        row = RangeRow(analyte, sex, unit, Decimal(low), Decimal(high), _long_ago(), None)
        add_range(laboratory, row=row, by=by)
    pcr = current().pcr
    register_assay(laboratory, row=AssayRow(pcr.analyte, PCR_ASSAY, pcr.unit, LOD, LLOQ), by=by)
    for analyte in ("tnf_alpha", "ifn_gamma"):
        register_assay(laboratory, row=AssayRow(analyte, CYTOKINE_KIT, "pg/mL"), by=by)
    for kit in current().serology_kits:
        if kit.code in KITS:
            row_of_kit = AssayRow(
                kit.analyte,
                KITS[kit.code],
                kit.unit,
                uloq=MOST_IGG if kit.analyte == "cmv_igg" else None,
                positive_from=kit.positive_from,
                grey_from=kit.grey_from,
            )
            register_assay(laboratory, row=row_of_kit, by=by)
    return laboratory


def _long_ago() -> dt.date:
    """Before any blood of this trial was drawn."""
    return clock.today() - dt.timedelta(days=365)
