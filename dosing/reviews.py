"""Orders whose creatinine clearance lies in another band by now: computed, never stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet

from dosing.models import DoseReview, DrugChoice, Order, UnitChoice
from dosing.proposals import bases_of, proposal_from
from dosing.rules.orders import Proposal, asks_for_review
from dosing.wording import dosage_text
from enrollment.states import State
from trial_site.messages import Message
from trial_site.models import User

TREATED = (State.ALLOCATED, State.ON_TREATMENT, State.RESCUE)


@dataclass(frozen=True)
class Review:
    """An order to look at again: what would be proposed for it now, with the steps to it."""

    order: Order
    proposal: Proposal
    steps: tuple[Message, ...]

    @property
    def text(self) -> Message:
        """``150 mg every 24 hours``, as it would be ordered now."""
        return dosage_text(self.proposal.mg, UnitChoice.MG, self.proposal.frequency)


def reviewable(orders: QuerySet[Order]) -> QuerySet[Order]:
    """The ganciclovir orders among ``orders`` that are open, of participants under treatment."""
    found = orders.filter(ends_at=None, drug=DrugChoice.GANCICLOVIR, participant__state__in=TREATED)
    return found.select_related("participant__screening", "participant__allocation").defer(
        "participant__screening__eligibility"
    )


def reviews_for(user: User) -> list[Review]:
    """What asks for a review at the sites of ``user``; four queries, however many orders."""
    return reviews_of(list(reviewable(Order.objects.visible_to(user))))


def review_of(order: Order) -> Review | None:
    """The review that ``order`` asks for as things stand, if it asks for one."""
    return next(iter(reviews_of(list(reviewable(Order.objects.filter(pk=order.pk))))), None)


def reviews_of(orders: Collection[Order]) -> list[Review]:
    """The reviews that ``orders`` (as ``reviewable`` gives them) ask for; three queries."""
    if not orders:
        return []
    bases = bases_of([order.participant for order in orders])
    reviewed: dict[int, set[str]] = defaultdict(set)
    kept = DoseReview.objects.filter(order__in=[order.pk for order in orders])
    for order_id, band in kept.values_list("order_id", "band"):
        reviewed[order_id].add(band)
    found = []
    for order in orders:
        facts, basis = order.participant.screening.answers, bases[order.participant_id]
        proposal, steps = proposal_from(facts, basis, phase=order.phase)
        if proposal and asks_for_review(
            ordered=order.band, found=proposal.band, reviewed=reviewed[order.pk]
        ):
            found.append(Review(order, proposal, steps))
    return found
