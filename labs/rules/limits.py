"""What a form asks about a number, and what it refuses: the protocol's entry limits in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from labs.rules.numbers import plain, quantity
from trial_site.messages import Message
from trial_site.protocol.definition import (
    Bound,
    Comparison,
    EntryLimits,
    Number,
    gettext_noop,
)

_COMPARISONS = {
    Comparison.AT_LEAST: gettext_noop("at least %(limit)s"),
    Comparison.ABOVE: gettext_noop("above %(limit)s"),
    Comparison.AT_MOST: gettext_noop("at most %(limit)s"),
    Comparison.BELOW: gettext_noop("below %(limit)s"),
}
_DOUBTFUL = gettext_noop("%(value)s is unusual: expected %(bound)s. Is this right?")
_IMPOSSIBLE = gettext_noop("%(value)s is impossible: it must be %(bound)s.")


class EntryLevel(StrEnum):
    """What an entered value deserves: nothing, a question, or a refusal."""

    OK = "ok"
    DOUBTFUL = "doubtful"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True)
class EntryCheck:
    """``message`` is the question or the refusal; ``None`` where the value is ordinary."""

    level: EntryLevel
    message: Message | None = None


def bound_text(bound: Bound, limit: Message | str | None = None) -> Message:
    """``bound`` in words, ``"at least 30"``; ``limit`` replaces the number by another phrase."""
    return Message(_COMPARISONS[bound.comparison], {"limit": limit or plain(bound.value)})


def may_be_negative(limits: EntryLimits | None) -> bool:
    """Whether a number below zero is possible: what is left after a control was subtracted."""
    return limits is not None and any(bound.value < 0 for bound in limits.hard)


def check_limits(limits: EntryLimits, value: Number) -> EntryCheck:
    """Hold ``value``, in ``limits.unit``, against the hard limits and then the soft ones.

    Hard means impossible, never "against the protocol": a real overdose passes (DOMAIN 4).
    """
    levels = (
        (EntryLevel.IMPOSSIBLE, _IMPOSSIBLE, limits.hard),
        (EntryLevel.DOUBTFUL, _DOUBTFUL, limits.soft),
    )
    for level, text, bounds in levels:
        for bound in bounds:
            if not bound.holds(value):
                shown = quantity(value, limits.unit)
                return EntryCheck(
                    level, Message(text, {"value": shown, "bound": bound_text(bound)})
                )
    return EntryCheck(EntryLevel.OK)
