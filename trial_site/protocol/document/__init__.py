"""``docs/protocol.md``: one version of the protocol as a page to read and to sign off."""

from collections.abc import Callable

from trial_site.protocol.definition import Protocol
from trial_site.protocol.document import laboratory, safety, screening, treatment, trial

_HEADER = """\
# Protocol {version}: {registry_id}

This page is generated from `trial_site/protocol` by `manage.py protocol_doc`; change the values
there. Quotations are the registry record's own words. What is marked *decision* is not in the
record: it is the reading under which this trial runs.
"""


_SECTIONS: tuple[tuple[str, Callable[[Protocol], str]], ...] = (
    ("Identification", trial.identification),
    ("Where the record contradicts itself", trial.decisions),
    ("Readings that remove doubt", trial.readings),
    ("Arms", trial.arms),
    ("Eligibility", screening.eligibility),
    ("Diagnoses", screening.diagnoses),
    ("Infection tests", screening.infections),
    ("Corticosteroids", screening.steroids),
    ("Creatinine clearance", screening.clearance),
    ("Allocation", trial.allocation),
    ("Visits", trial.visits),
    ("Panels", laboratory.panels),
    ("Ganciclovir", treatment.ganciclovir),
    ("Interleukin-2", treatment.il2),
    ("Analytes", laboratory.analytes),
    ("Units", laboratory.units),
    ("Absolute counts", laboratory.counts),
    ("Healthy adults", laboratory.adult_ranges),
    ("Serology kits", laboratory.kits),
    ("Grades", laboratory.grades),
    ("CMV-DNA", laboratory.pcr),
    ("NK cytotoxicity", laboratory.cytotoxicity),
    ("Adverse events", safety.events),
    ("Vital signs", safety.vital_signs),
    ("Serious events", safety.serious),
    ("Concomitant medication", safety.medication),
    ("Deviations", safety.deviations),
    ("Outcomes", trial.outcomes),
    ("Analysis sets", trial.analysis),
)


def render(protocol: Protocol) -> str:
    """The page as Markdown, ending in a newline; the same protocol always gives the same text."""
    header = _HEADER.format(
        version=protocol.version, registry_id=protocol.identification.registry_id
    )
    sections = (f"## {title}\n\n{section(protocol)}\n" for title, section in _SECTIONS)
    return "\n".join((header, *sections))
