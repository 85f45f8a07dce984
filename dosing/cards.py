"""One planned dose as the sheet shows it: state, amount, why, and what may be done."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from dosing.buttons import Button, buttons
from dosing.day import Slot
from dosing.models import (
    Administration,
    DrugChoice,
    Hold,
    Order,
    Reaction,
    UnitChoice,
    VitalSigns,
)
from dosing.permissions import ADMINISTER
from dosing.rules.timing import SlotState
from dosing.selectors import SafetyValues
from dosing.wording import (
    UNITS,
    clock_text,
    dose_text,
    drug_name,
    duration,
    hold_text,
    reaction_text,
    route,
    signs_text,
    site_name,
)
from labs.rules.numbers import quantity
from labs.rules.stops import hold_reasons, missing_results
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

# The card's look (static/css/trial.css) and its icon; an icon belongs to one state only.
LOOKS = {
    SlotState.LATE: ("late", "alert"),
    SlotState.DUE: ("due", "clock"),
    SlotState.HELD: ("held", "pause"),
    SlotState.PLANNED: ("planned", "circle"),
    SlotState.GIVEN: ("given", "check"),
    SlotState.PARTIAL: ("planned", "info"),
    SlotState.NOT_GIVEN: ("planned", "block"),
}
# The last steps of an order's basis: the band of clearance, and weight times dose.
BASIS_STEPS = 2


@dataclass(frozen=True)
class Moment:
    """When the sheet is read, and the day that it shows."""

    now: dt.datetime
    day: dt.date
    today: dt.date


@dataclass(frozen=True)
class Seen:
    """Vital signs or a reaction as the card tells them, with its alerts, and how to correct it."""

    text: Message
    alerts: tuple[Message, ...]
    correct: str
    in_error: str


@dataclass(frozen=True)
class Card:
    """``ordered`` is set where another amount was recorded than was ordered.

    ``asked`` are the warnings that were kept with the dose, ``seen`` what was seen around it.
    """

    slot: Slot
    heading: Message
    time: str
    amount: Decimal
    unit: str
    ordered: Message | None
    why: tuple[Message, ...]
    asked: tuple[Message, ...]
    seen: tuple[Seen, ...]
    buttons: tuple[Button, ...]

    @property
    def look(self) -> str:
        return LOOKS[self.slot.state][0]

    @property
    def icon(self) -> str:
        return LOOKS[self.slot.state][1]

    @property
    def drug(self) -> Message:
        return drug_name(self.slot.drug)

    @property
    def route(self) -> Message:
        return route(self.slot.drug)

    @property
    def anchor(self) -> str:
        return f"{self.slot.subject}-{self.slot.drug}-{self.slot.at:%H%M}"


@dataclass(frozen=True)
class Behind:
    """What stands behind a card: its order, what was recorded, the values and doses before it."""

    order: Order | None
    administration: Administration | None
    recorder: str
    observations: tuple[VitalSigns | Reaction, ...]
    safety: SafetyValues
    hold: Hold | None
    last_given: dt.datetime | None


def card(slot: Slot, behind: Behind, moment: Moment, user: User) -> Card:
    """The card of ``slot``; its buttons are those that ``user`` may press."""
    order, recorded = behind.order, behind.administration
    dose = recorded or order
    if dose is None:
        raise ValueError(f"{slot} is neither ordered nor recorded")
    differs = order is not None and dose.amount != order.amount
    warnings = recorded.warnings if recorded else ()
    return Card(
        slot=slot,
        heading=heading(slot, moment, recorded),
        time=clock_text(slot.at, moment.day),
        amount=dose.amount,
        unit=UNITS[UnitChoice(dose.unit)],
        ordered=dose_text(order.amount, order.unit) if order and differs else None,
        why=_why(slot, behind, moment),
        asked=tuple(Message.from_json(warning) for warning in warnings),
        seen=tuple(_seen(row, may_correct=ADMINISTER.allows(user)) for row in behind.observations),
        buttons=tuple(buttons(slot, recorded, behind.recorder, now=moment.now, user=user)),
    )


# --- words ------------------------------------------------------------------------------------

_PLAIN_HEADINGS = {
    SlotState.HELD: gettext_noop("Held: do not give"),
    SlotState.PLANNED: gettext_noop("Planned"),
    SlotState.NOT_GIVEN: gettext_noop("Not given"),
}
_TIMED_HEADINGS = {
    SlotState.GIVEN: gettext_noop("Given %(time)s"),
    SlotState.PARTIAL: gettext_noop("Given in part %(time)s"),
}


def heading(slot: Slot, moment: Moment, recorded: Administration | None = None) -> Message:
    """The state in words: ``Late 1 h 42 min``, ``Due in 18 min``, ``Given 08:06``."""
    if slot.state in _PLAIN_HEADINGS:
        return Message(_PLAIN_HEADINGS[slot.state])
    if recorded is not None and recorded.given_at is not None:
        time = clock_text(recorded.given_at, slot.day)
        if recorded.ended_at is not None:
            time = f"{time}–{clock_text(recorded.ended_at, slot.day)}"
        return Message(_TIMED_HEADINGS[slot.state], {"time": time})
    if slot.day < moment.today:
        return Message(gettext_noop("Not recorded"))
    return _waiting(slot, moment.now.replace(second=0, microsecond=0))


def _waiting(slot: Slot, now: dt.datetime) -> Message:
    """How long a dose of today is still to come, or is waiting; in whole minutes of the clock."""
    if slot.state is SlotState.LATE:
        return Message(gettext_noop("Late %(time)s"), {"time": duration(now - slot.at)})
    if slot.at == now:
        return Message(gettext_noop("Due now"))
    if slot.at > now:
        return Message(gettext_noop("Due in %(time)s"), {"time": duration(slot.at - now)})
    return Message(gettext_noop("Due for %(time)s"), {"time": duration(now - slot.at)})


def _why(slot: Slot, behind: Behind, moment: Moment) -> tuple[Message, ...]:
    if behind.administration is not None:
        return tuple(_what_was_recorded(behind.administration, behind.recorder))
    if slot.state is SlotState.HELD:
        return held_by(behind.safety, behind.hold)
    if slot.state is SlotState.PLANNED or slot.day != moment.today:
        return ()
    why = [] if behind.last_given is None else [since_last(behind.last_given, moment)]
    if slot.drug == DrugChoice.GANCICLOVIR and behind.order is not None:
        why += [Message.from_json(step) for step in behind.order.basis[-BASIS_STEPS:]]
        why += _unknown(behind.safety)
    return tuple(why)


def since_last(last_given: dt.datetime, moment: Moment) -> Message:
    now = moment.now.replace(second=0, microsecond=0)
    return Message(
        gettext_noop("Last dose %(when)s, %(span)s ago"),
        {
            "when": clock_text(last_given, moment.today),
            "span": duration(now - last_given.replace(second=0, microsecond=0)),
        },
    )


def held_by(safety: SafetyValues, hold: Hold | None) -> tuple[Message, ...]:
    """Why a dose is held: the investigator's hold, and each result that forbids ganciclovir."""
    return (*([hold_text(hold)] if hold else []), *forbidding(safety))


