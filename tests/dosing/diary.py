"""What the nurses of the month said and did, kept beside the record and without reading it."""

import datetime as dt
import math
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from dosing.checks import Given
from dosing.models import Order
from enrollment.models import Participant
from tests.dosing.mortals import Answer, Answers


class Slot(NamedTuple):
    participant: int  # primary key
    drug: str
    at: dt.datetime


@dataclass(frozen=True)
class Said:
    """What a form says of a dose; without an order nobody planned it."""

    slot: Slot
    given: Given
    order: Order | None = None

    @property
    def vials(self) -> int | None:
        """What leaves the stock: all that was drawn up, in whole vials."""
        if self.given.vials is not None or self.given.lot is None:
            return self.given.vials
        amount = self.given.amount
        if self.given.status == "partial" and self.order:
            amount = max(amount, self.order.amount)
        return math.ceil(Fraction(amount) / Fraction(self.given.lot.content))


class Moved(NamedTuple):
    """Vials into (above 0) or out of (below 0) a lot, or those that were counted."""

    lot: int  # primary key
    vials: int
    is_count: bool = False


@dataclass
class Diary:
    """``doses``, ``corrections``, ``retractions`` and ``stock`` are by one-time key, all that was
    sent; ``saved`` has the keys that the answers call saved; ``in_force`` the slots that stand;
    ``came`` counts, as ``unheard`` what was saved by a process that died before it said so."""

    people: dict[int, Participant]
    opening: dict[int, int]  # vials of each lot (primary key) when the month began
    doses: dict[UUID, Said] = field(default_factory=dict)
    corrections: dict[UUID, Said] = field(default_factory=dict)
    retractions: set[UUID] = field(default_factory=set)
    stock: dict[UUID, Moved] = field(default_factory=dict)
    saved: set[UUID] = field(default_factory=set)
    slots: set[Slot] = field(default_factory=set)
    in_force: set[Slot] = field(default_factory=set)
    came: Counter[str] = field(default_factory=Counter)

    @property
    def keys(self) -> set[UUID]:
        return {*self.doses, *self.corrections, *self.retractions, *self.stock}

    def hear(self, answers: Answers) -> None:
        """Take down the answers; none may contradict another."""
        self.came.update(attempts=answers.attempts, kills=answers.kills)
        for key, came in answers.by_key.items():
            assert came[Answer.SAVED] <= 1, (key, came)
            if key in self.keys and (came[Answer.SAVED] or came[Answer.SAVED_BEFORE]):
                assert not came[Answer.REFUSED], (key, came)
                self.saved.add(key)
                self.came["unheard"] += not came[Answer.SAVED]

    def said(self, note: str) -> Said:
        """What the form says that left this note."""
        return (self.doses | self.corrections)[UUID(note)]
