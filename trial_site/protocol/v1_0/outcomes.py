"""The seven outcomes in the registry's own words, and how each is read (DOMAIN 1.2)."""

from decimal import Decimal

from trial_site.protocol.definition import (
    AnalysisRule,
    Outcome,
    Provenance,
    Source,
    gettext_noop,
)

_AFTER_TREATMENT = ("D7", "WITHDRAWAL", "M3")
_AT_WITHDRAWAL = ("WITHDRAWAL", "M3")

ANALYSIS = AnalysisRule(
    per_protocol_percent=Decimal("80"),
    provenance=Provenance(
        Source.DECISION,
        reading=gettext_noop(
            "All allocated participants, as allocated, are the primary analysis. Per protocol: "
            "eligible, at least 80 percent of the doses planned before day 7, the day-7 sample in "
            "its window, no cross-over. Safety: as treated. Missing day-7 values are counted; "
            "nothing is imputed."
        ),
    ),
)

OUTCOMES = (
    Outcome(
        code="nk_cytotoxicity",
        kind="primary",
        title="Change from baseline of NK cells cytotoxicity after treatment",
        description="NK cells cytotoxicity will be detected by flow cytometry",
        time_frame="Days 7 after treatment",
        short_title=gettext_noop("Change in NK cytotoxicity, baseline to day 7"),
        reading=gettext_noop(
            "Seven elapsed days after the first dose, sampled before that day's doses, days 6 to "
            "8 accepted."
        ),
    ),
    Outcome(
        code="total_ganciclovir",
        kind="secondary",
        title="The total dose for anti-viral drugs.",
        description="The total dose of ganciclovir",
        time_frame="Day for drug withdrawal.",
        short_title=gettext_noop("Total ganciclovir dose to withdrawal"),
        reading=gettext_noop(
            "Milligrams of intravenous ganciclovir actually delivered from day 0 to withdrawal, "
            "also per kilogram of baseline weight. Missed, pre-enrolment and rescue doses are "
            "left out and shown apart."
        ),
    ),
    Outcome(
        code="cytokines",
        kind="secondary",
        title="The change of cytokine after low-dose IL-2 treatment.",
        description="Detect by flow cytometry and ELISA.",
        time_frame="Day after anti-viral treatment and 3 months.",
        short_title=gettext_noop("Change in cytokines"),
        reading=gettext_noop(
            "Day 7, the first day after the last ganciclovir dose (days 0 to 3 accepted) and "
            "three months after withdrawal, in both arms."
        ),
        analytes=("tnf_alpha", "ifn_gamma"),
        time_points=_AFTER_TREATMENT,
    ),
    Outcome(
        code="nk_subsets",
        kind="secondary",
        title="The change of NK cell subsets.",
        description="Detect by flow cytometry.",
        time_frame="Day after anti-viral treatment and 3 months.",
        short_title=gettext_noop("Change in NK cell subsets"),
        reading=gettext_noop(
            "Day 7, the first day after the last ganciclovir dose (days 0 to 3 accepted) and "
            "three months after withdrawal, in both arms."
        ),
        analytes=(
            "nk_percent",
            "nk_count",
            "nk_dim_percent",
            "nk_dim_count",
            "nk_bright_percent",
            "nk_bright_count",
        ),
        time_points=_AFTER_TREATMENT,
    ),
    Outcome(
        code="igm",
        kind="secondary",
        title="The change of level of CMV immunoglobulin M (IgM)",
        description="Detect by EILSA.",
        time_frame="Day for drug withdrawal and 3 months.",
        short_title=gettext_noop("Change in CMV IgM"),
        reading=gettext_noop("The withdrawal visit and three months after it, one kit throughout."),
        analytes=("cmv_igm",),
        time_points=_AT_WITHDRAWAL,
    ),
    Outcome(
        code="igg",
        kind="secondary",
        title="The change of level of CMV immunoglobulin G (IgG)",
        description="Detect by EILSA.",
        time_frame="Day for drug withdrawal and 3 months.",
        short_title=gettext_noop("Change in CMV IgG"),
        reading=gettext_noop("The withdrawal visit and three months after it, one kit throughout."),
        analytes=("cmv_igg",),
        time_points=_AT_WITHDRAWAL,
    ),
    Outcome(
        code="conversion_day",
        kind="secondary",
        title="The day for CMV infection patients convert into negative.",
        description="CMV-DNA will be detected by PCR",
        time_frame="Days when CMV-DNA are less than 10^3 copies.",
        short_title=gettext_noop("Days to CMV-DNA conversion"),
        reading=gettext_noop(
            "From day 0 to the collection of the first negative; the confirmed conversion is "
            "always shown beside it. Without one, censored at the last PCR collection."
        ),
    ),
)
