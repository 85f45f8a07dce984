"""Lots and whole vials: what a label says, how many vials a dose takes, how a lot stands."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

# A display rule of the pharmacy's pages, not of the protocol, which names no such time: it decides
# when a lot is pointed out, never whether it may be given.
EXPIRES_SOON = timedelta(days=30)  # before the last day of use
ON_WORKLIST = timedelta(days=7)  # before it: what the worklist calls soon


class LotState(StrEnum):
    """How a lot stands; a recall comes before its expiry."""

    RECALLED = "recalled"
    EXPIRED = "expired"
    EXPIRES_SOON = "expires_soon"
    USABLE = "usable"


def expected_vials(amount: Decimal, content: Decimal) -> int:
    """The whole vials that ``amount`` takes out of vials of ``content``, both in the drug's unit.

    0 for nothing given.  Raises ``ValueError`` for an amount below 0 or vials without content.
    """
    if amount < 0 or content <= 0:
        raise ValueError(f"{amount} from vials of {content}")
    return math.ceil(Fraction(amount) / Fraction(content))


def is_expired(expires_on: date, on: date) -> bool:
    """Whether the last day of use has passed on the day ``on``."""
    return on > expires_on


def lot_state(expires_on: date, *, on: date, is_recalled: bool) -> LotState:
    """How a lot stands on the day ``on``."""
    if is_recalled:
        return LotState.RECALLED
    if is_expired(expires_on, on):
        return LotState.EXPIRED
    return LotState.EXPIRES_SOON if expires_on - on <= EXPIRES_SOON else LotState.USABLE


@dataclass(frozen=True)
class LotFacts:
    """What the label of a lot says: ``content`` of one vial in the drug's unit (mg; million IU).

    ``diluent_ml`` is the volume after dissolving, ``expires_on`` the last day of use.
    """

    product: str
    number: str
    content: Decimal
    expires_on: date
    storage: str
    diluent_ml: Decimal | None = None


def lot_faults(facts: LotFacts) -> tuple[tuple[str, Message], ...]:
    """What cannot be true about a lot, by the name of the field."""
    return tuple(_faults(facts))


def _faults(facts: LotFacts) -> Iterator[tuple[str, Message]]:
    for name in ("product", "number", "storage"):
        if not getattr(facts, name).strip():
            yield name, Message(gettext_noop("Enter what the label says"))
    for name in ("content", "diluent_ml"):
        value = getattr(facts, name)
        if value is not None and value <= 0:
            yield name, Message(gettext_noop("Enter a number above 0"))
