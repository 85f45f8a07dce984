"""Who is analysed: all allocated, per protocol, safety; each with the reason (DOMAIN 10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from outcomes.rules.harm import as_treated
from trial_site.messages import Message
from trial_site.protocol.definition import Drug, Protocol, gettext_noop


class AnalysisSet(StrEnum):
    """``ALLOCATED`` is the primary analysis; ``SAFETY`` counts everybody as treated."""

    ALLOCATED = "allocated"
    PER_PROTOCOL = "per_protocol"
    SAFETY = "safety"


@dataclass(frozen=True)
class PlannedDose:
    """A dose planned before day 7: ``share`` of it was delivered, 0 to 1."""

    drug: str
    share: Fraction


@dataclass(frozen=True)
class Facts:
    """What decides where one allocated participant belongs.

    ``eligible`` is ``None`` while the verdict is unknown; ``planned`` are the doses of the first
    course planned before day 7; ``day7_closed`` says whether the window of day 7 is over, and
    ``day7_why`` why there is no sample of it; ``received`` are the drugs delivered at any time of
    the first course.
    """

    arm: str
    eligible: bool | None
    allocated_in_error: bool
    planned: tuple[PlannedDose, ...]
    day7_closed: bool
    day7_in_window: bool
    day7_why: Message
    received: frozenset[str]


@dataclass(frozen=True)
class Membership:
    """Whether the participant belongs to a set, in which arm, and every reason why not.

    ``included`` is ``None`` while that cannot be known: day 7 is still to come.
    """

    included: bool | None
    arm: str | None
    reasons: tuple[Message, ...]


_NOT_ELIGIBLE = gettext_noop("a criterion was not fulfilled")
_UNKNOWN = gettext_noop("eligibility is unknown")
_IN_ERROR = gettext_noop("allocated in error")
_NOTHING_PLANNED = gettext_noop("no dose was planned before day 7")
_TOO_FEW = gettext_noop(
    "%(percent)s %% of the %(planned)s doses planned before day 7, less than %(least)s %%"
)
_CROSSED = gettext_noop("received %(drug)s, which the arm does not have")
_NOT_RECEIVED = gettext_noop("never received %(drug)s, which the arm has")
_TO_COME = gettext_noop("day 7 is still to come")
_UNTREATED = gettext_noop("received no trial drug")
_DRUGS = {Drug.IL2: gettext_noop("Interleukin-2"), Drug.GANCICLOVIR: gettext_noop("Ganciclovir")}


def memberships(facts: Facts, protocol: Protocol) -> Mapping[AnalysisSet, Membership]:
    """Where one participant belongs.  Source: DOMAIN 10; the share is the protocol's."""
    treated = as_treated(facts.received, protocol)
    return {
        AnalysisSet.ALLOCATED: Membership(True, facts.arm, ()),
        AnalysisSet.PER_PROTOCOL: _per_protocol(facts, protocol),
        AnalysisSet.SAFETY: Membership(
            treated is not None, treated, () if treated else (Message(_UNTREATED),)
        ),
    }


def delivered_share(planned: Iterable[PlannedDose]) -> Fraction | None:
    """The mean share of the planned doses; ``None`` without any."""
    shares = [dose.share for dose in planned]
    return sum(shares, Fraction(0)) / len(shares) if shares else None


def _per_protocol(facts: Facts, protocol: Protocol) -> Membership:
    against = tuple(_against(facts, protocol))
    if against:
        return Membership(False, None, against)
    if not facts.day7_closed:
        return Membership(None, None, (Message(_TO_COME),))
    return Membership(True, facts.arm, ())


def _against(facts: Facts, protocol: Protocol) -> Iterable[Message]:
    """What keeps somebody out; until day 7 is over, only what nothing can mend any more."""
    if facts.eligible is not True:
        yield Message(_UNKNOWN if facts.eligible is None else _NOT_ELIGIBLE)
    if facts.allocated_in_error:
        yield Message(_IN_ERROR)
    if facts.day7_closed:
        yield from _doses(facts, protocol)
        if not facts.day7_in_window:
            yield facts.day7_why
    yield from _cross_over(facts, protocol)


def _doses(facts: Facts, protocol: Protocol) -> Iterable[Message]:
    share, least = delivered_share(facts.planned), protocol.analysis.per_protocol_percent
    if share is None:
        yield Message(_NOTHING_PLANNED)
    elif share * 100 < Fraction(least):
        yield Message(
            _TOO_FEW,
            {
                "percent": str(share * 100 // 1),
                "planned": str(len(facts.planned)),
                "least": f"{least.normalize():f}",
            },
        )


def _cross_over(facts: Facts, protocol: Protocol) -> Iterable[Message]:
    drugs = set(protocol.arm(facts.arm).drugs)
    for drug in Drug:
        if drug in facts.received and drug not in drugs:
            yield Message(_CROSSED, {"drug": Message(_DRUGS[drug])})
        if facts.day7_closed and drug in drugs and drug not in facts.received:
            yield Message(_NOT_RECEIVED, {"drug": Message(_DRUGS[drug])})
