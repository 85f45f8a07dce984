"""What is measured, and how it is judged."""

from trial_site.protocol.definition import GradeBound, Protocol, Reference, UnitConversion
from trial_site.protocol.document import markdown as md


def analytes(protocol: Protocol) -> str:
    return md.table(
        (
            *("Code", "Analyte", "Unit", "Percentage of", "LOINC"),
            *("Converted", "By the assay's factor", "Never converted", "Soft", "Hard"),
        ),
        (
            (
                row.code,
                row.name,
                row.unit,
                row.denominator or "-",
                row.loinc or "-",
                ", ".join(map(_conversion, row.conversions)) or "-",
                ", ".join(row.assay_units) or "-",
                ", ".join(u for u in row.unconverted_units if u not in row.assay_units) or "-",
                *md.limits(row.entry_limits),
            )
            for row in protocol.analytes
        ),
    )


def _conversion(row: UnitConversion) -> str:
    return f"10 to the {row.unit}" if row.logarithmic else f"{row.unit} x {md.number(row.factor)}"


def units(protocol: Protocol) -> str:
    return md.table(("Unit", "UCUM"), ((unit, f"`{code}`") for unit, code in protocol.ucum.items()))


def counts(protocol: Protocol) -> str:
    return md.table(
        ("Count", "Computed as"),
        ((row.analyte, f"{row.of} x {row.percent} / 100") for row in protocol.counts),
    )


def adult_ranges(protocol: Protocol) -> str:
    table = md.table(
        ("Analyte", "From", "To", "Unit", "Source"),
        (
            (
                row.code,
                "-" if found.low is None else md.number(found.low),
                "-" if found.high is None else md.number(found.high),
                found.unit,
                found.source,
            )
            for row in protocol.analytes
            for found in row.adult_ranges
        ),
    )
    return f"What publications found in healthy adults: to be read, never a verdict.\n\n{table}"


def kits(protocol: Protocol) -> str:
    table = md.table(
        ("Code", "Kit", "Analyte", "Unit", "Positive from", "Grey zone from", "Source"),
        (
            (
                f"`{kit.code}`",
                kit.name,
                kit.analyte,
                kit.unit,
                md.number(kit.positive_from),
                "-" if kit.grey_from is None else md.number(kit.grey_from),
                kit.source,
            )
            for kit in protocol.serology_kits
        ),
    )
    return f"A registered assay may start from these; its own cut-offs decide.\n\n{table}"


def panels(protocol: Protocol) -> str:
    return md.table(
        ("Panel", "At a visit", "Specimen", "Reading"),
        (
            (
                f"`{panel.group}`",
                ", ".join(panel.content),
                " or ".join(panel.specimens),
                panel.provenance.reading,
            )
            for panel in protocol.panels
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
