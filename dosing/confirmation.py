"""What a nurse reads before confirming that a dose was given as ordered."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from django.utils.html import format_html
from django.utils.translation import gettext

from dosing.cards import Moment, heading, held_by, since_last
from dosing.checks import Given, warnings_about
from dosing.day import Slot, slot_of
from dosing.models import Administration, DrugChoice, Hold, Lot, Order
from dosing.rules.timing import SlotState, next_site
from dosing.selectors import delivered
from dosing.stock import LotStock, usable_lots
from dosing.wording import clock_text, dose_text, drug_name, lot_in_words, route, volume_text
from trial_site import clock
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

Reason = Administration.Reason
WHY_HELD = {
    Hold.Reason.RESULT: Reason.LAB_HOLD,
    Hold.Reason.ADVERSE_EVENT: Reason.ADVERSE_EVENT,
    Hold.Reason.OTHER: Reason.STOPPED,
}


@dataclass(frozen=True)
class Confirmation:
    """The dose at one slot, now: how it stands, what speaks against it, where it may go."""

    order: Order
    slot: Slot
    moment: Moment
    held_by: tuple[Message, ...]
    last: Administration | None
    hold: Hold | None = None
    stock: tuple[LotStock, ...] = ()

    @property
    def is_held(self) -> bool:
        return self.slot.state is SlotState.HELD

    @property
    def why_held(self) -> str:
        """The reason of a dose that is not given because of the hold."""
        return WHY_HELD[Hold.Reason(self.hold.why)] if self.hold else Reason.LAB_HOLD

    @property
    def is_of_today(self) -> bool:
        return self.moment.day == self.moment.today

    @property
    def heading(self) -> Message:
        return heading(self.slot, self.moment)

    @property
    def drug(self) -> Message:
        return drug_name(self.order.drug)

    @property
    def dose(self) -> Message:
        return dose_text(self.order.amount, self.order.unit)

    @property
    def route(self) -> Message:
        return route(self.order.drug)

    @property
    def planned(self) -> str:
        return clock_text(self.slot.at, self.moment.today)

    @property
    def since_last(self) -> Message | None:
        given_at = self.last.given_at if self.last else None
        return since_last(given_at, self.moment) if given_at else None

    @property
    def given_now(self) -> Given:
        """The dose as ordered at this minute of the server's clock."""
        now = self.moment.now.replace(second=0, microsecond=0)
        return Given(Administration.Status.GIVEN, self.order.amount, now)

    @cached_property
    def warnings(self) -> tuple[Message, ...]:
        return self._asked_about(self.given_now)

    def asks_more(self, given: Given) -> bool:
        """Whether ``given`` raises a question that this page has not shown: it is asked first.

        What waited in a browser has happened, and nobody is there to ask.
        """
        if given.queued_at is not None:
            return False
        return any(question not in self.warnings for question in self._asked_about(given))

    def _asked_about(self, given: Given) -> tuple[Message, ...]:
        return warnings_about(self.order.participant, self.order.drug, given, order=self.order)

    @property
    def suggested_lot(self) -> Lot | None:
        """The first to expire of those in stock."""
        return self.stock[0].lot if self.stock else None

    @property
    def suggested_lot_key(self) -> str:
        """How a form names it."""
        return str(self.suggested_lot.pk) if self.suggested_lot else ""

    @property
    def lot(self) -> Message | None:
        lot = self.suggested_lot
        return lot_in_words(lot) if lot else None

    @property
    def volume(self) -> Message | None:
        """What to draw up of the suggested lot, where its vials say how they are dissolved."""
        lot = self.suggested_lot
        return volume_text(self.order.amount, lot) if lot else None

    @property
    def suggested_site(self) -> str:
        return next_site(self.last.injection_site if self.last else None, current().il2)

    @property
    def sites(self) -> list[tuple[str, str]]:
        """Where to inject, by name, marked where suggested or used last; none for an infusion."""
        if self.order.drug != DrugChoice.IL2:
            return []
        notes = {}
        if self.last is not None and self.last.given_at is not None:
            used = Message(
                gettext_noop("last used %(when)s"), {"when": clock_text(self.last.given_at)}
            )
            notes[self.last.injection_site] = used.render(gettext)
        notes[self.suggested_site] = gettext("suggested")
        return [
            (code, _with_note(gettext(name), notes.get(code, "")))
            for code, name in current().il2.injection_sites
        ]


def confirmation(order: Order, slot_at: dt.datetime) -> Confirmation:
    """The confirmation of a slot that is not recorded yet."""
    now = clock.now()
    slot, safety, hold = slot_of(order, slot_at, now)
    return Confirmation(
        order=order,
        slot=slot,
        moment=Moment(now=now, day=slot.day, today=clock.today()),
        held_by=held_by(safety, hold),
        stock=tuple(usable_lots(order.participant.site_id, order.drug, slot.day)),
        hold=hold,
        last=delivered(order.participant, order.drug).last(),
    )


def _with_note(name: str, note: str) -> str:
    return format_html("{}<small>{}</small>", name, note) if note else name
