"""Whole vials: how many a dose takes, and how a lot stands against its expiry."""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

# A display rule of the pharmacy's pages, not of the protocol, which names no such time: it decides
# when a lot is pointed out, never whether it may be given.
EXPIRES_SOON = timedelta(days=30)  # before the last day of use


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
