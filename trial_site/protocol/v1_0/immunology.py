"""Lymphocyte subsets, cytokines and antibodies, with what is found in adults (DOMAIN 7)."""

from trial_site.protocol.definition import AdultRange, Analyte, gettext_noop
from trial_site.protocol.v1_0.measures import PLAUSIBLE, adults, converted, from_zero, percent


def _subset_count(code: str, name: str, *found: AdultRange, loinc: str = "") -> Analyte:
    return Analyte(
        code,
        name,
        group="subset",
        unit="cells/µL",
        loinc=loinc,
        conversions=converted(**{"10^9/L": "1000"}),
        entry_limits=from_zero("cells/µL"),
        display_places=0,
        provenance=PLAUSIBLE,
        adult_ranges=found,
    )


def _cytokine(code: str, name: str, found: AdultRange) -> Analyte:
    return Analyte(
        code,
        name,
        group="cytokine",
        unit="pg/mL",
        entry_limits=from_zero("pg/mL"),
        display_places=1,
        provenance=PLAUSIBLE,
        adult_ranges=(found,),
    )


def _serology(code: str, name: str, kit_unit: str) -> Analyte:
    """Kits do not compare: ``kit_unit`` is recorded as printed and never converted."""
    return Analyte(
        code,
        name,
        group="serology",
        unit="AU/mL",
        entry_limits=from_zero("AU/mL"),
        display_places=2,
        provenance=PLAUSIBLE,
        unconverted_units=(kit_unit,),
    )


_LYMPHOCYTES = gettext_noop("lymphocytes")
_NK_CELLS = gettext_noop("NK cells")
_CD8_CELLS = gettext_noop("CD8 T cells")
_ARUP = "ARUP 2013805"
_HONG_KONG = gettext_noop("Hong Kong Chinese adults, PMC3623424")
_STIMULATED = "medluna 27236137"
_RECALLED = gettext_noop("recalled without a stored source, to be confirmed")

IMMUNOLOGY = (
    percent(
        "nk_percent",
        gettext_noop("NK cells (CD3- CD16/56+), percent of lymphocytes"),
        _LYMPHOCYTES,
        adults("5.0", "32.5", "%", _ARUP),
    ),
    _subset_count(
        "nk_count",
        gettext_noop("NK cells (CD3- CD16/56+)"),
        adults("91", "593", "cells/µL", _ARUP),
        adults("61", "607", "cells/µL", _HONG_KONG),
    ),
    percent(
        "nk_dim_percent",
        gettext_noop("CD56dim CD16+ cells, percent of NK cells"),
        _NK_CELLS,
        adults("47.0", "94.5", "%", _ARUP),
    ),
    _subset_count(
        "nk_dim_count",
        gettext_noop("CD56dim CD16+ cells"),
        adults("51", "482", "cells/µL", _ARUP),
    ),
    percent(
        "nk_bright_percent",
        gettext_noop("CD56bright CD16-/dim cells, percent of NK cells"),
        _NK_CELLS,
        adults("0.7", "6.3", "%", _ARUP),
    ),
    _subset_count(
        "nk_bright_count",
        gettext_noop("CD56bright CD16-/dim cells"),
        adults("2", "16", "cells/µL", _ARUP),
    ),
    _subset_count(
        "cd4_count",
        gettext_noop("CD4 T cells"),
        adults("396", "1309", "cells/µL", _HONG_KONG),
        loinc="24467-3",
    ),
    _subset_count(
        "cd8_count",
        gettext_noop("CD8 T cells"),
        adults("224", "1014", "cells/µL", _HONG_KONG),
        loinc="14135-8",
    ),
    percent(
        "cmv_cd8_percent",
        gettext_noop("CMV-specific CD8 T cells, percent of CD8 T cells"),
        _CD8_CELLS,
        adults("0", "10", "%", _RECALLED),
        lowest="-100",
    ),
    percent(
        "nk_ifng_percent",
        gettext_noop("Stimulated IFN-gamma+ cells, percent of NK cells"),
        _NK_CELLS,
        adults("11.3", "52.0", "%", _STIMULATED),
    ),
    percent(
        "nk_tnfa_percent",
        gettext_noop("Stimulated TNF-alpha+ cells, percent of NK cells"),
        _NK_CELLS,
    ),
    percent(
        "nk_cd107a_percent",
        gettext_noop("Stimulated CD107a+ cells, percent of NK cells"),
        _NK_CELLS,
        adults("9.9", "27.6", "%", _STIMULATED),
    ),
    _cytokine(
        "tnf_alpha",
        gettext_noop("Serum TNF-alpha"),
        adults("1.4", "11.9", "pg/mL", gettext_noop("across laboratories, Vibrant")),
    ),
    _cytokine("ifn_gamma", gettext_noop("Serum IFN-gamma"), adults("", "15", "pg/mL", _RECALLED)),
    _serology("cmv_igm", gettext_noop("CMV IgM"), "index"),
    _serology("cmv_igg", gettext_noop("CMV IgG"), "U/mL"),
)
