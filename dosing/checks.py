"""What to ask about a dose before it is saved, and what cannot be: rows held against the rules."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.utils import timezone

from dosing.models import Administration, DrugChoice, Lot, Order
from dosing.rules.administration import (
    GanciclovirDose,
    Il2Dose,
    ganciclovir_impossible,
    ganciclovir_warnings,
    il2_impossible,
    il2_warnings,
)
from dosing.rules.labels import UsedLot, lot_warnings
from dosing.selectors import delivered, holds_in_force, latest_safety_values
from dosing.wording import hold_text
from enrollment.models import Participant
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
    than the whole.  ``lot`` is of the site's stock; ``lot_number``, ``product`` and ``expires_on``
    are what the label says of a lot that is not.  ``vials`` left out are as many as the amount
    takes.  ``late_reason`` says why it is recorded on a later day, ``queued_at`` when a browser
    without a connection took the entry.
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

    @property
    def minute(self) -> dt.datetime:
        """When it was given, to the minute.  Raises ``ValueError`` for a dose without a time."""
        if self.at is None:
            raise ValueError("a dose that was not given has no time")
        return self.at.replace(second=0, microsecond=0)

    @property
    def minutes(self) -> Fraction | None:
        """How long the infusion ran, exactly; ``None`` while its end is not known."""
        if self.at is None or self.ended_at is None:
            return None
        return Fraction((self.ended_at - self.at) // dt.timedelta(microseconds=1), 60_000_000)


def impossible(drug: str, at: dt.datetime, given: Given) -> tuple[Message, ...]:
    """Why this dose of a drug cannot have been given ``at``; empty for every real one."""
    if drug == DrugChoice.IL2:
        return il2_impossible(Il2Dose(at, given.amount), current().il2)
    dose = GanciclovirDose(at, given.amount, given.minutes)
    return ganciclovir_impossible(dose, current().ganciclovir)


def order_questions(drug: str, amount: Decimal) -> list[tuple[str, Message]]:
    """What the soft limits ask about an order (mg; million IU), by field.

    Raises ``Refused`` for what cannot be.  Sources: DOMAIN 4 and 5.
    """
    limits = current().il2.miu_limits if drug == DrugChoice.IL2 else current().ganciclovir.mg_limits
    check = check_limits(limits, amount)
    if check.message is None:
        return []
    if check.level is EntryLevel.IMPOSSIBLE:
        raise Refused(Message(gettext_noop("This order cannot be true")), [check.message])
    return [("amount", check.message)]


def warnings_about(
    participant: Participant,
    drug: str,
    given: Given,
    *,
    order: Order | None,
    leave_out: int | None = None,
) -> tuple[Message, ...]:
    """What to ask about a dose of ``drug``; nothing here forbids it.  Sources: DOMAIN 4 and 5.

    ``order`` is what asked for it, if anything did; ``leave_out`` the saved dose (primary key) that
    is being corrected.
    """
    if given.at is None or not given.is_delivered:
        return ()
    others = [row for row in delivered(participant, drug) if row.pk != leave_out]
    hold = holds_in_force([participant.pk], given.at).get((participant.pk, drug))
    if drug == DrugChoice.IL2:
        asked = _about_il2(participant, given.at, given, others)
    else:
        asked = _about_ganciclovir(participant, given.at, given, others, order)
    on = timezone.localdate(given.at)
    return (*([hold_text(hold)] if hold else []), *asked, *_about_lot(given, on))


def _about_il2(
    participant: Participant, at: dt.datetime, given: Given, others: list[Administration]
) -> tuple[Message, ...]:
    return il2_warnings(
        Il2Dose(at, given.amount, given.injection_site or None),
        others=[Il2Dose(row.delivered_at, row.amount, row.injection_site) for row in others],
        arm=current().arm(participant.allocation.arm),
        rule=current().il2,
    )


def _about_ganciclovir(
    participant: Participant,
    at: dt.datetime,
    given: Given,
    others: list[Administration],
    order: Order | None,
) -> tuple[Message, ...]:
    is_whole = given.status == Administration.Status.GIVEN
    return (
        *hold_reasons(latest_safety_values(participant, at), current()),
        *ganciclovir_warnings(
            GanciclovirDose(at, given.amount, given.minutes),
            others=[GanciclovirDose(row.delivered_at, row.amount) for row in others],
            ordered_mg=order.amount if order and is_whole else None,
            rule=current().ganciclovir,
        ),
    )


def _about_lot(given: Given, on: dt.date) -> tuple[Message, ...]:
    if given.lot is not None:
        lot = given.lot
        used = UsedLot(lot.number, lot.expires_on, is_recalled=lot.recalled_at is not None)
    elif given.lot_number:
        used = UsedLot(given.lot_number, given.expires_on, is_in_stock=False)
    else:
        return ()
    return lot_warnings(used, on=on)
