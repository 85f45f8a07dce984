"""Analytes with their units and entry limits, and the rules of the two assays (DOMAIN 6, 7, 8)."""

from decimal import Decimal

from trial_site.protocol.definition import (
    Analyte,
    CytotoxicityRule,
    EntryLimits,
    PcrRule,
    Provenance,
    Source,
    UnitConversion,
    above,
    at_least,
    at_most,
    gettext_noop,
)

UMOL_PER_MG_DL_CREATININE = Decimal("88.4")

CREATININE_LIMITS = EntryLimits(
    "µmol/L",
    soft=(at_least("30", "µmol/L"), at_most("300", "µmol/L")),
    hard=(at_least("5", "µmol/L"), at_most("3000", "µmol/L")),
)
LYSIS_LIMITS = EntryLimits("%", hard=(at_least("-25", "%"), at_most("100", "%")))

PCR = PcrRule(
    analyte="cmv_dna",
    threshold=Decimal("1000"),
    unit="copies/mL",
    specimen="plasma",
    confirmation_days=5,
    relapse_results=2,
    refractory_log10_rise=Decimal("1"),
    refractory_after_days=14,
    # Twice weekly: every 3 to 4 days, so due on the third and not late before the fifth.
    days_between_until_confirmed=3,
    days_between_until_withdrawal=7,
    months_between_in_follow_up=1,
    slack_days=1,
    provenance=Provenance(
        Source.REGISTRY,
        quote="The CMV-DNA levels will be monitored until it turned out to be negative.",
        reading=gettext_noop(
            "Below 1000 copies/mL of plasma is negative, above it allocatable, exactly at it "
            "neither. Sampled twice weekly until a confirmed conversion, weekly to withdrawal, "
            "then monthly."
        ),
        decision="D4",
    ),
)

CYTOTOXICITY = CytotoxicityRule(
    formula="A",
    et_ratio=Decimal("25"),
    et_ratios=(Decimal("50"), Decimal("25"), Decimal("12.5"), Decimal("6.25")),
    effectors=(("pbmc", gettext_noop("PBMC")), ("purified_nk", gettext_noop("Purified NK cells"))),
    replicates=3,
    max_spontaneous=Decimal("15"),
    min_maximum=Decimal("85"),
    max_cv_percent=Decimal("20"),
    min_targets=5000,
    result_limits=LYSIS_LIMITS,
    provenance=Provenance(
        Source.REGISTRY,
        quote="NK cells cytotoxicity will be detected by flow cytometry",
        reading=gettext_noop(
            "Specific lysis by formula A, (E - S) / (100 - S) x 100, at an effector to target "
            "ratio of 25:1, the same formula, ratio and effectors at both visits. Negative "
            "results are kept."
        ),
        decision="NKQuality",
    ),
)

_FROM_DOMAIN = Provenance(
    Source.DECISION, reading=gettext_noop("Entry limits of the domain reference.")
)
_PLAUSIBLE = Provenance(
    Source.DECISION,
    reading=gettext_noop("Physical limits only: a plausibility limit proposed here."),
)


def _from_zero(unit: str) -> EntryLimits:
    return EntryLimits(unit, hard=(at_least("0", unit),))


def _converted(**factors: str) -> tuple[UnitConversion, ...]:
    return tuple(UnitConversion(unit, Decimal(factor)) for unit, factor in factors.items())


def _blood_cells(code: str, name: str, loinc: str) -> Analyte:
    return Analyte(
        code,
        name,
        group="safety",
        unit="10^9/L",
        ucum="10*9/L",
        loinc=loinc,
        conversions=_converted(**{"10^3/µL": "1", "/µL": "0.001"}),
        entry_limits=_from_zero("10^9/L"),
        display_places=2,
        provenance=_PLAUSIBLE,
    )


def _percent(code: str, name: str, group: str = "subset", lowest: str = "0") -> Analyte:
    """``lowest`` is below 0 where the unstimulated sample is subtracted."""
    limits = EntryLimits("%", hard=(at_least(lowest, "%"), at_most("100", "%")))
    return Analyte(
        code, name, group, "%", "%", entry_limits=limits, display_places=1, provenance=_PLAUSIBLE
    )


def _subset_count(code: str, name: str, loinc: str = "") -> Analyte:
    return Analyte(
        code,
        name,
        group="subset",
        unit="cells/µL",
        ucum="{cells}/uL",
        loinc=loinc,
        conversions=_converted(**{"10^9/L": "1000"}),
        entry_limits=_from_zero("cells/µL"),
        display_places=0,
        provenance=_PLAUSIBLE,
    )


def _transaminase(code: str, name: str, loinc: str) -> Analyte:
    return Analyte(
        code,
        name,
        group="safety",
        unit="U/L",
        ucum="U/L",
        loinc=loinc,
        entry_limits=_from_zero("U/L"),
        display_places=0,
        provenance=_PLAUSIBLE,
    )


