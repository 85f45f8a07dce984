"""What the criteria are judged from: diagnoses, infection tests, corticosteroids, clearance."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from trial_site.protocol.definition import (
    ClearanceRule,
    EntryLimits,
    InfectionGroup,
    InfectionTest,
    Provenance,
    Source,
    SteroidAgent,
    SteroidRule,
    TestsNeeded,
    at_least,
    at_most,
    gettext_noop,
)
from trial_site.protocol.v1_0.analytes import CREATININE_LIMITS, UMOL_PER_MG_DL_CREATININE

# Names of published criteria are proper names; they are not translated.
CRITERIA_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sle": ("ACR 1997", "SLICC 2012", "EULAR/ACR 2019"),
        "ra": ("ACR 1987", "ACR/EULAR 2010"),
        "ssc": ("ACR/EULAR 2013",),
        "iim": ("Bohan-Peter 1975", "EULAR/ACR 2017"),
        "sjogren": ("AECG 2002", "ACR/EULAR 2016"),
        "anca_vasculitis": ("ACR 1990", "ACR/EULAR 2022"),
        "other": (gettext_noop("Other, named by the investigator"),),
    }
)
DIAGNOSIS_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "sle": gettext_noop("Systemic lupus erythematosus"),
        "ra": gettext_noop("Rheumatoid arthritis"),
        "ssc": gettext_noop("Systemic sclerosis"),
        "iim": gettext_noop("Dermatomyositis or polymyositis"),
        "sjogren": gettext_noop("Sjögren's syndrome"),
        "anca_vasculitis": gettext_noop("ANCA-associated vasculitis"),
        "other": gettext_noop("Other rheumatic disease"),
    }
)

INFECTION_GROUPS = (
    InfectionGroup("bacteraemia", gettext_noop("Bacteraemia"), TestsNeeded.IF_FEBRILE),
    InfectionGroup("hbv", gettext_noop("Hepatitis B"), TestsNeeded.EVERY_REQUIRED),
    InfectionGroup("hcv", gettext_noop("Hepatitis C"), TestsNeeded.EVERY_REQUIRED),
    InfectionGroup("hiv", gettext_noop("HIV"), TestsNeeded.EVERY_REQUIRED),
    InfectionGroup("syphilis", gettext_noop("Syphilis"), TestsNeeded.EVERY_REQUIRED),
    InfectionGroup("ebv", gettext_noop("Epstein-Barr virus"), TestsNeeded.ANY),
    InfectionGroup("other", gettext_noop("Other infection"), TestsNeeded.EVERY_REQUIRED),
)

INFECTION_TESTS = (
    InfectionTest("blood_culture", gettext_noop("Blood culture"), "bacteraemia", required=False),
    InfectionTest("hbsag", gettext_noop("HBsAg"), "hbv", required=True),
    InfectionTest("hbv_dna", gettext_noop("HBV DNA"), "hbv", required=False),
    InfectionTest("anti_hcv", gettext_noop("Anti-HCV"), "hcv", required=True),
    InfectionTest("hcv_rna", gettext_noop("HCV RNA"), "hcv", required=False),
    InfectionTest("hiv_ag_ab", gettext_noop("HIV antigen/antibody"), "hiv", required=True),
    InfectionTest("treponemal", gettext_noop("Treponemal antibody"), "syphilis", required=True),
    InfectionTest("rpr", gettext_noop("RPR"), "syphilis", required=True),
    InfectionTest("ebv_dna", gettext_noop("EBV DNA"), "ebv", required=False),
    InfectionTest("ebv_vca_igm", gettext_noop("EBV VCA-IgM"), "ebv", required=False),
    InfectionTest(
        "other_infection", gettext_noop("Other active infection"), "other", required=True
    ),
)


def _agent(code: str, name: str, equivalent_mg: str) -> SteroidAgent:
    return SteroidAgent(code, name, Decimal(equivalent_mg))


STEROIDS = SteroidRule(
    agents=(
        _agent("prednisone", gettext_noop("Prednisone"), "5"),
        _agent("prednisolone", gettext_noop("Prednisolone"), "5"),
        _agent("methylprednisolone", gettext_noop("Methylprednisolone"), "4"),
        _agent("triamcinolone", gettext_noop("Triamcinolone"), "4"),
        _agent("hydrocortisone", gettext_noop("Hydrocortisone"), "20"),
        _agent("cortisone", gettext_noop("Cortisone"), "25"),
        _agent("dexamethasone", gettext_noop("Dexamethasone"), "0.75"),
        _agent("betamethasone", gettext_noop("Betamethasone"), "0.75"),
        _agent("deflazacort", gettext_noop("Deflazacort"), "6"),
    ),
    prednisone_mg=Decimal("5"),
    window_first_day=-7,
    window_last_day=-1,
    weight_max_age_days=7,
    weight_limits=EntryLimits(
        "kg",
        soft=(at_least("35", "kg"), at_most("120", "kg")),
        hard=(at_least("20", "kg"), at_most("300", "kg")),
    ),
    daily_prednisone_limits=EntryLimits(
        "mg/d", soft=(at_most("100", "mg/d"),), hard=(at_least("0", "mg/d"),)
    ),
    provenance=Provenance(
        Source.REGISTRY,
        quote="Apply corticosteroid less than 1.0mg/kg/d.",
        reading=gettext_noop(
            "Prednisone equivalents of oral and intravenous doses, highest single calendar day, "
            "so that pulses count; alternate-day dosing averaged over its cycle; actual weight. "
            "Topical, inhaled and intra-articular doses are left out."
        ),
        decision="CorticosteroidWindow",
    ),
)

CLEARANCE = ClearanceRule(
    formula_id="cockcroft_gault",
    age_offset=140,
    divisor=72,
    female_factor=Decimal("0.85"),
    umol_per_mg_dl=UMOL_PER_MG_DL_CREATININE,
    creatinine_limits=CREATININE_LIMITS,
    unit_slip_mg_dl_above=Decimal("15"),
    provenance=Provenance(
        Source.REGISTRY,
        quote="Renal insufficiency (creatinine clearance ≤30 ml/min)",
        reading=gettext_noop(
            "The record names no method: Cockcroft-Gault in mL/min, not per body surface, with "
            "actual weight, completed years on the sample date and sex at birth. Never rounded "
            "before it is compared."
        ),
    ),
)
