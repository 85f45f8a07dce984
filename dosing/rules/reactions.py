"""What a reaction to a dose can be, and the words of its grades (DOMAIN 5, 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trial_site.messages import Message
from trial_site.protocol.definition import SafetyRule, gettext_noop


@dataclass(frozen=True)
class Seen:
    """A reaction: ``kind`` and CTCAE ``grade``, aware times, ``diameter_mm`` of a local one."""

    kind: str
    grade: int
    onset_at: datetime
    ended_at: datetime | None = None
    diameter_mm: Decimal | None = None
    note: str = ""


def grade_words(kind: str, rule: SafetyRule) -> Mapping[int, str]:
    """The criteria of each grade of a kind of reaction: its term's, or the general ones."""
    term = rule.term(rule.reaction(kind).term)
    return term.grades if term else rule.general_grades


def reaction_impossible(
    seen: Seen, *, given_at: datetime, now: datetime, rule: SafetyRule
) -> tuple[Message, ...]:
    """Why ``seen`` cannot be a reaction to the dose of ``given_at``; empty for every real one.

    Times are held against the dose to the minute, as they are entered.
    """
    kinds = {kind.code: kind for kind in rule.reactions}
    if seen.kind not in kinds or seen.grade not in grade_words(seen.kind, rule):
        return (Message(gettext_noop("Choose what was seen, and its grade")),)
    refusals = []
    if seen.onset_at < given_at.replace(second=0, microsecond=0):
        refusals.append(gettext_noop("A reaction begins after the dose was given"))
    if seen.onset_at > now or (seen.ended_at is not None and seen.ended_at > now):
        refusals.append(gettext_noop("A reaction is recorded when it is there; not in the future"))
    if seen.ended_at is not None and seen.ended_at < seen.onset_at:
        refusals.append(gettext_noop("A reaction ends after it begins"))
    if seen.diameter_mm is not None and not kinds[seen.kind].is_local:
        refusals.append(gettext_noop("Only a reaction at the site of injection has a diameter"))
    if seen.diameter_mm is not None and seen.diameter_mm <= 0:
        refusals.append(gettext_noop("A diameter is above 0 mm"))
    return tuple(Message(text) for text in refusals)
