"""One small function a criterion, found by the id that the protocol gives it."""

from collections.abc import Mapping
from types import MappingProxyType

from enrollment.rules.criteria.case import CriterionRule
from enrollment.rules.criteria.history import (
    heart_failure,
    il2_allergy,
    malignancy,
    other_severe_disease,
    psychiatric_disorder,
)
from enrollment.rules.criteria.infections import other_infection
from enrollment.rules.criteria.kidney import creatinine_clearance
from enrollment.rules.criteria.liver import bilirubin, transaminases
from enrollment.rules.criteria.person import age, rheumatic_disease, sex
from enrollment.rules.criteria.pregnancy import pregnancy
from enrollment.rules.criteria.treatment import corticosteroid
from enrollment.rules.criteria.virus import cmv_negative, cmv_positive

RULES: Mapping[str, CriterionRule] = MappingProxyType(
    {
        "A1": age,
        "A2": sex,
        "I1": rheumatic_disease,
        "I2": cmv_positive,
        "I3": corticosteroid,
        "E1": cmv_negative,
        "E2": other_infection,
        "E3": il2_allergy,
        "E4a": heart_failure,
        "E4b": creatinine_clearance,
        "E4c": transaminases,
        "E4d": bilirubin,
        "E4e": other_severe_disease,
        "E5": malignancy,
        "E6": psychiatric_disorder,
        "E7": pregnancy,
    }
)
