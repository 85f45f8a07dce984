"""What the bedside needs to read: the day's slots, and the latest values that hold a dose."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from enrollment.models import Participant
from labs.models import Result
from trial_site.protocol import current


def latest_safety_values(participant: Participant, at: dt.datetime) -> dict[str, Decimal]:
    """The latest canonical value of each analyte that can hold ganciclovir, as known at ``at``."""
    return latest_safety_results([participant], at)[participant.pk]


def latest_safety_results(
    participants: Iterable[Participant], at: dt.datetime
) -> dict[int, dict[str, Decimal]]:
    """The same for many participants in one query."""
    analytes = [hold.analyte for hold in current().ganciclovir.holds]
    latest: dict[int, dict[str, Decimal]] = defaultdict(dict)
    rows = Result.objects.in_force().filter(
        participant__in=list(participants), analyte__in=analytes, collected_at__lte=at
    )
    for row in rows.order_by("collected_at", "pk"):
        if row.canonical_value is not None:
            latest[row.participant_id][row.analyte] = row.canonical_value
    return latest
