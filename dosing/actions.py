"""Ordering, giving and withdrawing the trial's drugs."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from dosing.models import Administration, DrugChoice, Order, UnitChoice
from dosing.permissions import ADMINISTER, ORDER
from dosing.rules.administration import (
    GanciclovirDose,
    Il2Dose,
    ganciclovir_impossible,
    ganciclovir_warnings,
    il2_impossible,
    il2_warnings,
)
from dosing.rules.holds import hold_reasons
from dosing.rules.slots import slots_on
from dosing.selectors import latest_safety_values
from enrollment.actions.participation import (
    anchor_day0,
    anchor_withdrawal,
    locked_participant,
)
from enrollment.models import Participant
from enrollment.states import State
from oversight.records import locked
from oversight.recording import ReasonRequired, recorded
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import Arm, Frequency, gettext_noop

UNIT_OF = {DrugChoice.IL2: UnitChoice.MIU, DrugChoice.GANCICLOVIR: UnitChoice.MG}


@dataclass(frozen=True)
class Given:
    """What happened at a slot.  ``amount`` is in the drug's unit (mg; million IU), 0 if not given.

    ``at`` is aware; ``why`` is one of ``Administration.Reason`` for anything less than the whole.
    """

    status: str
    amount: Decimal
    at: dt.datetime | None = None
    injection_site: str = ""
    why: str = ""
    note: str = ""


def order_drug(
    participant: Participant,
    *,
    drug: str,
    amount: Decimal,
    frequency: str,
    starts_at: dt.datetime,
    by: User,
    weight_kg: Decimal | None = None,
    basis: Sequence[Message] = (),
    departure_reason: str = "",
    key: UUID | None = None,
) -> Order:
    """Order ``amount`` (mg, or million IU) of a drug from ``starts_at`` (aware) on.

    ``basis`` are the steps of the proposal, ``departure_reason`` why the order differs from it.
    Raises ``Refused`` before allocation, after treatment, for IL-2 in an arm without it, or with an
    open order of the drug; ``AlreadyRecorded``; ``PermissionDenied``.  Sources: DOMAIN 4 and 5.
    """
    ORDER.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        if participant.state not in {State.ALLOCATED, State.ON_TREATMENT}:
            raise Refused(Message(gettext_noop("Only an allocated participant is treated")))
        if drug not in _arm(participant).drugs:
            raise Refused(Message(gettext_noop("This arm does not receive this drug")))
        if participant.orders.filter(drug=drug, ends_at=None).exists():
            raise Refused(
                Message(gettext_noop("This drug is ordered already; stop that order first"))
            )
        order = Order(
            participant=participant,
            drug=drug,
            amount=amount,
            unit=UNIT_OF[DrugChoice(drug)],
            frequency=frequency,
            weight_kg=weight_kg,
            basis=[message.to_json() for message in basis],
            departure_reason=departure_reason,
            starts_at=starts_at,
            ordered_at=clock.now(),
            ordered_by=by,
        )
        order.save()
        return order


def record_dose(
    order: Order, *, slot_at: dt.datetime, given: Given, by: User, key: UUID | None = None
) -> Administration:
    """Record what happened at one planned slot of ``order``, once, whatever is clicked.

    The first ganciclovir delivered becomes day 0.  Warnings are kept with the record and never
    block.  Raises ``Refused`` for a slot that is not planned or recorded already, an impossible
    amount, a time in the future, less than the whole without a reason; ``AlreadyRecorded``;
    ``PermissionDenied``.  Sources: DOMAIN 4 and 5.
    """
    ADMINISTER.check(by)
    _check_given(order, given)
    with recorded(by=by, key=key):
        participant = locked_participant(order.participant, by=by)
        if slot_at not in planned_slots(order, timezone.localdate(slot_at)):
            raise Refused(Message(gettext_noop("No dose is planned at this time")))
        if participant.administrations.filter(drug=order.drug, slot_at=slot_at).exists():
            raise Refused(Message(gettext_noop("This dose is recorded already")))
        administration = Administration(
            participant=participant,
            order=order,
            drug=order.drug,
            slot_at=slot_at,
            unit=order.unit,
            **_columns(given),
        )
        administration.warnings = _warnings(participant, order, given, None)
        administration.save()
        _settle_day0(participant, by)
        return administration


def correct_dose(
    administration: Administration, *, given: Given, reason: str, version: int, by: User
) -> Administration:
    """Correct what was recorded at a slot; history keeps the first entry (R04).

    Raises ``ReasonRequired``, ``StaleRecord``, and what ``record_dose`` refuses about amounts.
    """
    ADMINISTER.check(by)
    if not reason.strip():
        raise ReasonRequired(administration)
    _check_given(administration.order, given)
    with recorded(by=by, reason=reason):
        participant = locked_participant(administration.participant, by=by)
        administration = locked(
            Administration.objects.filter(pk=administration.pk), version=version
        )
        for name, value in _columns(given).items():
            setattr(administration, name, value)
        administration.warnings = _warnings(
            participant, administration.order, given, administration.pk
        )
        administration.save()
        _settle_day0(participant, by)
        return administration


def withdraw_drugs(
    participant: Participant, *, reason: str, by: User, key: UUID | None = None
) -> Participant:
    """Stop every open order and begin follow-up, counted from the last ganciclovir delivered.

    Raises ``Refused`` without a reason or before the first dose, ``IllegalMove``.
    """
    ORDER.check(by)
    if not reason.strip():
        raise Refused(Message(gettext_noop("Say why the drugs are withdrawn")))
    with recorded(by=by, reason=reason, key=key):
        participant = locked_participant(participant, by=by)
        last = _delivered(participant, DrugChoice.GANCICLOVIR).last()
        if last is None or last.given_at is None:
            raise Refused(Message(gettext_noop("No ganciclovir has been given yet")))
        now = clock.now()
        for order in participant.orders.filter(ends_at=None):
            order.ends_at = max(now, order.starts_at)
            order.save()
        anchor_withdrawal(participant, on=timezone.localdate(last.given_at), by=by)
        return participant


def planned_slots(order: Order, day: dt.date) -> tuple[dt.datetime, ...]:
    """The order's slots on the calendar ``day`` of the site."""
    return slots_on(
        day,
        starts_at=order.starts_at,
        ends_at=order.ends_at,
        frequency=Frequency(order.frequency),
        tz=timezone.get_default_timezone(),
    )


