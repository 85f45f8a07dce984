"""The trial as a whole: what it is, its arms, its calendar and what was decided."""

from trial_site.protocol.definition import Outcome, Protocol
from trial_site.protocol.document import markdown as md


def identification(protocol: Protocol) -> str:
    row = protocol.identification
    facts = (
        ("Registry number", row.registry_id),
        ("Brief title", row.brief_title),
        ("Official title", row.official_title),
        ("Sponsor", row.sponsor),
        ("Phase", row.phase),
        ("Enrolment", f"{row.enrolment_target}, {row.per_arm_target} for each arm"),
        ("Allocation, registry", row.allocation_quote),
        ("Masking, registry", row.masking_quote),
        ("Follow-up", f"{protocol.follow_up_months} months after withdrawal"),
    )
    return md.facts(facts)


def decisions(protocol: Protocol) -> str:
    return md.table(
        ("Id", "The record says", "In its words", "Chosen", "Configurable"),
        (
            (
                row.id,
                row.record_says,
                "; ".join(f'"{quote}"' for quote in row.quotes),
                row.chosen,
                row.configurable,
            )
            for row in protocol.decisions
        ),
    )


def readings(protocol: Protocol) -> str:
    return md.table(
        ("Id", "Subject", "Reading"), ((row.id, row.title, row.text) for row in protocol.readings)
    )


def arms(protocol: Protocol) -> str:
    return "\n\n".join(
        f"### {arm.short_label} (`{arm.code}`)\n\n"
        f"{arm.kind}; drugs: {', '.join(arm.drugs)}. The registry calls it "
        f'"{arm.registry_label}", {arm.registry_type}.\n\n{md.provenance(arm.provenance)}'
        for arm in protocol.arms
    )


def allocation(protocol: Protocol) -> str:
    rule = protocol.allocation
    letters = ", ".join(f"{letter} = `{arm}`" for letter, arm in zip("AB", rule.arms, strict=True))
    facts = (
        ("Mode", rule.mode),
        ("Ratio", ":".join(map(str, rule.ratio))),
        ("Block sizes", ", ".join(map(str, rule.block_sizes))),
        ("List label", f"`{rule.label(rule.whole_trial.code)}`"),
        ("List length", f"at least {rule.shortest_list}, usually {rule.usual_list}"),
        ("Letters", letters),
        ("Stratified by", "nothing, unless the plan names one of these factors"),
    )
    factors = md.table(
        ("Factor", "Means", "Stratum", "Means"),
        (
            (f"`{factor.code}`", factor.name, f"`{stratum.code}`", stratum.name)
            for factor in rule.factors
            for stratum in factor.strata
        ),
    )
    return f"{md.provenance(rule.provenance)}\n\n{md.facts(facts)}\n\n{factors}"


def visits(protocol: Protocol) -> str:
    overview = md.table(
        (
            "Code",
            "Visit",
            "Anchor",
            "Months",
            "Days",
            "Window, days",
            "Never early",
            "Content",
            "Panels",
        ),
        (
            (
                visit.code,
                visit.title,
                visit.anchor,
                visit.offset_months,
                visit.offset_days,
                f"-{visit.days_before} / +{visit.days_after}",
                "yes" if visit.never_early else "no",
                ", ".join(visit.content),
                ", ".join(visit.panels),
            )
            for visit in protocol.visits
        ),
    )
    details = (
        f"### {row.code} {row.title}\n\n{md.provenance(row.provenance)}" for row in protocol.visits
    )
    return "\n\n".join((overview, *details))


def outcomes(protocol: Protocol) -> str:
    return "\n\n".join(
        f"### {row.short_title} (`{row.code}`, {row.kind})\n\n"
        f"> {row.title}\n>\n> {row.description}\n>\n> {row.time_frame}\n\n{row.reading}"
        f"{_measured(row, protocol)}"
        for row in protocol.outcomes
    )


def analysis(protocol: Protocol) -> str:
    return md.provenance(protocol.analysis.provenance)


def _measured(row: Outcome, protocol: Protocol) -> str:
    if not row.analytes:
        return ""
    names = "; ".join(protocol.analyte(code).name for code in row.analytes)
    return f"\n\nMeasured: {names}. Compared with baseline at: {', '.join(row.time_points)}."
