"""What would make a protocol version unsafe to run, found before anyone is screened under it.

Pure: no Django, so that a draft version can be checked where it is written.  The messages are for
the people who maintain the protocol and are not translated.
"""

from collections.abc import Callable, Iterator
from itertools import chain

from trial_site.protocol.consistency import doses, grades, laboratory, schedule, wording
from trial_site.protocol.definition import Protocol

CHECKS: tuple[Callable[[Protocol], Iterator[str]], ...] = (
    wording.duplicate_codes,
    wording.criteria,
    wording.provenances,
    wording.entry_limits,
    wording.diagnoses,
    schedule.arms,
    schedule.allocation,
    schedule.stratification,
    schedule.visits,
    schedule.panels,
    schedule.visit_panels,
    schedule.follow_up,
    schedule.outcomes,
    doses.clearance_bands,
    doses.holds,
    doses.blood_checks,
    doses.il2,
    doses.steroids,
    laboratory.infections,
    laboratory.analytes,
    laboratory.unit_codes,
    laboratory.counts,
    laboratory.kits,
    laboratory.pcr,
    laboratory.cytotoxicity,
    grades.grade_tables,
)


def problems(protocol: Protocol) -> list[str]:
    """Every inconsistency of ``protocol``, one sentence each; empty when it is sound."""
    return list(chain.from_iterable(check(protocol) for check in CHECKS))
