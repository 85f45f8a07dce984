"""Who may be allocated: every criterion, with the registry's sentence (DOMAIN 1.1, 1.3, 12)."""

from trial_site.protocol.definition import (
    Criterion,
    CriterionKind,
    Provenance,
    Source,
    above,
    at_least,
    at_most,
    below,
    gettext_noop,
)
from trial_site.protocol.v1_0.doses import GANCICLOVIR
from trial_site.protocol.v1_0.laboratory import PCR
from trial_site.protocol.v1_0.visits import SCREENING_DAYS

_THRESHOLD = str(PCR.threshold)


def _registry(quote: str, reading: str, decision: str = "") -> Provenance:
    return Provenance(Source.REGISTRY, quote=quote, reading=reading, decision=decision)


_INCLUSIONS = (
    Criterion(
        "A1",
        CriterionKind.INCLUSION,
        gettext_noop("Age"),
        gettext_noop("18 to 70 completed years, from the 18th birthday until the 71st."),
        _registry(
            "Minimum Age & Unit of Time 18 Years Maximum Age & Unit of Time 70 Years",
            gettext_noop("Completed years on the day of consent; a full birth date is needed."),
            "Age",
        ),
        limits=(at_least("18", "years"), at_most("70", "years")),
    ),
    Criterion(
        "A2",
        CriterionKind.INCLUSION,
        gettext_noop("Sex"),
        gettext_noop("Any sex; patients only."),
        _registry(
            "Sex All",
            gettext_noop(
                "All sexes. Sex at birth is stored for the creatinine clearance. Healthy "
                "volunteers are not accepted."
            ),
        ),
    ),
    Criterion(
        "I1",
        CriterionKind.INCLUSION,
        gettext_noop("Rheumatic disease"),
        gettext_noop(
            "Diagnosis, classification criteria, date and the investigator's attestation."
        ),
        _registry(
            "Diagnosis of Rheumatic disease by the Criteria ;",
            gettext_noop(
                "The record names no criteria: any set of the list for that disease is accepted. "
                "Anything missing makes the criterion unknown."
            ),
            "I1",
        ),
    ),
    Criterion(
        "I2",
        CriterionKind.INCLUSION,
        gettext_noop("CMV-DNA positive"),
        gettext_noop(
            "Above 1,000 copies/mL in plasma, at most 7 days old. Exactly 1,000 does not pass."
        ),
        _registry(
            "Patients have current CMV infection, CMV-DNA are positive.",
            gettext_noop(
                "Allocation needs more than 1000 copies/mL of plasma, collected at most 7 days "
                "before day 0. Detected but not above it is positive, not allocatable."
            ),
            "D4",
        ),
        limits=(above(_THRESHOLD, PCR.unit),),
        max_age_days=7,
    ),
    Criterion(
        "I3",
        CriterionKind.INCLUSION,
        gettext_noop("Corticosteroid dose"),
        gettext_noop("Below 1.0 mg/kg/d of prednisone equivalent. Exactly 1.0 does not pass."),
        _registry(
            "Apply corticosteroid less than 1.0mg/kg/d.",
            gettext_noop(
                "Systemic routes, in prednisone equivalents, on the highest day of the 7 days "
                "before allocation. 0 mg passes and is flagged. A dose above 0 needs a weight at "
                "most 7 days old."
            ),
            "D11",
        ),
        limits=(below("1.0", "mg/kg/d"),),
        max_age_days=7,
    ),
)

