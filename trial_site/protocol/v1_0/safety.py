"""Harm: reactions, graded terms, vital signs, serious events, deviations (DOMAIN 4, 5, 8, 9)."""

from types import MappingProxyType

from trial_site.protocol.definition import (
    AdverseTerm,
    DeviationKind,
    EntryLimits,
    Provenance,
    ReactionKind,
    ReportingRule,
    SafetyRule,
    Seriousness,
    Source,
    VitalSign,
    above,
    at_least,
    at_most,
    below,
    gettext_noop,
)
from trial_site.protocol.v1_0.medication import ANTIVIRALS, INTERACTIONS

_CTCAE = Provenance(
    Source.DECISION,
    reading=gettext_noop(
        "CTCAE v5.0. The record names no grading; the version is pinned because v6.0 grades "
        "blood counts differently."
    ),
)
_RECALLED = Provenance(
    Source.DECISION,
    reading=gettext_noop(
        "CTCAE v5.0 as recalled by the domain reference; a clinician confirms the wording."
    ),
)

GENERAL_GRADES = MappingProxyType(
    {
        1: gettext_noop("Mild: no or mild symptoms, observation only"),
        2: gettext_noop("Moderate: minimal, local or noninvasive treatment"),
        3: gettext_noop("Severe, not immediately life-threatening; admission or its prolongation"),
        4: gettext_noop("Life-threatening: urgent treatment"),
        5: gettext_noop("Death related to the event"),
    }
)

TERMS = (
    AdverseTerm(
        "injection_site",
        gettext_noop("Injection site reaction"),
        MappingProxyType(
            {
                1: gettext_noop("Tenderness with or without redness or itching"),
                2: gettext_noop("Pain, swelling or phlebitis"),
                3: gettext_noop("Ulceration or necrosis"),
                4: gettext_noop("Life-threatening"),
                5: gettext_noop("Death"),
            }
        ),
        _RECALLED,
    ),
    AdverseTerm(
        "fever",
        gettext_noop("Fever"),
        MappingProxyType(
            {
                1: gettext_noop("38.0 to 39.0 °C"),
                2: gettext_noop("Above 39.0 to 40.0 °C"),
                3: gettext_noop("Above 40.0 °C for 24 hours or less"),
                4: gettext_noop("Above 40.0 °C for more than 24 hours"),
                5: gettext_noop("Death"),
            }
        ),
        _RECALLED,
        measured=((1, at_least("38.0", "°C")), (2, above("39.0", "°C")), (3, above("40.0", "°C"))),
    ),
)

REACTIONS = (
    ReactionKind("redness", gettext_noop("Redness at the site"), "injection_site", is_local=True),
    ReactionKind(
        "induration", gettext_noop("Induration at the site"), "injection_site", is_local=True
    ),
    ReactionKind("pain", gettext_noop("Pain at the site"), "injection_site", is_local=True),
    ReactionKind("fever", gettext_noop("Fever"), "fever"),
    ReactionKind("chills", gettext_noop("Chills"), ""),
    ReactionKind("fatigue", gettext_noop("Fatigue"), ""),
    ReactionKind("flu_like", gettext_noop("Flu-like symptoms"), ""),
    ReactionKind("hypotension", gettext_noop("Low blood pressure"), ""),
    ReactionKind("arrhythmia", gettext_noop("Arrhythmia"), ""),
    ReactionKind("dyspnoea", gettext_noop("Shortness of breath"), ""),
    ReactionKind("rash", gettext_noop("Rash"), ""),
    ReactionKind("nausea", gettext_noop("Nausea"), ""),
    ReactionKind("other", gettext_noop("Another reaction"), ""),
)

_ALERT = Provenance(
    Source.DECISION,
    reading=gettext_noop(
        "The high-dose IL-2 label holds at a systolic pressure below 90 mmHg and an oxygen "
        "saturation below 90 percent; here these are alerts. Limits of entry only catch slips of "
        "the keyboard."
    ),
)


