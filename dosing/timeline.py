"""Orders and doses as events of a participant's casebook."""

from collections.abc import Iterable, Iterator

from dosing.cards import BASIS_STEPS
from dosing.models import Administration, Order
from dosing.wording import (
    clock_text,
    dose_text,
    drug_name,
    order_text,
    sentence,
    site_name,
    what_happened,
)
from enrollment.models import Participant
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import TimelineEvent
from trial_site.protocol.definition import gettext_noop
from trial_site.roles import SEES_ARM

KIND, ICON = "dose", "drop"


def events(participant: Participant, user: User) -> list[TimelineEvent]:
    """Every order, its end, and every dose; nothing for whoever must not see the arm."""
    if not SEES_ARM.allows(user):
        return []
    orders = participant.orders.select_related("ordered_by")
    return [*_orders(orders), *_doses(participant)]


def _orders(orders: Iterable[Order]) -> Iterator[TimelineEvent]:
    for order in orders:
        name = {"drug": drug_name(order.drug), "order": order_text(order)}
        basis = [Message.from_json(step) for step in order.basis[-BASIS_STEPS:]]
        reason = [Message("%(text)s", {"text": order.departure_reason})]
        yield TimelineEvent(
            at=order.ordered_at,
            icon="pen",
            title=Message(gettext_noop("Ordered: %(drug)s, %(order)s"), name),
            why=sentence(*basis, *(reason if order.departure_reason else [])),
            by=order.ordered_by.get_username(),
            history=("dosing.order", order.pk),
            kind=KIND,
            anchor=f"order-{order.pk}",
        )
        if order.ends_at is not None:
            yield TimelineEvent(
                at=order.ends_at,
                icon="stop",
                title=Message(gettext_noop("Stopped: %(drug)s, %(order)s"), name),
                history=("dosing.order", order.pk),
                kind=KIND,
            )


def _doses(participant: Participant) -> Iterator[TimelineEvent]:
    for row in participant.administrations.in_force().select_related("order"):
        yield TimelineEvent(
            at=row.given_at or row.slot_at,
            icon=ICON,
            title=Message(
                "%(drug)s %(dose)s",
                {
                    "drug": drug_name(row.drug),
                    "dose": dose_text(row.order.amount, row.order.unit),
                },
            ),
            why=sentence(*_why(row)),
            badge=(_badge(row), what_happened(row)),
            history=("dosing.administration", row.pk),
            kind=KIND,
            anchor=f"dose-{row.pk}",
        )


def _badge(row: Administration) -> str:
    """Done, or interrupted by a hold, or blocked by anything else."""
    if row.status == Administration.Status.GIVEN:
        return "done"
    return "held" if row.why == Administration.Reason.LAB_HOLD or row.delivered else "blocked"


def _why(row: Administration) -> Iterator[Message]:
    planned = clock_text(row.slot_at)
    yield Message(gettext_noop("Planned %(when)s"), {"when": planned})
    if row.injection_site:
        yield site_name(row.injection_site)
    if row.why:
        yield Message(str(row.get_why_display()))
    if row.note:
        yield Message("%(note)s", {"note": row.note})
    yield from (Message.from_json(warning) for warning in row.warnings)
