"""Who may enter, and what that is judged from."""

from trial_site.protocol.definition import Criterion, Protocol
from trial_site.protocol.document import markdown as md


def eligibility(protocol: Protocol) -> str:
    overview = md.table(
        ("Id", "Kind", "Criterion", "Limit", "Bounds", "At most, days old"),
        (
            (row.id, row.kind, row.title, row.limit_text, md.bounds(row.limits), _age(row))
            for row in protocol.criteria
        ),
    )
    details = (
        f"### {row.id} {row.title}\n\n{md.provenance(row.provenance)}" for row in protocol.criteria
    )
    return "\n\n".join((overview, *details))


def _age(row: Criterion) -> str:
    return "-" if row.max_age_days is None else str(row.max_age_days)


def diagnoses(protocol: Protocol) -> str:
    return md.table(
        ("Code", "Diagnosis", "Accepted classification criteria"),
        (
            (code, protocol.diagnosis_names[code], ", ".join(accepted))
            for code, accepted in protocol.criteria_sets.items()
        ),
    )


def infections(protocol: Protocol) -> str:
    names = {group.code: group for group in protocol.infection_groups}
    return md.table(
        ("Infection", "Needed", "Test", "Required"),
        (
            (
                names[test.group].name,
                names[test.group].needed.replace("_", " "),
                test.name,
                "yes" if test.required else "no",
            )
            for test in protocol.infection_tests
        ),
    )


def steroids(protocol: Protocol) -> str:
    rule = protocol.steroids
    agents = md.table(
        ("Agent", f"mg equal to prednisone {md.number(rule.prednisone_mg)} mg"),
        ((agent.name, md.number(agent.equivalent_mg)) for agent in rule.agents),
    )
    entries = md.table(
        ("Entry", "Soft", "Hard"),
        (
            ("Weight", *md.limits(rule.weight_limits)),
            ("Prednisone equivalent", *md.limits(rule.daily_prednisone_limits)),
        ),
    )
    window = (
        f"Window: calendar days {rule.window_first_day} to {rule.window_last_day} before "
        f"allocation; weight at most {rule.weight_max_age_days} days old."
    )
    return "\n\n".join((md.provenance(rule.provenance), window, agents, entries))


def clearance(protocol: Protocol) -> str:
    rule = protocol.clearance
    soft, hard = md.limits(rule.creatinine_limits)
    formula = (
        f"`({rule.age_offset} - age) x kg / ({rule.divisor} x mg/dL)`, x "
        f"{md.number(rule.female_factor)} if female, in mL/min (`{rule.formula_id}`); "
        f"{md.number(rule.umol_per_mg_dl)} µmol/L is 1 mg/dL. Creatinine soft {soft}; hard {hard}; "
        f"above {md.number(rule.unit_slip_mg_dl_above)} mg/dL the form asks whether it is µmol/L."
    )
    return f"{md.provenance(rule.provenance)}\n\n{formula}"