def _sign(
    code: str, name: str, unit: str, hard_top: str, *, alert: str | None = None, term: str = ""
) -> VitalSign:
    """Above 0 and at most ``hard_top``: beyond is impossible."""
    limits = EntryLimits(unit, hard=(above("0", unit), at_most(hard_top, unit)))
    return VitalSign(code, name, unit, limits, below(alert, unit) if alert else None, _ALERT, term)


VITAL_SIGNS = (
    _sign("temperature", gettext_noop("Temperature"), "°C", "50", term="fever"),
    _sign("systolic", gettext_noop("Systolic pressure"), "mmHg", "400", alert="90"),
    _sign("diastolic", gettext_noop("Diastolic pressure"), "mmHg", "400"),
    _sign("pulse", gettext_noop("Pulse"), "/min", "400"),
    _sign("spo2", gettext_noop("Oxygen saturation"), "%", "100", alert="90"),
)

SERIOUSNESS = (
    Seriousness("death", gettext_noop("Death"), is_fatal_or_life_threatening=True),
    Seriousness(
        "life_threatening", gettext_noop("Life-threatening"), is_fatal_or_life_threatening=True
    ),
    Seriousness("hospitalisation", gettext_noop("Hospitalisation or its prolongation")),
    Seriousness("disability", gettext_noop("Persistent or significant disability")),
    Seriousness("congenital", gettext_noop("Congenital anomaly")),
    Seriousness("important", gettext_noop("Medically important")),
)

REPORTING = ReportingRule(
    sponsor_hours=24,
    suspected_fatal_days=7,
    suspected_fatal_follow_up_days=8,
    suspected_other_days=15,
    warn_hours=6,
    provenance=Provenance(
        Source.DECISION,
        reading=gettext_noop(
            "To the sponsor within 24 hours of awareness. A suspected unexpected serious adverse "
            "reaction that is fatal or life-threatening within 7 calendar days, with 8 more for "
            "the follow-up; any other within 15. The day of awareness is day 0. A planned "
            "admission for a trial drug is not serious."
        ),
    ),
)

_PROPOSED = Provenance(
    Source.DECISION,
    reading=gettext_noop(
        "The severity is proposed here; the investigator decides it with each deviation."
    ),
)

DEVIATIONS = (
    DeviationKind(
        "eligibility_violated",
        gettext_noop("Allocated although a criterion was not fulfilled"),
        "major",
        _PROPOSED,
        is_certain=True,
    ),
    DeviationKind(
        "allocated_in_error",
        gettext_noop("Allocated in error"),
        "major",
        _PROPOSED,
        is_certain=True,
    ),
    DeviationKind(
        "il2_without_arm",
        gettext_noop("IL-2 in an arm without it"),
        "major",
        _PROPOSED,
        is_certain=True,
    ),
    DeviationKind("dose_above_order", gettext_noop("Dose above the order"), "major", _PROPOSED),
    DeviationKind("missed_dose", gettext_noop("Dose not given without a hold"), "minor", _PROPOSED),
    DeviationKind("unrecorded_dose", gettext_noop("Dose not recorded"), "minor", _PROPOSED),
    DeviationKind("late_visit", gettext_noop("Visit outside its window"), "minor", _PROPOSED),
    DeviationKind("missed_visit", gettext_noop("Visit missed"), "minor", _PROPOSED),
    DeviationKind(
        "sample_out_of_window", gettext_noop("Sample outside its window"), "minor", _PROPOSED
    ),
    DeviationKind("other", gettext_noop("Another deviation"), "minor", _PROPOSED),
)

SAFETY = SafetyRule(
    terms=TERMS,
    general_grades=GENERAL_GRADES,
    reactions=REACTIONS,
    vital_signs=VITAL_SIGNS,
    seriousness=SERIOUSNESS,
    reporting=REPORTING,
    interactions=INTERACTIONS,
    antivirals=ANTIVIRALS,
    deviations=DEVIATIONS,
    offer_from_grade=3,
    provenance=_CTCAE,
)
