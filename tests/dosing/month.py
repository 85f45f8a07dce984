"""A month on the ward, played by processes of which some are killed, on the database of a test.

The record has participants, their orders from the first day on, lots and nurses already.  Every
morning and evening the clock stands still while the nurses record what is due, twice and against
each other, while the stock moves; then they correct, undo and take back, and record again.
"""

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from uuid import UUID

import time_machine

from dosing.actions.doses import correct_dose, record_dose, record_unplanned_dose
from dosing.actions.movements import (
    INWARD,
    OUTWARD,
    count_lot,
    explain_discrepancy,
    move_vials,
)
from dosing.actions.retraction import retract_dose, undo_dose
from dosing.checks import Given
from dosing.models import Administration, Discrepancy, DrugChoice, Lot, Order, StockEntry
from enrollment.models import Participant
from tests import factories
from tests.dosing import reckoning
from tests.dosing.diary import Diary, Moved, Said, Slot
from tests.dosing.mortals import Form, answered
from trial_site import clock
from trial_site.models import User

MORNING, EVENING = dt.time(8), dt.time(20)
RECORDED_AFTER = dt.timedelta(minutes=45)  # the slot
LATE = "The ward was full"
Kind, Status = StockEntry.Kind, Administration.Status
Forms = list[Form]
Verb = Callable[[Administration, dt.datetime], Forms]


def played(days: int, first: str) -> dict[str, int]:
    """Play so many days from ``first`` (ISO) on; what they came to, if the record is right."""
    month = Month(random.Random(days))  # noqa: S311 - no secret
    for number in range(days):
        day = dt.date.fromisoformat(first) + dt.timedelta(days=number)
        for hour in (MORNING, EVENING):
            with time_machine.travel(factories.local(day, hour) + RECORDED_AFTER, tick=False):
                month.play(factories.local(day, hour))
        with time_machine.travel(factories.local(day, dt.time(23)), tick=False):
            month.explain()
    figures = reckoning.of(month.diary)
    return {"days": days, "slots": len(month.diary.slots), **month.diary.came, **figures}


