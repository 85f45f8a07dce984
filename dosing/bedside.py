"""What the bedside asks about one participant's orders and doses."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from django.utils import timezone

from dosing.models import Administration, Order, Reaction, VitalSigns
from dosing.rules.timing import may_undo
from dosing.selectors import planned_slots
from enrollment.models import Participant
from trial_site.models import User
from trial_site.protocol.definition import Frequency


def clockless_order(participant: Participant, drug: str, at: dt.datetime) -> Order | None:
    """The order three times a week that runs ``at``: its doses have no slots."""
    running = participant.orders.filter(
        drug=drug, frequency=Frequency.THREE_TIMES_A_WEEK, starts_at__lte=at
    ).exclude(ends_at__lte=at)
    order: Order | None = running.last()
    return order


def is_planned_at(participant: Participant, drug: str, at: dt.datetime) -> bool:
    """Whether an order of the drug plans a dose at this very minute."""
    orders = participant.orders.filter(drug=drug)
    return any(at in planned_slots(order, timezone.localdate(at)) for order in orders)


def first_day(participant: Participant) -> dt.date:
    """The first day of which a dose can be one of the trial: of the allocation, or of an order
    that was entered late."""
    moments = [participant.allocation.allocated_at]
    moments += participant.orders.values_list("starts_at", flat=True)
    return timezone.localdate(min(moments))


def observations_of(
    administrations: Iterable[Administration],
) -> dict[int, tuple[VitalSigns | Reaction, ...]]:
    """Vital signs and reactions of each dose (by primary key), as they were measured or began; two
    queries."""
    doses = {dose.pk: dose for dose in administrations}
    found: dict[int, list[VitalSigns | Reaction]] = defaultdict(list)
    if doses:
        for rows in (VitalSigns.objects.in_force(), Reaction.objects.in_force()):
            for row in rows.filter(administration__in=list(doses)):
                row.administration = doses[row.administration_id]
                found[row.administration_id].append(row)
    return {pk: tuple(rows) for pk, rows in found.items()}


def can_be_undone(
    administration: Administration, user: User, now: dt.datetime, *, recorder: str
) -> bool:
    """Whether ``user`` is the ``recorder`` (a name) of less than a minute ago, and nothing has
    changed since."""
    is_own = recorder == user.get_username() and administration.version == 1
    return is_own and may_undo(administration.recorded_at, now)