def _columns(given: Given) -> dict[str, object]:
    return {
        "status": given.status,
        "amount": given.amount,
        "given_at": given.at,
        "injection_site": given.injection_site,
        "why": given.why,
        "note": given.note,
    }


def _check_given(order: Order, given: Given) -> None:
    """Refuse what cannot be true; whatever is merely against the protocol is recorded."""
    status = Administration.Status
    if given.status != status.GIVEN and not given.why:
        raise Refused(Message(gettext_noop("Say why the dose was not given in full")))
    if given.status == status.NOT_GIVEN:
        if given.amount or given.at:
            raise Refused(Message(gettext_noop("A dose that was not given has no amount or time")))
        return
    if given.at is None or given.at > clock.now():
        raise Refused(Message(gettext_noop("Enter when it was given; not in the future")))
    if order.drug == DrugChoice.IL2:
        impossible = il2_impossible(Il2Dose(given.at, given.amount), current().il2)
    else:
        dose = GanciclovirDose(given.at, given.amount)
        impossible = ganciclovir_impossible(dose, current().ganciclovir)
    if impossible:
        raise Refused(Message(gettext_noop("This amount cannot be true")), impossible)


def _delivers(given: Given) -> bool:
    return given.status != Administration.Status.NOT_GIVEN


def _delivered(participant: Participant, drug: str):  # type: ignore[no-untyped-def]
    rows = participant.administrations.filter(drug=drug)
    return rows.exclude(status=Administration.Status.NOT_GIVEN).order_by("given_at")


def _warnings(
    participant: Participant, order: Order, given: Given, leave_out: int | None
) -> list[dict[str, object]]:
    """What to ask about this dose, as JSON; kept with it."""
    if given.at is None or not _delivers(given):
        return []
    others = [row for row in _delivered(participant, order.drug) if row.pk != leave_out]
    found: list[Message]
    if order.drug == DrugChoice.IL2:
        dose = Il2Dose(given.at, given.amount, given.injection_site or None)
        past = [Il2Dose(row.given_at, row.amount, row.injection_site or None) for row in others]
        found = [*il2_warnings(dose, others=past, arm=_arm(participant), rule=current().il2)]
    else:
        whole = given.status == Administration.Status.GIVEN
        infusion = GanciclovirDose(given.at, given.amount)
        found = [
            *hold_reasons(latest_safety_values(participant, given.at), current()),
            *ganciclovir_warnings(
                infusion,
                others=[GanciclovirDose(row.given_at, row.amount) for row in others],
                ordered_mg=order.amount if whole else None,
                rule=current().ganciclovir,
            ),
        ]
    return [message.to_json() for message in found]


def _settle_day0(participant: Participant, by: User) -> None:
    """Day 0 is the earliest ganciclovir delivered, also after a late entry or a correction."""
    first = _delivered(participant, DrugChoice.GANCICLOVIR).first()
    if first is None:
        if participant.day0_at is not None:
            raise Refused(Message(gettext_noop("This is the only dose given: it is day 0")))
        return
    if first.given_at != participant.day0_at:
        anchor_day0(participant, at=first.given_at, by=by)


def _arm(participant: Participant) -> Arm:
    return current().arm(participant.allocation.arm)
