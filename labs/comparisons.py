"""Whether a result can be held beside the participant's earlier one of the same analyte."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from enrollment.models import Participant
from labs.models import Result
from labs.rules.kits import KIT_GROUPS, Kit, comparison_problem
from labs.selectors import earlier_result
from trial_site.messages import Message
from trial_site.protocol import current


@dataclass(frozen=True)
class Incomparable:
    """The earlier result, and why the two do not compare."""

    earlier: Result
    why: Message


def incomparable(
    participant: Participant, analyte: str, kit: Kit, collected_at: dt.datetime
) -> Incomparable | None:
    """The participant's last result before ``collected_at``, where it is of another kit."""
    if current().analyte(analyte).group not in KIT_GROUPS:
        return None
    earlier = earlier_result(participant, analyte, collected_at)
    why = comparison_problem(kit, kit_of(earlier)) if earlier else None
    return Incomparable(earlier, why) if earlier and why else None


def incomparable_to(result: Result) -> Incomparable | None:
    """``incomparable`` for a saved result."""
    return incomparable(result.participant, result.analyte, kit_of(result), result.collected_at)


def kit_of(result: Result) -> Kit:
    return Kit(result.assay, result.kit_lot, result.unit)
