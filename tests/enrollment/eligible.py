"""A screening that passes every criterion on ``JUDGED_ON``, to be changed by one value a test."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from enrollment.facts import Measurement, QualitativeResult, ScreeningFacts, SteroidDose, ViralLoad
from enrollment.rules.eligibility import evaluate
from enrollment.rules.verdicts import CriterionVerdict, Eligibility
from trial_site.messages import Message
from trial_site.protocol import current

CONSENT_ON = date(2026, 3, 16)
SAMPLED_ON = date(2026, 3, 17)
JUDGED_ON = date(2026, 3, 18)

NEGATIVE, POSITIVE = QualitativeResult.NEGATIVE, QualitativeResult.POSITIVE
TESTS = {
    "hbsag": NEGATIVE,
    "anti_hcv": NEGATIVE,
    "hiv_ag_ab": NEGATIVE,
    "treponemal": NEGATIVE,
    "rpr": NEGATIVE,
    "ebv_dna": NEGATIVE,
}

CMV = ViralLoad(
    operator="=",
    value=Decimal("52000"),
    unit="copies/mL",
    specimen="plasma",
    assay="in-house PCR",
    lloq=Decimal("500"),
    lod=Decimal("100"),
    collected_on=SAMPLED_ON,
)

ELIGIBLE = ScreeningFacts(
    birth_date=date(1984, 5, 2),
    sex="female",
    weight_kg=Decimal("60.0"),
    weight_on=SAMPLED_ON,
    diagnosis="sle",
    criteria_set="EULAR/ACR 2019",
    diagnosis_on=date(2019, 6, 1),
    diagnosis_attested=True,
    cmv=CMV,
    steroids=(SteroidDose(date(2026, 3, 14), "methylprednisolone", Decimal("40")),),
    creatinine=Decimal("62"),
    creatinine_unit="µmol/L",
    creatinine_collected_on=SAMPLED_ON,
    alt=Decimal("46"),
    alt_uln=Decimal("40"),
    ast=Decimal("30"),
    ast_uln=Decimal("35"),
    bilirubin=Decimal("12.4"),
    bilirubin_uln=Decimal("21.0"),
    bilirubin_unit="µmol/L",
    liver_collected_on=SAMPLED_ON,
    infections=TESTS,
    infection_dates={test.code: SAMPLED_ON for test in current().infection_tests},
    febrile=False,
    other_infection=False,
    il2_allergy=False,
    ganciclovir_allergy=False,
    heart_failure=False,
    other_severe_disease=False,
    malignancy=False,
    uncontrolled_psychiatric=False,
    childbearing_potential=True,
    hcg=NEGATIVE,
    hcg_on=SAMPLED_ON,
    breastfeeding=False,
    anc=Measurement(Decimal("2.1"), "10^9/L"),
    hemoglobin=Measurement(Decimal("112"), "g/L"),
    platelets=Measurement(Decimal("180"), "10^9/L"),
)


def judge(
    facts: ScreeningFacts, *, consent_on: date | None = CONSENT_ON, judged_on: date = JUDGED_ON
) -> Eligibility:
    return evaluate(facts, consent_on=consent_on, judged_on=judged_on, protocol=current())


def verdict(criterion_id: str, **changes: Any) -> CriterionVerdict:
    """The verdict of one criterion after ``changes`` to the eligible screening."""
    return judge(replace(ELIGIBLE, **changes)).verdict(criterion_id)


def words(messages: tuple[Message, ...]) -> list[str]:
    return [str(message) for message in messages]
