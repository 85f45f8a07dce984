"""The analytes with their units and entry limits (DOMAIN 6, 7, 8)."""

from decimal import Decimal

from trial_site.protocol.definition import (
    Analyte,
    EntryLimits,
    Provenance,
    Source,
    UnitConversion,
    above,
    at_least,
    at_most,
    gettext_noop,
)
from trial_site.protocol.v1_0.immunology import IMMUNOLOGY
from trial_site.protocol.v1_0.measures import (
    FROM_DOMAIN,
    PLAUSIBLE,
    converted,
    from_zero,
    percent,
)

UMOL_PER_MG_DL_CREATININE = Decimal("88.4")

CREATININE_LIMITS = EntryLimits(
    "µmol/L",
    soft=(at_least("30", "µmol/L"), at_most("300", "µmol/L")),
    hard=(at_least("5", "µmol/L"), at_most("3000", "µmol/L")),
)
LYSIS_LIMITS = EntryLimits("%", hard=(at_least("-25", "%"), at_most("100", "%")))


def _blood_cells(code: str, name: str, loinc: str) -> Analyte:
    return Analyte(
        code,
        name,
        group="safety",
        unit="10^9/L",
        loinc=loinc,
        conversions=converted(**{"10^3/µL": "1", "/µL": "0.001"}),
        entry_limits=from_zero("10^9/L"),
        display_places=2,
        provenance=PLAUSIBLE,
    )


def _transaminase(code: str, name: str, loinc: str) -> Analyte:
    return Analyte(
        code,
        name,
        group="safety",
        unit="U/L",
        loinc=loinc,
        entry_limits=from_zero("U/L"),
        display_places=0,
        provenance=PLAUSIBLE,
    )


_COPIES = "copies/mL"
CMV_DNA = Analyte(
    "cmv_dna",
    gettext_noop("CMV-DNA"),
    group="pcr",
    unit=_COPIES,
    conversions=(UnitConversion("log10 copies/mL", logarithmic=True),),
    entry_limits=EntryLimits(
        _COPIES,
        soft=(at_least("1E+2", _COPIES), at_most("1E+7", _COPIES)),
        hard=(above("0", _COPIES), at_most("1E+10", _COPIES)),
    ),
    display_places=0,
    provenance=Provenance(
        Source.REGISTRY,
        quote="CMV-DNA will be detected by PCR",
        reading=gettext_noop(
            "Copies per millilitre. IU/mL is recorded as printed and never silently converted."
        ),
        decision="D5",
    ),
    unconverted_units=("IU/mL",),
    assay_units=("IU/mL",),
)

_ASSAYS = (
    CMV_DNA,
    Analyte(
        "nk_lysis",
        gettext_noop("NK cytotoxicity, specific lysis"),
        group="cytotoxicity",
        unit="%",
        entry_limits=LYSIS_LIMITS,
        display_places=2,
        provenance=FROM_DOMAIN,
    ),
    percent(
        "nk_percent_of_effectors",
        gettext_noop("NK cells, percent of effectors"),
        gettext_noop("effector cells"),
        group="cytotoxicity",
    ),
)

_SAFETY = (
    _blood_cells("anc", gettext_noop("Neutrophils (ANC)"), "26499-4"),
    _blood_cells("wbc", gettext_noop("White blood cells"), "26464-8"),
    Analyte(
        "hemoglobin",
        gettext_noop("Haemoglobin"),
        group="safety",
        unit="g/L",
        loinc="718-7",
        conversions=converted(**{"g/dL": "10"}),
        entry_limits=EntryLimits("g/L", hard=(above("0", "g/L"),)),
        display_places=0,
        provenance=PLAUSIBLE,
    ),
    _blood_cells("platelets", gettext_noop("Platelets"), "26515-7"),
    Analyte(
        "creatinine",
        gettext_noop("Creatinine"),
        group="safety",
        unit="µmol/L",
        loinc="14682-9",
        conversions=(UnitConversion("mg/dL", UMOL_PER_MG_DL_CREATININE),),
        entry_limits=CREATININE_LIMITS,
        display_places=1,
        provenance=FROM_DOMAIN,
    ),
    _transaminase("alt", gettext_noop("ALT"), "1742-6"),
    _transaminase("ast", gettext_noop("AST"), "1920-8"),
    Analyte(
        "bilirubin",
        gettext_noop("Total bilirubin"),
        group="safety",
        unit="µmol/L",
        loinc="14631-6",
        conversions=converted(**{"mg/dL": "17.1"}),
        entry_limits=from_zero("µmol/L"),
        display_places=1,
        provenance=PLAUSIBLE,
    ),
    _blood_cells("lymphocytes", gettext_noop("Lymphocytes"), "26474-7"),
)

ANALYTES = (*_ASSAYS, *_SAFETY, *IMMUNOLOGY)
