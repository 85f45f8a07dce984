"""Orders and doses as events of a participant's casebook."""

from collections.abc import Iterable, Iterator

from dosing.cards import BASIS_STEPS
from dosing.models import Administration, Order, Reaction, VitalSigns, Withdrawal
from dosing.wording import (
    clock_text,
    dose_text,
    drug_name,
    hold_cause,
    order_text,
    reaction_text,
    sentence,
    signs_text,
    site_name,
    what_happened,
)
from enrollment.models import Participant
from labs.rules.numbers import quantity
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
    return [
        *_orders(orders),
        *_holds(participant),
        *_reviews(participant),
        *_weights(participant),
        *_withdrawals(participant),
        *_doses(participant),
        *_observed(participant),
    ]


def _orders(orders: Iterable[Order]) -> Iterator[TimelineEvent]:
    for order in orders:
        name = {"drug": drug_name(order.drug), "order": order_text(order)}
        basis = [Message.from_json(step) for step in order.basis[-BASIS_STEPS:]]
        reason = [_said(order.departure_reason)]
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
                why=Message(
                    "%(how)s: %(why)s",
                    {"how": Message(str(order.get_ended_as_display())), "why": order.end_reason},
                ),
                history=("dosing.order", order.pk),
                kind=KIND,
            )


def _holds(participant: Participant) -> Iterator[TimelineEvent]:
    for hold in participant.holds.select_related("result", "held_by", "resumed_by"):
        name, record = {"drug": drug_name(hold.drug)}, ("dosing.hold", hold.pk)
        yield TimelineEvent(
            at=hold.held_at,
            icon="pause",
            title=Message(gettext_noop("Held: %(drug)s"), name),
            why=hold_cause(hold),
            badge=("held", Message(gettext_noop("Held"))),
            by=hold.held_by.get_username(),
            history=record,
            kind=KIND,
        )
        if hold.resumed_at is not None:
            yield TimelineEvent(
                at=hold.resumed_at,
                icon="check",
                title=Message(gettext_noop("Hold ended: %(drug)s"), name),
                why=_said(hold.resumed_why),
                by=hold.resumed_by.get_username(),
                history=record,
                kind=KIND,
            )


def _reviews(participant: Participant) -> Iterator[TimelineEvent]:
    for review in participant.dose_reviews.select_related("order", "reviewed_by"):
        steps = [Message.from_json(step) for step in review.steps[-BASIS_STEPS:]]
        yield TimelineEvent(
            at=review.reviewed_at,
            icon="pen",
            title=Message(
                gettext_noop("Order kept at another clearance: %(drug)s, %(order)s"),
                {"drug": drug_name(review.order.drug), "order": order_text(review.order)},
            ),
            why=sentence(*steps, _said(review.why)),
            by=review.reviewed_by.get_username(),
            history=("dosing.dosereview", review.pk),
            kind=KIND,
        )


def _weights(participant: Participant) -> Iterator[TimelineEvent]:
    for weight in participant.weights.in_force():
        yield TimelineEvent(
            at=weight.measured_at,
            icon="pen",
            title=Message(gettext_noop("Weight %(kg)s"), {"kg": quantity(weight.kg, "kg")}),
            why=sentence(*(Message.from_json(warning) for warning in weight.warnings)),
            history=("dosing.bodyweight", weight.pk),
            kind=KIND,
        )


def _withdrawals(participant: Participant) -> Iterator[TimelineEvent]:
    for decision in Withdrawal.objects.filter(participant=participant).select_related("decided_by"):
        found = [Message.from_json(finding) for finding in decision.findings]
        why = Message(str(decision.get_why_display()))
        yield TimelineEvent(
            at=decision.decided_at,
            icon="stop",
            title=Message(gettext_noop("Drug withdrawal, signed")),
            why=sentence(why, _said(decision.note), *found),
            by=decision.decided_by.get_username(),
            history=("dosing.withdrawal", decision.pk),
            kind=KIND,
        )


def _said(text: str) -> Message:
    """What somebody typed, in whichever language."""
    return Message("%(text)s", {"text": text})


def _doses(participant: Participant) -> Iterator[TimelineEvent]:
    for row in participant.administrations.in_force().select_related("order", "lot"):
        planned = row.order or row
        yield TimelineEvent(
            at=row.given_at or row.slot_at,
            icon=ICON,
            title=Message(
                "%(drug)s %(dose)s",
                {
                    "drug": drug_name(row.drug),
                    "dose": dose_text(planned.amount, planned.unit),
                },
            ),
            why=sentence(*_why(row)),
            badge=(_badge(row), what_happened(row)),
            history=("dosing.administration", row.pk),
            kind=KIND,
            anchor=f"dose-{row.pk}",
        )


def _observed(participant: Participant) -> Iterator[TimelineEvent]:
    """Vital signs and reactions, each under the dose that it was seen with."""
    for signs in participant.vital_signs.in_force().select_related("administration"):
        alerts = [Message.from_json(warning) for warning in signs.warnings]
        yield TimelineEvent(
            at=signs.measured_at,
            icon=ICON,
            title=Message(gettext_noop("Vital signs, %(drug)s"), _drug_of(signs)),
            why=sentence(signs_text(signs), *alerts),
            badge=("late", Message(gettext_noop("Alert"))) if alerts else None,
            history=("dosing.vitalsigns", signs.pk),
            kind=KIND,
            anchor=f"vital-signs-{signs.pk}",
        )
    for reaction in participant.reactions.in_force().select_related("administration"):
        note = [_said(reaction.note)] if reaction.note else []
        yield TimelineEvent(
            at=reaction.onset_at,
            icon="alert",
            title=Message(gettext_noop("Reaction after %(drug)s"), _drug_of(reaction)),
            why=sentence(reaction_text(reaction), *note),
            history=("dosing.reaction", reaction.pk),
            kind=KIND,
            anchor=f"reaction-{reaction.pk}",
        )


def _drug_of(observed: VitalSigns | Reaction) -> dict[str, str | Message]:
    return {"drug": drug_name(observed.administration.drug)}


def _badge(row: Administration) -> str:
    """Done, or interrupted by a hold, or blocked by anything else."""
    if row.status == Administration.Status.GIVEN:
        return "done"
    return "held" if row.why == Administration.Reason.LAB_HOLD or row.delivered else "blocked"


def _why(row: Administration) -> Iterator[Message]:
    if row.was_planned:
        yield Message(gettext_noop("Planned %(when)s"), {"when": clock_text(row.slot_at)})
    else:
        yield Message(gettext_noop("Not planned by an order"))
    if row.lot_text:
        yield Message(gettext_noop("Lot %(lot)s"), {"lot": row.lot_text})
    if row.injection_site:
        yield site_name(row.injection_site)
    if row.why:
        yield Message(str(row.get_why_display()))
    yield from (_said(text) for text in (row.note, row.late_reason) if text)
    yield from (Message.from_json(warning) for warning in row.warnings)
