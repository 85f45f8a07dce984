"""Doses that departed from their order, from the arm or from the record (DOMAIN 4, 5).

Each rule offers; nobody is blamed before a person has looked.  Hours are the site's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from enrollment.rules.wording import rounded_apart
from labs.rules.numbers import NO_BREAK_SPACE, plain
from safety.rules.found import Found, source
from trial_site.messages import Message
from trial_site.protocol.definition import Drug, Protocol, gettext_noop

# A dose that is not given for these reasons follows a hold or a stop: no departure.
EXCUSED = frozenset({"lab_hold", "stopped"})


@dataclass(frozen=True)
class Dose:
    """A planned dose as it was recorded.  ``drug_name`` and ``unit`` are marked for translation.

    ``at`` is its slot on the site's clock, ``given`` in ``unit``, 0 for one that was not given;
    ``ordered`` is in the same unit, ``None`` where no order planned it.
    """

    key: int
    drug: str
    drug_name: str
    at: dt.datetime
    given: Decimal
    ordered: Decimal | None
    unit: str
    is_delivered: bool
    why: str = ""
    why_name: str = ""


@dataclass(frozen=True)
class Slot:
    """A planned dose that nobody recorded; ``order`` is the primary key of what planned it."""

    order: int
    drug: str
    drug_name: str
    at: dt.datetime


@dataclass(frozen=True)
class Held:
    """The investigator held ``drug`` from ``since``, until it was resumed."""

    drug: str
    since: dt.datetime
    until: dt.datetime | None

    def covers(self, drug: str, at: dt.datetime) -> bool:
        after = self.since <= at and (self.until is None or at < self.until)
        return after and drug == self.drug


def dose_departures(
    doses: Iterable[Dose], holds: Collection[Held], arm_drugs: Collection[str], protocol: Protocol
) -> Iterator[Found]:
    """IL-2 in an arm without it, doses above their order, doses not given without a hold or stop.

    A dose is above its order from more than the protocol's soft deviation on, exactly.
    """
    for dose in doses:
        if dose.is_delivered:
            if dose.drug == Drug.IL2 and dose.drug not in arm_drugs:
                yield _dose_found("il2_without_arm", dose, _without_arm(dose))
            if above := _above_order(dose, protocol):
                yield _dose_found("dose_above_order", dose, above)
        elif dose.why not in EXCUSED and not any(held.covers(dose.drug, dose.at) for held in holds):
            yield _dose_found("missed_dose", dose, _not_given(dose))


def _dose_found(kind: str, dose: Dose, fact: Message) -> Found:
    key = source(kind, "administration", dose.key)
    return Found(kind, key, dose.at.date(), (fact,))


def _without_arm(dose: Dose) -> Message:
    text = gettext_noop("%(drug)s %(given)s on %(at)s; the arm does not receive it")
    return Message(text, _dose_words(dose))


def _not_given(dose: Dose) -> Message:
    text = gettext_noop(
        "%(drug)s planned for %(at)s was not given (%(why)s); no hold was in force then"
    )
    return Message(text, _dose_words(dose) | {"why": Message(dose.why_name)})


def _above_order(dose: Dose, protocol: Protocol) -> Message | None:
    if dose.ordered is None:
        return None
    percent = protocol.ganciclovir.soft_deviation_percent
    excess = (Fraction(dose.given) / Fraction(dose.ordered) - 1) * 100
    if excess <= percent:
        return None
    text = gettext_noop(
        "%(drug)s %(given)s on %(at)s, ordered %(ordered)s: %(excess)s %% more, above %(limit)s %%"
    )
    numbers: dict[str, str | Message] = {
        "ordered": _amount(dose.ordered, dose.unit),
        "excess": rounded_apart(excess, percent, 0),
        "limit": plain(percent),
    }
    return Message(text, _dose_words(dose) | numbers)


def _dose_words(dose: Dose) -> dict[str, str | Message]:
    return {
        "drug": Message(dose.drug_name),
        "at": f"{dose.at:%Y-%m-%d %H:%M}",
        "given": _amount(dose.given, dose.unit),
    }


def _amount(amount: Decimal, unit: str) -> Message:
    return Message(
        f"%(amount)s{NO_BREAK_SPACE}%(unit)s", {"amount": plain(amount), "unit": Message(unit)}
    )


def unrecorded_doses(
    slots: Iterable[Slot], holds: Collection[Held], today: dt.date
) -> Iterator[Found]:
    """Planned doses of the days before ``today`` that nobody recorded; none while the drug was
    held by the investigator, who planned it no more."""
    kind = "unrecorded_dose"
    text = gettext_noop("%(drug)s planned for %(at)s: nobody recorded what became of it")
    for slot in slots:
        if slot.at.date() < today and not any(held.covers(slot.drug, slot.at) for held in holds):
            params: dict[str, str | Message] = {
                "drug": Message(slot.drug_name),
                "at": f"{slot.at:%Y-%m-%d %H:%M}",
            }
            key = source(kind, "order", slot.order, slot.at)
            evidence = (Message(text, params),)
            yield Found(kind, key, slot.at.date(), evidence)
