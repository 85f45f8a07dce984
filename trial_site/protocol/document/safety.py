"""What harms, and who hears of it when."""

from collections.abc import Mapping

from trial_site.protocol.definition import Protocol, VitalSign
from trial_site.protocol.document import markdown as md


def events(protocol: Protocol) -> str:
    rule = protocol.safety
    terms = md.table(
        ("Term", "Grade 1", "Grade 2", "Grade 3", "Grade 4", "Grade 5"),
        (
            *((term.name, *_words(term.grades)) for term in rule.terms),
            ("Any other term", *_words(rule.general_grades)),
        ),
    )
    reactions = md.table(
        ("Reaction after a dose", "Graded as"),
        ((row.name, _term(protocol, row.term)) for row in rule.reactions),
    )
    offer = (
        f"A laboratory result of grade {rule.offer_from_grade} or worse, and every reaction, is "
        "offered as an adverse event; nothing becomes one by itself."
    )
    return "\n\n".join((md.provenance(rule.provenance), terms, reactions, offer))


def _words(grades: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(grades[grade] for grade in sorted(grades))


def _term(protocol: Protocol, code: str) -> str:
    term = protocol.safety.term(code)
    return term.name if term else "any other term"


def vital_signs(protocol: Protocol) -> str:
    rows = protocol.safety.vital_signs
    signs = md.table(
        ("Sign", "Impossible beyond", "Alert"),
        ((row.name, md.limits(row.limits)[1], _alert(protocol, row)) for row in rows),
    )
    return "\n\n".join((md.provenance(rows[0].provenance), signs))


def _alert(protocol: Protocol, sign: VitalSign) -> str:
    """From where a sign is an alert, or shows a grade of its term."""
    if sign.alert:
        return md.bound(sign.alert)
    term = protocol.safety.term(sign.term)
    graded = (f"{md.bound(bound)}: grade {grade}" for grade, bound in term.measured) if term else ()
    return "; ".join(graded) or "-"


def serious(protocol: Protocol) -> str:
    clocks, criteria = protocol.safety.reporting, protocol.safety.seriousness
    names = "; ".join(row.name for row in criteria)
    return (
        f"{md.provenance(clocks.provenance)}\n\nSerious is: {names}. Whoever must report is told "
        f"again {clocks.warn_hours} hours before a clock runs out."
    )


def medication(protocol: Protocol) -> str:
    rows = protocol.safety.interactions
    table = md.table(
        ("Medicine", "Beside", "Warning"), ((row.name, row.drug, row.warning) for row in rows)
    )
    others = protocol.safety.antivirals
    antivirals = md.table(
        ("Other antiviral", "Counts as a switch"),
        ((row.name, "yes" if row.is_switch else "no") for row in others),
    )
    return "\n\n".join(
        (
            md.provenance(rows[0].provenance),
            table,
            md.provenance(others[0].provenance),
            antivirals,
        )
    )


def deviations(protocol: Protocol) -> str:
    rows = protocol.safety.deviations
    table = md.table(
        ("Deviation", "Proposed severity", "May be dismissed"),
        ((row.name, row.severity, "no" if row.is_certain else "yes") for row in rows),
    )
    return "\n\n".join((md.provenance(rows[0].provenance), table))
