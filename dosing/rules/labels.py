"""What to ask about the lot that a dose came from: it is recorded whatever its label says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from dosing.rules.vials import is_expired
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop


@dataclass(frozen=True)
class UsedLot:
    """The lot of a dose: its number, its last day of use if known, and how the site has it."""

    number: str
    expires_on: date | None = None
    is_in_stock: bool = True
    is_recalled: bool = False


def drawn_ml(amount: Decimal, *, content: Decimal, diluent_ml: Decimal) -> Fraction:
    """The volume in mL that holds ``amount`` once a vial of ``content`` is dissolved to
    ``diluent_ml`` (amount and content in the drug's unit).  Source: DOMAIN 5."""
    return Fraction(amount) / Fraction(content) * Fraction(diluent_ml)


def lot_warnings(lot: UsedLot, *, on: date) -> tuple[Message, ...]:
    """What to ask about ``lot`` given on the site's day ``on``; nothing here blocks (issue 5)."""
    named: dict[str, str | Message] = {"lot": lot.number}
    warnings = []
    if lot.is_recalled:
        warnings.append(Message(gettext_noop("Lot %(lot)s is recalled"), named))
    if lot.expires_on is not None and is_expired(lot.expires_on, on):
        day = {"day": lot.expires_on.isoformat()}
        warnings.append(Message(gettext_noop("Lot %(lot)s expired on %(day)s"), named | day))
    if not lot.is_in_stock:
        warnings.append(Message(gettext_noop("Lot %(lot)s is not in stock here"), named))
    return tuple(warnings)
