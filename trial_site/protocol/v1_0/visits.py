"""Planned visits and their windows (DOMAIN 9)."""

from trial_site.protocol.definition import (
    Anchor,
    Panel,
    Provenance,
    Source,
    VisitRule,
    gettext_noop,
)
from trial_site.protocol.v1_0.laboratory import PCR

FOLLOW_UP_MONTHS = 3
# Also how old a safety result may be when eligibility is judged: inside the screening window.
SCREENING_DAYS = 14

_CYTOTOXICITY = gettext_noop("NK cytotoxicity")
_SUBSETS = gettext_noop("NK subsets")
_CYTOKINES = gettext_noop("Cytokines")
_SEROLOGY = gettext_noop("CMV IgM and IgG")
_PCR = gettext_noop("CMV-DNA")
_CBC = gettext_noop("Blood count")
_CHEMISTRY = gettext_noop("Chemistry")
_EVENTS = gettext_noop("Adverse events")

_BLOOD = Provenance(
    Source.DECISION,
    reading=gettext_noop(
        "Counts and flow cytometry in whole blood, cytotoxicity with PBMC, chemistry, cytokines "
        "and antibodies in serum."
    ),
)
PANELS = (
    Panel("pcr", (_PCR,), (PCR.specimen,), PCR.provenance),
    Panel("safety", (_CBC, _CHEMISTRY), ("whole_blood", "serum"), _BLOOD),
    Panel("cytotoxicity", (_CYTOTOXICITY,), ("pbmc",), _BLOOD),
    Panel("subset", (_SUBSETS,), ("whole_blood",), _BLOOD),
    Panel("cytokine", (_CYTOKINES,), ("serum",), _BLOOD),
    Panel("serology", (_SEROLOGY,), ("serum",), _BLOOD),
)

_MONTHLY_CONTENT = (_PCR, _CBC, _CHEMISTRY, _EVENTS)


def _monthly(code: str, title: str, months: int) -> VisitRule:
    return VisitRule(
        code=code,
        title=title,
        anchor=Anchor.WITHDRAWAL,
        offset_days=0,
        offset_months=months,
        days_before=7,
        days_after=7,
        content=_MONTHLY_CONTENT,
        panels=("pcr", "safety"),
        never_early=False,
        provenance=Provenance(
            Source.DECISION,
            reading=gettext_noop("Calendar months after withdrawal, within 7 days either way."),
        ),
    )


VISITS = (
    VisitRule(
        code="SCREENING",
        title=gettext_noop("Screening"),
        anchor=Anchor.ALLOCATION,
        offset_days=-1,
        offset_months=0,
        days_before=SCREENING_DAYS - 1,
        days_after=0,
        content=(
            gettext_noop("Consent"),
            gettext_noop("Eligibility criteria"),
            gettext_noop("Infection tests"),
            _CBC,
            _CHEMISTRY,
            _PCR,
            gettext_noop("Pregnancy test (β-hCG)"),
        ),
        panels=("pcr", "safety"),
        never_early=False,
        provenance=Provenance(
            Source.DECISION, reading=gettext_noop("From 14 days to 1 day before allocation.")
        ),
    ),
    VisitRule(
        code="D0",
        title=gettext_noop("Day 0, baseline"),
        anchor=Anchor.DAY0,
        offset_days=0,
        offset_months=0,
        days_before=0,
        days_after=0,
        content=(
            gettext_noop("Allocation"),
            _CYTOTOXICITY,
            _SUBSETS,
            _CYTOKINES,
            _SEROLOGY,
            _PCR,
        ),
        panels=("pcr", "cytotoxicity", "subset", "cytokine", "serology"),
        never_early=False,
        provenance=Provenance(
            Source.REGISTRY,
            quote="Change from baseline of NK cells cytotoxicity after treatment",
            reading=gettext_noop(
                "Day 0 is the day of the first ganciclovir dose; samples are drawn before it."
            ),
            decision="D7",
        ),
    ),
    VisitRule(
        code="D7",
        title=gettext_noop("Day 7"),
        anchor=Anchor.DAY0,
        offset_days=7,
        offset_months=0,
        days_before=1,
        days_after=1,
        content=(_CYTOTOXICITY, _SUBSETS, _CYTOKINES),
        panels=("cytotoxicity", "subset", "cytokine"),
        never_early=False,
        provenance=Provenance(
            Source.REGISTRY,
            quote="Days 7 after treatment",
            reading=gettext_noop(
                "Seven elapsed days after the first dose, 6 to 8 accepted, sampled before that "
                "day's doses."
            ),
            decision="D7",
        ),
    ),
    VisitRule(
        code="WITHDRAWAL",
        title=gettext_noop("Drug withdrawal"),
        anchor=Anchor.WITHDRAWAL,
        offset_days=1,
        offset_months=0,
        days_before=1,
        days_after=2,
        content=(gettext_noop("Total ganciclovir dose"), _SEROLOGY, _SUBSETS, _CYTOKINES),
        panels=("subset", "cytokine", "serology"),
        never_early=False,
        provenance=Provenance(
            Source.REGISTRY,
            quote="Day for drug withdrawal.",
            reading=gettext_noop(
                "From the day of the last ganciclovir dose of the first course to 3 days after; "
                "samples are aimed at the first day after it."
            ),
            decision="D8",
        ),
    ),
    _monthly("M1", gettext_noop("Month 1 after withdrawal"), 1),
    _monthly("M2", gettext_noop("Month 2 after withdrawal"), 2),
    VisitRule(
        code="M3",
        title=gettext_noop("Month 3 after withdrawal"),
        anchor=Anchor.WITHDRAWAL,
        offset_days=0,
        offset_months=FOLLOW_UP_MONTHS,
        days_before=0,
        days_after=14,
        content=(_SEROLOGY, _SUBSETS, _CYTOKINES, _PCR, gettext_noop("End of study")),
        panels=("pcr", "subset", "cytokine", "serology"),
        never_early=True,
        provenance=Provenance(
            Source.REGISTRY,
            quote="We will follow these patients for at least 3 months after drug withdrawal.",
            reading=gettext_noop(
                "Three calendar months after withdrawal, up to 14 days late and never early."
            ),
            decision="D9",
        ),
    ),
)