def _cytokine(code: str, name: str) -> Analyte:
    return Analyte(
        code,
        name,
        group="cytokine",
        unit="pg/mL",
        ucum="pg/mL",
        entry_limits=_from_zero("pg/mL"),
        display_places=1,
        provenance=_PLAUSIBLE,
    )


def _serology(code: str, name: str, kit_unit: str) -> Analyte:
    """Kits do not compare: ``kit_unit`` is recorded as printed and never converted."""
    return Analyte(
        code,
        name,
        group="serology",
        unit="AU/mL",
        ucum="[arb'U]/mL",
        entry_limits=_from_zero("AU/mL"),
        display_places=2,
        provenance=_PLAUSIBLE,
        unconverted_units=(kit_unit,),
    )


_ASSAYS = (
    Analyte(
        "cmv_dna",
        gettext_noop("CMV-DNA"),
        group="pcr",
        unit=PCR.unit,
        ucum="{copies}/mL",
        entry_limits=EntryLimits(
            PCR.unit,
            soft=(at_least("1E+2", PCR.unit), at_most("1E+7", PCR.unit)),
            hard=(above("0", PCR.unit), at_most("1E+10", PCR.unit)),
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
    ),
    Analyte(
        "nk_lysis",
        gettext_noop("NK cytotoxicity, specific lysis"),
        group="cytotoxicity",
        unit="%",
        ucum="%",
        entry_limits=LYSIS_LIMITS,
        display_places=2,
        provenance=_FROM_DOMAIN,
    ),
    _percent(
        "nk_percent_of_effectors",
        gettext_noop("NK cells, percent of effectors"),
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
        ucum="g/L",
        loinc="718-7",
        conversions=_converted(**{"g/dL": "10"}),
        entry_limits=EntryLimits("g/L", hard=(above("0", "g/L"),)),
        display_places=0,
        provenance=_PLAUSIBLE,
    ),
    _blood_cells("platelets", gettext_noop("Platelets"), "26515-7"),
    Analyte(
        "creatinine",
        gettext_noop("Creatinine"),
        group="safety",
        unit="µmol/L",
        ucum="umol/L",
        loinc="14682-9",
        conversions=(UnitConversion("mg/dL", UMOL_PER_MG_DL_CREATININE),),
        entry_limits=CREATININE_LIMITS,
        display_places=1,
        provenance=_FROM_DOMAIN,
    ),
    _transaminase("alt", gettext_noop("ALT"), "1742-6"),
    _transaminase("ast", gettext_noop("AST"), "1920-8"),
    Analyte(
        "bilirubin",
        gettext_noop("Total bilirubin"),
        group="safety",
        unit="µmol/L",
        ucum="umol/L",
        loinc="14631-6",
        conversions=_converted(**{"mg/dL": "17.1"}),
        entry_limits=_from_zero("µmol/L"),
        display_places=1,
        provenance=_PLAUSIBLE,
    ),
    _blood_cells("lymphocytes", gettext_noop("Lymphocytes"), "26474-7"),
)

_IMMUNOLOGY = (
    _percent("nk_percent", gettext_noop("NK cells (CD3- CD16/56+), percent of lymphocytes")),
    _subset_count("nk_count", gettext_noop("NK cells (CD3- CD16/56+)")),
    _percent("nk_dim_percent", gettext_noop("CD56dim CD16+ cells, percent of NK cells")),
    _subset_count("nk_dim_count", gettext_noop("CD56dim CD16+ cells")),
    _percent("nk_bright_percent", gettext_noop("CD56bright CD16-/dim cells, percent of NK cells")),
    _subset_count("nk_bright_count", gettext_noop("CD56bright CD16-/dim cells")),
    _subset_count("cd4_count", gettext_noop("CD4 T cells"), "24467-3"),
    _subset_count("cd8_count", gettext_noop("CD8 T cells"), "14135-8"),
    _percent(
        "cmv_cd8_percent",
        gettext_noop("CMV-specific CD8 T cells, percent of CD8 T cells"),
        lowest="-100",
    ),
    _percent("nk_ifng_percent", gettext_noop("Stimulated IFN-gamma+ cells, percent of NK cells")),
    _percent("nk_cd107a_percent", gettext_noop("Stimulated CD107a+ cells, percent of NK cells")),
    _cytokine("tnf_alpha", gettext_noop("Serum TNF-alpha")),
    _cytokine("ifn_gamma", gettext_noop("Serum IFN-gamma")),
    _serology("cmv_igm", gettext_noop("CMV IgM"), "index"),
    _serology("cmv_igg", gettext_noop("CMV IgG"), "U/mL"),
)

ANALYTES = (*_ASSAYS, *_SAFETY, *_IMMUNOLOGY)