class Month:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.orders = list(Order.objects.select_related("participant").order_by("pk"))
        self.lots = list(Lot.objects.order_by("pk"))
        self.nurses = list(User.objects.filter(role="nurse").order_by("pk"))
        people = {order.participant_id: order.participant for order in self.orders}
        opening = {lot.pk: sum(entry.vials for entry in lot.entries.all()) for lot in self.lots}
        self.diary = Diary(people, opening)
        self.unrecorded: list[Said] = []  # slots, with nothing said of them yet
        self.senders: dict[UUID, str] = {}  # nurses by the keys of their forms

    def play(self, at: dt.datetime) -> None:
        """Record what is due ``at`` and some of what was left, change some of it, record again."""
        due = [self._empty(order, at) for order in self.orders if self._is_due(order, at)]
        self.diary.slots |= {one.slot for one in due}
        self.unrecorded += [*due, *self._unplanned(at)]
        self._record(at, left=0.1)
        changed = self._changes(at)
        self._send([*changed, *self._stock()])
        self._record(at, left=0.3)

    def explain(self) -> None:
        """Some discrepancies are explained, and then the next dose finds another."""
        for found in Discrepancy.objects.filter(explained_at=None):
            if self.chance.random() < 0.4:
                words = {"explanation": "A tray had not been put down", "version": found.version}
                explain_discrepancy(found, **words, by=self.nurses[0])

    # --- doses --------------------------------------------------------------------------------

    def _is_due(self, order: Order, at: dt.datetime) -> bool:
        return at.time() == MORNING or order.drug == DrugChoice.GANCICLOVIR

    def _empty(self, order: Order, at: dt.datetime) -> Said:
        return Said(
            Slot(order.participant_id, order.drug, at), Given(Status.GIVEN, order.amount), order
        )

    def _unplanned(self, at: dt.datetime) -> list[Said]:
        """Now and then somebody is given interleukin-2 that nobody ordered."""
        with_il2 = {order.participant_id for order in self.orders if order.drug == DrugChoice.IL2}
        without = sorted(self.diary.people.keys() - with_il2)
        if self.chance.random() < 0.7:
            return []
        slot = Slot(self.chance.choice(without), DrugChoice.IL2, at)
        self.diary.slots.add(slot)
        return [Said(slot, Given(Status.GIVEN, Decimal(1)))]

    def _record(self, now: dt.datetime, *, left: float) -> None:
        """All that is unrecorded but a share that is ``left``, each by a nurse or several."""
        asked = [one for one in self.unrecorded if self.chance.random() >= left]
        self.unrecorded = [one for one in self.unrecorded if one not in asked]
        forms = [form for one in asked for form in self._by_several(one, now)]
        self.diary.in_force |= {one.slot for one in asked}
        self._send([*forms, *self._stock()])

    def _by_several(self, empty: Said, now: dt.datetime) -> Forms:
        participant = self.diary.people[empty.slot.participant]
        forms = []
        for key, nurse in self._keys().items():
            said = self.diary.doses[key] = self._filled(empty, key, now)
            forms.append(Form(key, nurse, partial(_given, said, participant)))
        return forms

    def _filled(self, empty: Said, key: UUID, now: dt.datetime) -> Said:
        """Given, given in part or not at all, of a lot in stock or another, under the key's name.

        One that nobody planned is given at its own minute.
        """
        slot, amount = empty.slot, empty.order.amount if empty.order else empty.given.amount
        late = LATE if slot.at.date() < now.date() else ""
        status = self.chance.choices(list(Status), (8, 2, 2))[0] if empty.order else Status.GIVEN
        given = Given(status, amount, note=str(key), late_reason=late)
        if status != Status.GIVEN:
            given = replace(given, why=Administration.Reason.REFUSAL)
        if status == Status.NOT_GIVEN:
            return replace(empty, given=replace(given, amount=Decimal(0)))
        if status == Status.PARTIAL:
            given = replace(given, amount=amount / 2)
        early = self.chance.randint(-30, 40) if empty.order else 0
        given = replace(given, at=slot.at + dt.timedelta(minutes=early))
        if slot.drug == DrugChoice.IL2:
            given = replace(given, injection_site=self.chance.choice(("arm_left", "arm_right")))
        if self.chance.random() < 0.15:
            return replace(empty, given=replace(given, lot_number="From the ward"))
        lot = self.chance.choice([lot for lot in self.lots if lot.drug == slot.drug])
        vials = self.chance.choice((None, None, None, 3))
        return replace(empty, given=replace(given, lot=lot, vials=vials))

    # --- what follows -------------------------------------------------------------------------

    def _changes(self, now: dt.datetime) -> Forms:
        """Doses of this hour are undone, those of any are corrected or taken back."""
        forms: Forms = []
        rows = Administration.objects.filter(retracted_at=None)
        for row in rows.select_related("order", "participant").order_by("pk"):
            is_fresh = row.recorded_at == now + RECORDED_AFTER
            is_first = row.given_at == row.participant.day0_at
            if self.chance.random() < (0.3 if is_fresh or is_first else 0.02):
                forms += self.chance.choice(self._verbs(row, is_fresh))(row, now)
        return forms

    def _verbs(self, row: Administration, is_fresh: bool) -> list[Verb]:
        """A dose that nobody planned would move with its time, so it is only taken back."""
        if row.order is None:
            return [self._retractions]
        undoing = [self._undoing] if is_fresh else []
        return [self._corrections, self._corrections, self._retractions, *undoing]

    def _corrections(self, row: Administration, now: dt.datetime) -> Forms:
        forms = []
        for key, nurse in self._keys().items():
            said = self._filled(self._slot_of(row, now), key, now)
            self.diary.corrections[key] = said
            forms.append(Form(key, nurse, partial(_corrected, row, said.given)))
        return forms

    def _retractions(self, row: Administration, now: dt.datetime) -> Forms:
        self._free(row, now)
        keys = self._keys()
        self.diary.retractions |= keys.keys()
        return [Form(key, nurse, partial(_retracted, row)) for key, nurse in keys.items()]

    def _undoing(self, row: Administration, now: dt.datetime) -> Forms:
        """By who recorded it, and by others who may not; an undo spends no key."""
        self._free(row, now)
        names = self._keys() | {self._key(): self.senders[UUID(row.note)]}
        return [Form(key, name, partial(_undone, row)) for key, name in names.items()]

    def _free(self, row: Administration, now: dt.datetime) -> None:
        """The slot is to be recorded again; a dose that nobody planned is forgotten."""
        freed = self._slot_of(row, now)
        self.diary.in_force.remove(freed.slot)
        if freed.order is not None:
            self.unrecorded.append(freed)

    def _slot_of(self, row: Administration, now: dt.datetime) -> Said:
        slot = Slot(row.participant_id, row.drug, row.slot_at.astimezone(now.tzinfo))
        return Said(slot, Given(Status.GIVEN, row.amount), row.order)

    # --- the stock ----------------------------------------------------------------------------

    def _stock(self) -> Forms:
        forms = []
        for lot in self.lots:
            if self.chance.random() < 0.25:
                key, nurse = self._keys().popitem()
                forms.append(Form(key, nurse, self._movement(lot, key)))
        return forms

    def _movement(self, lot: Lot, key: UUID) -> Callable[[User, UUID], object]:
        kind = self.chance.choice([*INWARD, *OUTWARD, Kind.COUNTED])
        vials = self.chance.randint(1, 12)
        if kind == Kind.COUNTED:
            self.diary.stock[key] = Moved(lot.pk, vials, is_count=True)
            return partial(_counted, lot, vials)
        self.diary.stock[key] = Moved(lot.pk, vials if kind in INWARD else -vials)
        return partial(_moved, lot, kind, vials)

    # --- nurses -------------------------------------------------------------------------------

    def _send(self, forms: Forms) -> None:
        """All at once, some clicked twice or three times; then what the record is at rest."""
        clicks = [form for form in forms for _ in range(self.chance.choice((1, 1, 2, 3)))]
        self.chance.shuffle(clicks)
        self.diary.hear(answered(clicks, self.chance))
        reckoning.at_rest(self.diary)

    def _keys(self) -> dict[UUID, str]:
        """Keys of forms that some nurses, one or several, have opened, with their names."""
        some = self.chance.sample(self.nurses, self.chance.choice((1, 1, 2, len(self.nurses))))
        opened = {self._key(): nurse.username for nurse in some}
        self.senders |= opened
        return opened

    def _key(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)


def _corrected(row: Administration, given: Given, by: User, key: UUID) -> object:
    return correct_dose(row, given=given, reason=str(key), version=row.version, by=by, key=key)


def _retracted(row: Administration, by: User, key: UUID) -> object:
    return retract_dose(row, reason=str(key), version=row.version, by=by, key=key)


def _moved(lot: Lot, kind: str, vials: int, by: User, key: UUID) -> object:
    at = clock.now()
    return move_vials(lot, kind=kind, vials=vials, at=at, why=str(key), by=by, key=key)


def _counted(lot: Lot, vials: int, by: User, key: UUID) -> object:
    return count_lot(lot, counted=vials, why=str(key), by=by, key=key)


def _undone(row: Administration, by: User, _: UUID) -> object:
    return undo_dose(row, by=by)


def _given(said: Said, participant: Participant, by: User, key: UUID) -> object:
    if said.order is None:
        drug = said.slot.drug
        return record_unplanned_dose(participant, drug=drug, given=said.given, by=by, key=key)
    return record_dose(said.order, slot_at=said.slot.at, given=said.given, by=by, key=key)