_EXCLUSIONS = (
    Criterion(
        "E1",
        CriterionKind.EXCLUSION,
        gettext_noop("CMV-DNA negative"),
        gettext_noop("Excluded below 1,000 copies/mL."),
        _registry(
            "CMV-DNA is negative.",
            gettext_noop("Negative is below 1000 copies/mL, as the conversion outcome defines it."),
            "D4",
        ),
        limits=(below(_THRESHOLD, PCR.unit),),
        max_age_days=7,
    ),
    Criterion(
        "E2",
        CriterionKind.EXCLUSION,
        gettext_noop("Other active infection"),
        gettext_noop(
            "Any active infection excludes: bacteraemia, HBV, HCV, HIV, syphilis, EBV, other. A "
            "negative test counts for 14 days."
        ),
        _registry(
            "Other infection, such as bacteremia, hepatitis B and C viruses, HIV, syphilis, "
            "bacteremia, Epstein-Barr virus and so on.",
            gettext_noop(
                "Active infection only, by the listed tests; EBV IgG alone is past infection. "
                "Past or treated infection is the investigator's decision with a reason, for each "
                "infection. A negative test counts when it is from the screening window; a "
                "positive one counts whatever its date."
            ),
            "EBV",
        ),
        max_age_days=SCREENING_DAYS,
    ),
    Criterion(
        "E3",
        CriterionKind.EXCLUSION,
        gettext_noop("Allergy or intolerance to IL-2"),
        gettext_noop("Known allergy, hypersensitivity or intolerance to IL-2 or its excipients."),
        _registry(
            "Known allergies, hypersensitivity, or intolerance to IL-2 or its excipients.",
            gettext_noop(
                "Allergy to ganciclovir or valganciclovir is absent from the record although a "
                "label contraindication: it is a separate safety stop."
            ),
        ),
    ),
    Criterion(
        "E4a",
        CriterionKind.EXCLUSION,
        gettext_noop("Heart failure"),
        gettext_noop("Excluded at NYHA class III or IV. Class II is allowed."),
        _registry(
            "Heart failure (≥ grade III NYHA)",
            gettext_noop("Without heart failure it does not apply; a missing class is unknown."),
        ),
        limits=(at_least("3", "NYHA class"),),
    ),
    Criterion(
        "E4b",
        CriterionKind.EXCLUSION,
        gettext_noop("Creatinine clearance"),
        gettext_noop("Excluded at 30 mL/min or below."),
        _registry(
            "Renal insufficiency (creatinine clearance ≤30 ml/min)",
            gettext_noop(
                "By Cockcroft-Gault, unrounded; the creatinine is from the screening window."
            ),
        ),
        limits=(at_most("30", "mL/min"),),
        max_age_days=SCREENING_DAYS,
    ),
    Criterion(
        "E4c",
        CriterionKind.EXCLUSION,
        gettext_noop("ALT or AST"),
        gettext_noop("Excluded above 3 × ULN. Exactly 3 × ULN is allowed."),
        _registry(
            "Hepatic insufficiency (serum ALT or AST >3 times the ULN",
            gettext_noop(
                "Either is enough. Each against the ULN printed with it; one missing is unknown "
                "unless the other already exceeds. From the screening window."
            ),
        ),
        limits=(above("3", "× ULN"),),
        max_age_days=SCREENING_DAYS,
    ),
    Criterion(
        "E4d",
        CriterionKind.EXCLUSION,
        gettext_noop("Total bilirubin"),
        gettext_noop("Excluded above the ULN. Equal to it is allowed."),
        _registry(
            "total bilirubin >ULN for the central laboratory conducting the test",
            gettext_noop(
                "Taken literally, strict as it is, against the performing laboratory's ULN. From "
                "the screening window."
            ),
            "D10",
        ),
        limits=(above("1", "× ULN"),),
        max_age_days=SCREENING_DAYS,
    ),
    Criterion(
        "E4e",
        CriterionKind.EXCLUSION,
        gettext_noop("Other severe disease"),
        gettext_noop(
            "Severe haematological, gastrointestinal, endocrine, pulmonary or neurological disease."
        ),
        _registry(
            "Other disease including hematopathy, gastrointestinal disease, endocrinopathy, "
            "pulmonary, neuropathy.",
            gettext_noop(
                "The heading says severe. Cytopenia may come from CMV or the rheumatic disease "
                "itself: the investigator judges, in words. A yes without them is unknown."
            ),
        ),
    ),
    Criterion(
        "E5",
        CriterionKind.EXCLUSION,
        gettext_noop("Malignancy"),
        gettext_noop("Any history excludes, unless the investigator overrides with a reason."),
        _registry("Malignancy.", gettext_noop("No lookback is stated: any history counts.")),
    ),
    Criterion(
        "E6",
        CriterionKind.EXCLUSION,
        gettext_noop("Uncontrolled psychiatric or emotional disorder"),
        gettext_noop("Uncontrolled disease excludes; controlled disease is allowed."),
        _registry(
            "Had uncontrolled psychiatric or emotional disorder.",
            gettext_noop(
                "The investigator judges whether it is controlled, in words. A yes without them "
                "is unknown."
            ),
        ),
    ),
    Criterion(
        "E7",
        CriterionKind.EXCLUSION,
        gettext_noop("Pregnancy or breast-feeding"),
        gettext_noop("Any excludes. The test is at most 7 days old at the first dose."),
        _registry(
            "Pregnant or breast-feeding",
            gettext_noop(
                "β-hCG where child-bearing is possible; not applicable to men, after the "
                "menopause and to the sterile."
            ),
        ),
        max_age_days=7,
    ),
)

_SAFETY_WARNING = Criterion(
    id="S1",
    kind=CriterionKind.SAFETY,
    title=gettext_noop("Blood counts too low for ganciclovir"),
    limit_text=gettext_noop(
        "Warns at ANC below 0.5 × 10⁹/L, haemoglobin below 80 g/L or platelets below 25 × 10⁹/L."
    ),
    provenance=Provenance(
        Source.DECISION,
        reading=gettext_noop(
            "Not in the record: the stop of the ganciclovir label, a warning and no exclusion."
        ),
    ),
    limits=tuple(hold.bound for hold in GANCICLOVIR.holds),
    max_age_days=SCREENING_DAYS,
)

CRITERIA = (*_INCLUSIONS, *_EXCLUSIONS, _SAFETY_WARNING)
