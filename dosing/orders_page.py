"""All that is ordered for one participant: each order, its basis, its holds, what may be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from django.urls import reverse

from dosing.actions.orders import order_refusal
from dosing.actions.withdrawal import withdrawal_refusal
from dosing.buttons import MAIN, Button
from dosing.cards import forbidding
from dosing.models import BodyWeight, DoseReview, DrugChoice, Hold, Order, Withdrawal
from dosing.permissions import ORDER, WEIGH
from dosing.proposals import Weight, basis_of
from dosing.reviews import Review, reviewable, reviews_of
from dosing.selectors import latest_safety_results
from dosing.totals import DrugTotal, totals_to_date
from dosing.wording import drug_name, hold_cause, hold_text, order_text, route
from enrollment.models import Participant
from enrollment.states import State
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop


@dataclass(frozen=True)
class OrderLine:
    """One order: what, from what, and what became of it."""

    order: Order
    kept: tuple[DoseReview, ...]

    @property
    def text(self) -> Message:
        return order_text(self.order)

    @property
    def basis(self) -> list[Message]:
        return [Message.from_json(step) for step in self.order.basis]


@dataclass(frozen=True)
class DrugCard:
    """One drug: its open order if there is one, what holds it, and the orders before.

    ``refusal`` is why it cannot be ordered now; ``forbidden_by`` are results that hold it by
    themselves.
    """

    drug: str
    open: OrderLine | None
    before: tuple[OrderLine, ...]
    hold: Hold | None
    holds_before: tuple[tuple[Hold, Message], ...]
    forbidden_by: tuple[Message, ...]
    review: Review | None
    refusal: Message | None
    has_ended: bool
    buttons: tuple[Button, ...] = ()

    @property
    def name(self) -> Message:
        return drug_name(self.drug)

    @property
    def route(self) -> Message:
        return route(self.drug)

    @property
    def held_by(self) -> Message | None:
        return hold_text(self.hold) if self.hold else None

    @property
    def status(self) -> tuple[str, Message]:
        """Kind and words of the badge."""
        if self.open is None:
            text = gettext_noop("Ended") if self.before else gettext_noop("Not ordered")
            return "planned", Message(text)
        if self.has_ended:
            return "planned", Message(gettext_noop("The participation has ended"))
        if self.hold or self.forbidden_by:
            return "held", Message(gettext_noop("Held"))
        if self.open.order.starts_at > clock.now():
            return "planned", Message(gettext_noop("Ordered, not begun"))
        return "done", Message(gettext_noop("Ordered"))


@dataclass(frozen=True)
class OrdersPage:
    participant: Participant
    drugs: tuple[DrugCard, ...]
    weight: Weight | None
    weights: tuple[BodyWeight, ...]
    totals: tuple[DrugTotal, ...]
    decision: Withdrawal | None
    may_weigh: bool
    buttons: tuple[Button, ...]


def orders_page(participant: Participant, user: User) -> OrdersPage:
    """The page of ``participant`` (with arm and screening), with what ``user`` may do."""
    weights = tuple(participant.weights.order_by("-measured_at", "-pk"))
    return OrdersPage(
        participant=participant,
        drugs=tuple(_cards(participant, user)),
        weight=basis_of(participant).weight,
        weights=weights,
        totals=tuple(totals_to_date(participant)),
        decision=Withdrawal.objects.filter(participant=participant)
        .select_related("decided_by")
        .first(),
        may_weigh=WEIGH.allows(user),
        buttons=tuple(_decisions(participant)) if ORDER.allows(user) else (),
    )


@dataclass(frozen=True)
class _Rows:
    """What the database knows about the orders of one participant."""

    lines: list[OrderLine]
    holds: list[Hold]
    reviews: Mapping[int, Review]
    forbidden_by: tuple[Message, ...]

    @classmethod
    def of(cls, participant: Participant) -> _Rows:
        orders = participant.orders.select_related("ordered_by").prefetch_related(
            "reviews__reviewed_by"
        )
        found = reviews_of(list(reviewable(participant.orders.all())))
        safety = latest_safety_results([participant.pk], clock.now())[participant.pk]
        return cls(
            lines=[OrderLine(order, tuple(order.reviews.all())) for order in orders],
            holds=list(participant.holds.select_related("result", "held_by", "resumed_by")),
            reviews={review.order.pk: review for review in found},
            forbidden_by=forbidding(safety),
        )


def _cards(participant: Participant, user: User) -> Iterator[DrugCard]:
    """A card for each drug of the arm, and for any other that was ordered."""
    rows = _Rows.of(participant)
    arm = current().arm(participant.allocation.arm).drugs if participant.arm else ()
    ordered = {line.order.drug for line in rows.lines}
    for drug in DrugChoice.values:
        if drug in arm or drug in ordered:
            card = _card(participant, drug, rows)
            may_order = ORDER.allows(user) and not participant.has_ended
            yield replace(card, buttons=tuple(_buttons(participant, card))) if may_order else card


def _card(participant: Participant, drug: str, rows: _Rows) -> DrugCard:
    lines = [line for line in rows.lines if line.order.drug == drug]
    holds = [hold for hold in rows.holds if hold.drug == drug]
    running = next((line for line in lines if line.order.ends_at is None), None)
    hold = next((hold for hold in holds if hold.resumed_at is None), None)
    is_forbidden = running is not None and drug == DrugChoice.GANCICLOVIR
    return DrugCard(
        drug=drug,
        open=running,
        before=tuple(line for line in reversed(lines) if line is not running),
        hold=hold,
        holds_before=tuple(
            (each, hold_cause(each)) for each in reversed(holds) if each is not hold
        ),
        forbidden_by=rows.forbidden_by if is_forbidden else (),
        review=rows.reviews.get(running.order.pk) if running else None,
        refusal=order_refusal(participant, drug),
        has_ended=participant.has_ended,
    )


def _buttons(participant: Participant, card: DrugCard) -> Iterator[Button]:
    """What the investigator may do about one drug now, the most pressing first."""
    about = [participant.subject, card.drug]
    if card.review is not None:
        url = reverse("dosing:review", args=[card.review.order.pk])
        yield Button(gettext_noop("Review the dose"), url, look="btn-primary")
    if card.open is None:
        if card.refusal is None:
            url = reverse("dosing:order-new", args=about)
            yield Button(gettext_noop("Write the order"), url, look=MAIN)
        return
    if card.hold is not None:
        yield Button(gettext_noop("Resume"), reverse("dosing:resume", args=[card.hold.pk]))
    else:
        yield Button(gettext_noop("Hold"), reverse("dosing:hold", args=about))
    if card.refusal is None:
        yield Button(gettext_noop("Change the order"), reverse("dosing:order-new", args=about))
    yield Button(gettext_noop("Stop this drug"), reverse("dosing:stop", args=about))


def _decisions(participant: Participant) -> Iterator[Button]:
    """What the investigator may decide about the treatment as a whole."""
    subject = [participant.subject]
    if withdrawal_refusal(participant) is None:
        yield Button(gettext_noop("Withdraw the drugs"), reverse("dosing:withdraw", args=subject))
    if participant.state == State.FOLLOW_UP:
        yield Button(gettext_noop("Rescue treatment"), reverse("enrollment:rescue", args=subject))
    if participant.state == State.RESCUE:
        url = reverse("dosing:rescue-end", args=subject)
        yield Button(gettext_noop("End rescue treatment"), url)
