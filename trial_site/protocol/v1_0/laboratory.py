"""The rules of the two assays, absolute counts, cut-offs of kits, codes of units (DOMAIN 6, 7)."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from trial_site.protocol.definition import (
    CountRule,
    CytotoxicityRule,
    PcrRule,
    Provenance,
    SerologyKit,
    Source,
    gettext_noop,
)
from trial_site.protocol.v1_0.analytes import CMV_DNA, LYSIS_LIMITS

PCR = PcrRule(
    measured=CMV_DNA,
    threshold=Decimal("1000"),
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

# A percentage of NK cells needs their count first: in this order each finds what it is of.
COUNTS = (
    CountRule("nk_count", percent="nk_percent", of="lymphocytes"),
    CountRule("nk_dim_count", percent="nk_dim_percent", of="nk_count"),
    CountRule("nk_bright_count", percent="nk_bright_percent", of="nk_count"),
)

_KITS_TABLE = "JCM 108476, Quest 6732"

SEROLOGY_KITS = (
    SerologyKit(
        code="architect_igm",
        name="Architect CMV IgM",
        analyte="cmv_igm",
        unit="index",
        positive_from=Decimal("1.00"),
        grey_from=Decimal("0.85"),
        source=_KITS_TABLE,
    ),
    SerologyKit(
        code="other_igm",
        name=gettext_noop("Another CMV IgM kit, AU/mL"),
        analyte="cmv_igm",
        unit="AU/mL",
        positive_from=Decimal("35"),
        grey_from=None,
        source=_KITS_TABLE,
    ),
    SerologyKit(
        code="architect_igg",
        name="Architect CMV IgG",
        analyte="cmv_igg",
        unit="AU/mL",
        positive_from=Decimal("6.0"),
        grey_from=None,
        source=_KITS_TABLE,
    ),
    SerologyKit(
        code="other_igg",
        name=gettext_noop("Another CMV IgG kit, U/mL"),
        analyte="cmv_igg",
        unit="U/mL",
        positive_from=Decimal("0.70"),
        grey_from=None,
        source=_KITS_TABLE,
    ),
)

# Units that a kit or a laboratory defines for itself stand in braces or as arbitrary units: the U
# of UCUM is the enzyme unit, and an antibody is none.
UCUM: Mapping[str, str] = MappingProxyType(
    {
        "copies/mL": "{copies}/mL",
        "log10 copies/mL": "{Log_copies}/mL",
        "IU/mL": "[IU]/mL",
        "%": "%",
        "10^9/L": "10*9/L",
        "10^3/µL": "10*3/uL",
        "/µL": "/uL",
        "cells/µL": "{cells}/uL",
        "g/L": "g/L",
        "g/dL": "g/dL",
        "µmol/L": "umol/L",
        "mg/dL": "mg/dL",
        "U/L": "U/L",
        "pg/mL": "pg/mL",
        "AU/mL": "[arb'U]/mL",
        "U/mL": "{kit_U}/mL",
        "index": "{index_val}",
    }
)
