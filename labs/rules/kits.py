"""Whether two results of a kit can be held beside each other (DOMAIN 7)."""

from __future__ import annotations

from dataclasses import dataclass

from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

KIT_GROUPS = frozenset({"cytokine", "serology"})  # of analytes whose numbers are the kit's own
_NOT_NAMED = gettext_noop("not named")
_UNIT = gettext_noop("not comparable: measured in %(now)s, the earlier one in %(before)s")
_KIT = gettext_noop("not comparable: kit %(now)s, the earlier one by kit %(before)s")
_LOT = gettext_noop("not comparable as it is: lot %(now)s, the earlier one of lot %(before)s")


@dataclass(frozen=True)
class Kit:
    """What a number belongs to; an empty name or lot was not told."""

    name: str
    lot: str
    unit: str


def comparison_problem(now: Kit, before: Kit) -> Message | None:
    """Why a result does not compare with an earlier one of the same analyte; ``None`` if it does.

    The gravest difference is told: unit, kit, lot.  One that was not told is not taken for the
    same.  Source: DOMAIN 7.
    """
    pairs = (
        (_UNIT, now.unit, before.unit),
        (_KIT, now.name, before.name),
        (_LOT, now.lot, before.lot),
    )
    for text, one, other in pairs:
        if one != other or not one:
            params = {"now": _told(one), "before": _told(other)}
            return Message(text, params)
    return None


def _told(name: str) -> str | Message:
    return name or Message(_NOT_NAMED)
