"""What to ask about a dose before it is saved, and what cannot be: rows held against the rules."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from dosing.models import Administration, DrugChoice, Lot, Order
from dosing.rules.administration import (
    GanciclovirDose,
    Il2Dose,
    ganciclovir_impossible,
    ganciclovir_warnings,
    il2_impossible,
    il2_warnings,
)
from dosing.selectors import delivered, latest_safety_values
from labs.rules.limits import EntryLevel, check_limits
from labs.rules.stops import hold_reasons
from oversight.refusals import Refused
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop


@dataclass(frozen=True)
class Given:
    """What happened at a slot.  ``amount`` is in the drug's unit (mg; million IU), 0 if not given.

    ``at`` and ``ended_at`` are aware; ``why`` is one of ``Administration.Reason`` for anything less
    than the whole.  ``lot`` is of the site's stock; ``lot_number`` is what was typed.
    ``late_reason`` says why it is recorded on a later day, ``queued_at`` when a browser without a
    connection took the entry.
    """

    status: str
    amount: Decimal
    at: dt.datetime | None = None
    injection_site: str = ""
    why: str = ""
    note: str = ""
    ended_at: dt.datetime | None = None
    volume_ml: Decimal | None = None
    lot: Lot | None = None
    lot_number: str = ""
    product: str = ""
    expires_on: dt.date | None = None
    vials: int | None = None
    late_reason: str = ""
    queued_at: dt.datetime | None = None

    @property
    def is_delivered(self) -> bool:
        return self.status != Administration.Status.NOT_GIVEN


def impossible(drug: str, amount: Decimal, at: dt.datetime) -> tuple[Message, ...]:
    """Why this amount (mg; million IU) of a drug cannot be; empty for every real one."""
    if drug == DrugChoice.IL2:
        return il2_impossible(Il2Dose(at, amount), current().il2)
    return ganciclovir_impossible(GanciclovirDose(at, amount), current().ganciclovir)


def order_questions(
    drug: str, amount: Decimal, weight_kg: Decimal | None
) -> list[tuple[str, Message]]:
    """What the soft limits ask about an order (mg, kg), by field.

    Raises ``Refused`` for what cannot be.  Sources: DOMAIN 2, 4 and 5.
    """
    limits = current().il2.miu_limits if drug == DrugChoice.IL2 else current().ganciclovir.mg_limits
    checks = [("amount", check_limits(limits, amount))]
    if weight_kg is not None:
        checks.append(("weight_kg", check_limits(current().steroids.weight_limits, weight_kg)))
    refused = [check.message for _, check in checks if check.level is EntryLevel.IMPOSSIBLE]
    if refused:
        raise Refused(
            Message(gettext_noop("This order cannot be true")),
            [reason for reason in refused if reason],
        )
    return [(name, check.message) for name, check in checks if check.message]


def warnings_about(
    order: Order, given: Given, *, leave_out: int | None = None
) -> tuple[Message, ...]:
    """What to ask about a dose of ``order``; nothing here forbids it.  Sources: DOMAIN 4 and 5.

    ``leave_out`` is the saved dose (primary key) that is being corrected.
    """
    if given.at is None or not given.is_delivered:
        return ()
    others = [row for row in delivered(order.participant, order.drug) if row.pk != leave_out]
    if order.drug == DrugChoice.IL2:
        return il2_warnings(
            Il2Dose(given.at, given.amount, given.injection_site or None),
            others=[Il2Dose(row.given_at, row.amount, row.injection_site) for row in others],
            arm=current().arm(order.participant.allocation.arm),
            rule=current().il2,
        )
    is_whole = given.status == Administration.Status.GIVEN
    return (
        *hold_reasons(latest_safety_values(order.participant, given.at), current()),
        *ganciclovir_warnings(
            GanciclovirDose(given.at, given.amount),
            others=[GanciclovirDose(row.given_at, row.amount) for row in others],
            ordered_mg=order.amount if is_whole else None,
            rule=current().ganciclovir,
        ),
    )