def forbidding(safety: SafetyValues) -> tuple[Message, ...]:
    """Each result that forbids ganciclovir, with the time of its blood."""
    return tuple(
        Message(
            gettext_noop("%(reason)s (blood of %(when)s)"),
            {
                "reason": Message(reason.text, {**reason.params, "value": known.printed}),
                "when": clock_text(known.collected_at),
            },
        )
        for analyte, known in safety.items()
        for reason in hold_reasons({analyte: known.value}, current())
    )


def _unknown(safety: SafetyValues) -> list[Message]:
    """What could hold the dose and is not known; unknown is never shown as good."""
    values = {analyte: known.value for analyte, known in safety.items()}
    return list(missing_results(values, current()))


def _what_was_recorded(recorded: Administration, recorder: str) -> list[Message]:
    lines = []
    if not recorded.was_planned:
        lines.append(Message(gettext_noop("Not planned by an order")))
    if recorded.why:
        lines.append(Message(str(recorded.get_why_display())))
    if recorded.injection_site:
        lines.append(site_name(recorded.injection_site))
    if recorded.lot_text:
        lines.append(Message(gettext_noop("Lot %(lot)s"), {"lot": recorded.lot_text}))
    if recorded.volume_ml is not None:
        lines.append(Message(quantity(recorded.volume_ml, "mL")))
    lines += [Message("%(note)s", {"note": text}) for text in _typed(recorded)]
    lines.append(Message(gettext_noop("Recorded by %(who)s"), {"who": recorder}))
    return lines


def _typed(recorded: Administration) -> Iterator[str]:
    yield from filter(None, (recorded.note, recorded.late_reason))


def _seen(row: VitalSigns | Reaction, *, may_correct: bool) -> Seen:
    if isinstance(row, Reaction):
        name, text, warnings = "reaction", reaction_text(row), []
    else:
        name, text, warnings = "vital-signs", signs_text(row), row.warnings
    ways = [reverse(f"dosing:{name}-{way}", args=[row.pk]) for way in ("correct", "in-error")]
    correct, in_error = ways if may_correct else ("", "")
    return Seen(
        text=text,
        alerts=tuple(Message.from_json(warning) for warning in warnings),
        correct=correct,
        in_error=in_error,
    )
