"""What is measured, and how it is judged."""

from trial_site.protocol.definition import GradeBound, Protocol, Reference
from trial_site.protocol.document import markdown as md


def analytes(protocol: Protocol) -> str:
    return md.table(
        ("Code", "Analyte", "Unit", "LOINC", "Converted", "Never converted", "Soft", "Hard"),
        (
            (
                row.code,
                row.name,
                row.unit,
                row.loinc or "-",
                ", ".join(f"{c.unit} x {md.number(c.factor)}" for c in row.conversions) or "-",
                ", ".join(row.unconverted_units) or "-",
                *md.limits(row.entry_limits),
            )
            for row in protocol.analytes
        ),
    )


def grades(protocol: Protocol) -> str:
    return "\n\n".join(
        f"### {grades.term} (CTCAE {grades.version})\n\n"
        + md.table(
            ("Grade", "Bound", "Baseline"),
            ((row.grade, md.bound(row.bound), _baseline(row)) for row in grades.rows),
        )
        for grades in protocol.grades
    )


def _baseline(row: GradeBound) -> str:
    if row.baseline_abnormal is None:
        return "known" if row.reference is Reference.BASELINE else "any"
    return "abnormal" if row.baseline_abnormal else "normal"


def pcr(protocol: Protocol) -> str:
    rule = protocol.pcr
    facts = (
        ("Threshold", f"{md.number(rule.threshold)} {rule.unit}, {rule.specimen}"),
        ("Confirmed by a second negative after", f"{rule.confirmation_days} days or more"),
        ("Relapse", f"{rule.relapse_results} successive results above the threshold"),
        (
            "Refractory",
            f"rise above {md.number(rule.refractory_log10_rise)} log10 after "
            f"{rule.refractory_after_days} days of treatment",
        ),
        ("Sampled until confirmed", f"every {rule.days_between_until_confirmed} days"),
        ("Sampled until withdrawal", f"every {rule.days_between_until_withdrawal} days"),
        ("Sampled in follow-up", f"every {rule.months_between_in_follow_up} month"),
        ("Slack", f"{rule.slack_days} day"),
    )
    return f"{md.provenance(rule.provenance)}\n\n{md.facts(facts)}"


def cytotoxicity(protocol: Protocol) -> str:
    rule = protocol.cytotoxicity
    facts = (
        ("Formula", rule.formula),
        ("Ratio of the endpoint", f"{md.number(rule.et_ratio)}:1"),
        ("Ratios", ", ".join(f"{md.number(ratio)}:1" for ratio in rule.et_ratios)),
        ("Effectors", ", ".join(name for _, name in rule.effectors)),
        ("Replicates", rule.replicates),
        ("Flagged: spontaneous death above", f"{md.number(rule.max_spontaneous)} %"),
        ("Flagged: maximum below", f"{md.number(rule.min_maximum)} %"),
        ("Flagged: coefficient of variation above", f"{md.number(rule.max_cv_percent)} %"),
        ("Flagged: targets below", rule.min_targets),
        ("Result, hard limits", md.limits(rule.result_limits)[1]),
    )
    return f"{md.provenance(rule.provenance)}\n\n{md.facts(facts)}"
