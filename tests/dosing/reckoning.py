"""The record of the month held against the diary, table by table, without asking the application.

No selector, balance or rule of the program is used here, only the rows as they are stored.
"""

from collections import Counter, defaultdict
from typing import Any
from uuid import UUID

from dosing.models import Administration, Discrepancy, Lot, StockEntry
from enrollment.models import Participant
from oversight import verification
from oversight.trail import AuditEntry, OneTimeKey
from tests.dosing.diary import Diary, Slot

Row = dict[str, Any]
BY_HAND = ("received", "returned", "wasted", "sent_back", "counted")


def of(diary: Diary) -> dict[str, int]:
    """What there is of administrations in force and stock entries, if everything is right."""
    doses = list(Administration.objects.order_by("pk").values())
    entries = list(StockEntry.objects.order_by("pk").values())
    in_force = at_rest(diary)
    _each_key_once(doses, diary)
    for dose in in_force:
        _as_said(dose, diary)
    of_doses = defaultdict(list)
    for entry in entries:
        of_doses[entry["administration_id"]].append(entry)
    for dose in doses:
        _its_vials_once(dose, of_doses[dose["id"]])
    for lot in Lot.objects.values_list("pk", flat=True):
        own = [entry for entry in entries if entry["lot_id"] == lot]
        _balances(lot, own, in_force, diary)
        _never_below_0_in_silence(lot, own)
    assert not list(verification.verify())
    return {"administrations": len(in_force), "entries": len(entries)}


def at_rest(diary: Diary) -> list[Row]:
    """The administrations in force; slots and day 0 are right whenever nobody is at work."""
    in_force = list(Administration.objects.filter(retracted_at=None).order_by("pk").values())
    _each_slot_once(in_force, diary)
    for participant in Participant.objects.filter(pk__in=diary.people).values():
        _day0(participant, in_force)
    return in_force


def _each_slot_once(in_force: list[Row], diary: Diary) -> None:
    """Every slot that somebody recorded has one administration, no other slot has any."""
    found = Counter(Slot(d["participant_id"], d["drug"], d["slot_at"]) for d in in_force)
    assert found == Counter(diary.in_force), found.keys() ^ diary.in_force


def _each_key_once(doses: list[Row], diary: Diary) -> None:
    """Whatever was answered as saved spent its key and is written once; nothing else is."""
    spent = set(OneTimeKey.objects.filter(key__in=diary.keys).values_list("key", flat=True))
    assert spent == diary.saved, spent ^ diary.saved
    first = Administration.history.filter(history_type="+")
    changed = AuditEntry.objects.filter(model="dosing.administration", action="changed")
    by_hand = StockEntry.objects.filter(kind__in=BY_HAND)
    written = Counter(first.values_list("note", flat=True))
    assert written == Counter(str(key) for key in spent & diary.doses.keys())
    assert len(doses) == len(spent & diary.doses.keys())
    written = Counter(changed.exclude(reason__startswith="Undone").values_list("reason", flat=True))
    later = diary.corrections.keys() | diary.retractions
    assert written == Counter(str(key) for key in spent & later)
    written = Counter(by_hand.exclude(why="").values_list("why", flat=True))
    assert written == Counter(str(key) for key in spent & diary.stock.keys())


def _as_said(dose: Row, diary: Diary) -> None:
    """It says what one form said, whole, and not something of each of two."""
    said = diary.said(dose["note"])
    given = said.given
    assert said.slot == Slot(dose["participant_id"], dose["drug"], dose["slot_at"])
    assert dose["status"] == given.status
    assert (dose["amount"], dose["given_at"]) == (given.amount, given.at)
    assert (dose["why"], dose["injection_site"]) == (given.why, given.injection_site)
    assert (dose["lot_id"], dose["lot_number"]) == (given.lot and given.lot.pk, given.lot_number)
    assert dose["vials"] == said.vials


