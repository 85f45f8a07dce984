"""The days ahead of one participant, as the same rules see them, each done on its day.

A check that is repeated falls due again after the next one, so its later days are a plan: they
move as soon as a sample comes on another day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from outcomes.rules.flags import DatedRecord, DueFlag, FlagKind
from outcomes.rules.follow_up import ParticipantSchedule, all_flags
from trial_site.protocol.definition import Protocol

# What counts from the last one, and so comes again.
_REPEATED = frozenset({FlagKind.PCR_CHECK, FlagKind.BLOODS})
_PLANNED = "planned"


def flags_ahead(
    state: ParticipantSchedule, *, today: date, last: date, protocol: Protocol
) -> tuple[DueFlag, ...]:
    """Everything that is due up to the day ``last``, the earliest first; what is late as well.

    Taken as done: each repeated check on the day that it is due, or today where that has passed.
    """
    found: dict[str, DueFlag] = {}
    while True:
        flags = all_flags(state, today=today, protocol=protocol)
        fresh = [flag for flag in flags if flag.due_on <= last and flag.key not in found]
        if not fresh:
            break
        found.update((flag.key, flag) for flag in fresh)
        state = _as_if_done(state, fresh, today, protocol)
    return tuple(sorted(found.values(), key=lambda flag: (flag.due_on, flag.key)))


def _as_if_done(
    state: ParticipantSchedule, flags: Iterable[DueFlag], today: date, protocol: Protocol
) -> ParticipantSchedule:
    for flag in flags:
        if flag.kind not in _REPEATED:
            continue
        done = DatedRecord(max(flag.due_on, today), _PLANNED)
        if flag.kind is FlagKind.PCR_CHECK:
            state = replace(state, pcr=replace(state.pcr, last=done))
        else:
            drawn = dict.fromkeys(_analytes(flag, protocol), done)
            state = replace(state, bloods={**state.bloods, **drawn})
    return state


def _analytes(flag: DueFlag, protocol: Protocol) -> tuple[str, ...]:
    code = flag.key.partition(":")[0]
    checks = protocol.ganciclovir.blood_checks
    return next(check.analytes for check in checks if check.code == code)