def _taken(dose: Row) -> dict[int, int]:
    """The vials that a dose took out of which lot."""
    is_out = dose["retracted_at"] is None and dose["status"] != "not_given"
    return {dose["lot_id"]: dose["vials"]} if is_out and dose["lot_id"] and dose["vials"] else {}


def _its_vials_once(dose: Row, entries: list[Row]) -> None:
    """One entry dispensed them that is not reversed; whatever else it took is back."""
    assert {entry["kind"] for entry in entries} <= {"dispensed", "reversed"}
    reversed_ones = [entry["reverses_id"] for entry in entries if entry["kind"] == "reversed"]
    assert len(reversed_ones) == len(set(reversed_ones))
    dispensed = [entry for entry in entries if entry["kind"] == "dispensed"]
    left = [entry for entry in dispensed if entry["id"] not in reversed_ones]
    found = [(one["lot_id"], -one["vials"]) for one in left]
    assert found == list(_taken(dose).items()), (dose, entries)
    net: Counter[int] = Counter()
    for entry in entries:
        net[entry["lot_id"]] -= entry["vials"]
        assert entry["kind"] == "reversed" or entry["participant_id"] == dose["participant_id"]
    assert {lot: vials for lot, vials in net.items() if vials} == _taken(dose)


def _balances(lot: int, entries: list[Row], in_force: list[Row], diary: Diary) -> None:
    """The sum is what came in less what went out, as people said it, and what counts put right."""
    moved = {UUID(one["why"]): one for one in entries if one["kind"] in BY_HAND and one["why"]}
    said = {key: diary.stock[key] for key in diary.saved & diary.stock.keys()}
    said = {key: movement for key, movement in said.items() if movement.lot == lot}
    assert moved.keys() == said.keys()
    by_hand = sum(movement.vials for movement in said.values() if not movement.is_count)
    dispensed = sum(_taken(dose).get(lot, 0) for dose in in_force)
    counts = Discrepancy.objects.filter(lot=lot, kind="count")
    found = {one.entry_id: one for one in counts}
    put_right = sum(one.counted - one.ledger for one in found.values())
    balance = diary.opening[lot] + by_hand - dispensed + put_right
    ledger = sum(entry["vials"] for entry in entries)
    assert ledger == balance, (lot, ledger, balance)
    running = 0
    for entry in entries:
        before, running = running, running + entry["vials"]
        if entry["kind"] != "counted":
            continue
        assert running == said[UUID(entry["why"])].vials
        if before != running:
            assert (found[entry["id"]].ledger, found[entry["id"]].counted) == (before, running)
        else:
            assert entry["id"] not in found


def _never_below_0_in_silence(lot: int, entries: list[Row]) -> None:
    """When a step out ends below 0, a discrepancy is open: found by it or before, not explained."""
    moments = dict(StockEntry.history.filter(lot=lot).values_list("id", "history_date"))
    negative = Discrepancy.objects.filter(lot=lot, kind="negative")
    found = {one.entry_id: one for one in negative}
    running = 0
    for entry in entries:
        running += entry["vials"]
        if entry["id"] in found:
            assert entry["vials"] < 0
            assert found[entry["id"]].ledger == running < 0
        if entry["vials"] < 0 and running < 0:
            at = moments[entry["id"]]
            earlier = [one for one in found.values() if one.entry_id <= entry["id"]]
            assert any(one.explained_at is None or one.explained_at > at for one in earlier), entry


def _day0(participant: Row, in_force: list[Row]) -> None:
    """Day 0 is the earliest ganciclovir of the first course that was given; without one, none."""
    given = [
        dose["given_at"]
        for dose in in_force
        if dose["participant_id"] == participant["id"]
        and (dose["drug"], dose["course"]) == ("ganciclovir", "first")
        and dose["status"] != "not_given"
    ]
    assert participant["day0_at"] == min(given, default=None), (participant["day0_at"], given)
    assert participant["state"] == ("on_treatment" if given else "allocated")
