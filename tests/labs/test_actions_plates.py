"""Runs of a specimen, the one that counts, corrections of wells, and files of the cytometer."""

import datetime as dt
import threading
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection

from enrollment.models import Participant
from labs.actions import (
    PlateEntry,
    attach_file,
    choose_run,
    correct_plate,
    mark_plate_in_error,
    repeat_cytotoxicity,
)
from labs.models import Correction, CytometerFile, CytotoxicityAssay, ResultStatus
from labs.rules.numbers import rounded
from labs.rules.wells import Well, WellKind
from labs.selectors import change_from_baseline
from oversight.recording import AlreadyRecorded, ReasonRequired
from oversight.records import StaleRecord
from oversight.refusals import Refused
from oversight.trail import AuditEntry
from tests import factories
from tests.labs.cytometer_files import fcs
from tests.labs.examples import BASELINE, DAY_7, hours_ago, plated, wells
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db

NOT_THE_LABORATORY = sorted(PEOPLE - {Role.LAB})


def entry(plate: Any = DAY_7, **changes: Any) -> PlateEntry:
    return PlateEntry(**{"effectors": "pbmc", "wells": wells(plate), "run": "NK-2"} | changes)


def fresh(assay: CytotoxicityAssay) -> CytotoxicityAssay:
    return CytotoxicityAssay.objects.get(pk=assay.pk)


def effects(assay: CytotoxicityAssay) -> list[str]:
    kept = Correction.objects.filter(plate=assay).last()
    assert kept is not None
    texts = (Message.from_json(effect).render() for effect in kept.effects)
    return [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts]


def repeated(assay: CytotoxicityAssay, lab: User, **changes: Any) -> CytotoxicityAssay:
    return repeat_cytotoxicity(assay.specimen, entry=entry(**changes), by=lab)


@pytest.fixture
def treated(site: Site) -> Participant:
    """First dosed seven days ago at eight."""
    with time_machine.travel(clock.now() - dt.timedelta(days=7)):
        return factories.on_treatment(site, days_ago=0)


# --- runs -------------------------------------------------------------------------------------


def test_a_repeat_run_is_kept_and_does_not_count(participant: Participant, lab: User) -> None:
    first = plated(participant)
    second = repeated(first, lab)
    assert (second.specimen, second.collected_at) == (first.specimen, first.collected_at)
    assert rounded(second.lysis or 0, 3) == "29.362"
    assert list(participant.cytotoxicity_assays.counted()) == [first]
    assert participant.specimens.count() == 1


def test_another_run_is_chosen_with_its_reason(participant: Participant, lab: User) -> None:
    first = plated(participant)
    second = repeated(first, lab)
    choose_run(second, reason="The first had a clot", version=1, by=lab)
    assert list(participant.cytotoxicity_assays.counted()) == [second]
    chosen, other = fresh(second), fresh(first)
    assert (chosen.chosen_why, other.chosen) == ("The first had a clot", False)
    for record in (first, second):
        change = AuditEntry.objects.filter(
            model="labs.cytotoxicityassay", object_id=str(record.pk)
        ).last()
        assert change is not None
        assert change.reason == "The first had a clot"


def test_choosing_a_run_tells_what_it_changes(treated: Participant, lab: User) -> None:
    assert treated.day0_at is not None
    plated(treated, BASELINE, at=treated.day0_at)
    first = plated(treated, BASELINE)
    second = repeated(first, lab)
    choose_run(second, reason="The first had a clot", version=1, by=lab)
    today = clock.today().isoformat()
    assert effects(second) == [
        f"Run that counts of {today}: without a number → NK-2",
        f"Change of lysis from baseline of {today}: 0.00 percentage points "
        "→ +8.62 percentage points",
    ]
    change = change_from_baseline(fresh(second))
    assert change is not None
    assert rounded(change.points, 3) == "8.617"


@pytest.mark.parametrize(
    ("run", "why"), [("", "each need a number"), ("NK-1", "Run NK-1 of this specimen is entered")]
)
def test_runs_are_told_apart_by_their_numbers(
    participant: Participant, lab: User, run: str, why: str
) -> None:
    first = plated(participant)
    repeated(first, lab, run="NK-1")
    with pytest.raises(Refused, match=why):
        repeated(first, lab, run=run)
    assert participant.cytotoxicity_assays.count() == 2


def test_the_run_that_counts_is_not_chosen_again(participant: Participant, lab: User) -> None:
    first = plated(participant)
    with pytest.raises(Refused, match="counts already"):
        choose_run(first, reason="x", version=1, by=lab)


def test_a_run_in_error_cannot_count(participant: Participant, lab: User) -> None:
    second = repeated(plated(participant), lab)
    mark_plate_in_error(second, reason="Wrong tube", version=1, by=lab)
    with pytest.raises(Refused, match="in error already"):
        choose_run(second, reason="x", version=2, by=lab)


def test_the_counting_run_in_error_leaves_none_until_one_is_chosen(
    participant: Participant, lab: User
) -> None:
    first = plated(participant)
    second = repeated(first, lab)
    mark_plate_in_error(first, reason="Wrong tube", version=1, by=lab)
    assert not participant.cytotoxicity_assays.counted().exists()
    choose_run(second, reason="The other was in error", version=1, by=lab)
    assert list(participant.cytotoxicity_assays.counted()) == [second]


def test_a_run_beside_runs_in_error_counts_at_once(participant: Participant, lab: User) -> None:
    first = plated(participant)
    mark_plate_in_error(first, reason="Wrong tube", version=1, by=lab)
    assert repeated(first, lab).chosen


def test_an_impossible_repeat_is_refused(participant: Participant, lab: User) -> None:
    upside_down = [
        Well(WellKind.SPONTANEOUS, None, 1, Decimal(60), 9000),
        Well(WellKind.EFFECTOR, Decimal(25), 1, Decimal(5), 9000),
    ]
    first = plated(participant)
    with pytest.raises(Refused, match="impossible lysis"):
        repeated(first, lab, wells=upside_down)


@pytest.mark.requirement("R25")
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_choose_at_once_leave_one_run_that_counts(site: Site) -> None:
    participant, lab = factories.enrolled(site), factories.user(Role.LAB, site)
    first = plated(participant)
    runs = [repeated(first, lab, run=f"NK-{number}") for number in (2, 3)]
    failures: list[Exception] = []

    def choose(assay: CytotoxicityAssay) -> None:
        try:
            choose_run(assay, reason="Better controls", version=1, by=lab)
        except (Refused, StaleRecord) as refused:
            failures.append(refused)
        finally:
            connection.close()

    threads = [threading.Thread(target=choose, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert participant.cytotoxicity_assays.counted().count() == 1
    assert len(failures) <= 1


# --- correcting wells -------------------------------------------------------------------------


@pytest.mark.requirement("R04")
def test_corrected_wells_are_computed_anew(treated: Participant, lab: User) -> None:
    assert treated.day0_at is not None
    plated(treated, BASELINE, at=treated.day0_at)
    assay = plated(treated, (("6.0", "6.0", "6.0"), DAY_7[1], ("3.6", "33.6", "33.6")))
    change = entry(run="", nk_percent=Decimal("11.5"))
    correct_plate(assay, entry=change, reason="A digit was lost", version=1, by=lab)
    saved = fresh(assay)
    assert saved.lysis is not None
    assert (rounded(saved.lysis, 3), saved.status) == ("29.362", ResultStatus.CORRECTED)
    versions = saved.history.order_by("history_id")
    assert [version.wells[6]["dead_percent"] for version in versions] == ["3.6", "33.6"]
    today = clock.today().isoformat()
    assert effects(assay) == [
        "NK % of effectors: not recorded → 11.5 %",
        "E:T 25:1, well 1: 3.6 % of 9,000 targets → 33.6 % of 9,000 targets",
        f"Specific lysis of {today}: 18.72 % → 29.36 %",
        f"Change of lysis from baseline of {today}: −2.02 percentage points "
        "→ +8.62 percentage points",
    ]


def test_a_corrected_baseline_changes_the_change(treated: Participant, lab: User) -> None:
    assert treated.day0_at is not None
    baseline = plated(treated, DAY_7, at=treated.day0_at)
    plated(treated, DAY_7)
    change = entry(BASELINE, run="")
    correct_plate(baseline, entry=change, reason="The other plate", version=1, by=lab)
    today = clock.today().isoformat()
    assert effects(baseline)[-1] == (
        f"Change of lysis from baseline of {today}: 0.00 percentage points "
        "→ +8.62 percentage points"
    )


def test_a_correction_that_changes_nothing_is_refused(participant: Participant, lab: User) -> None:
    assay = plated(participant)
    with pytest.raises(Refused, match="Nothing differs"):
        correct_plate(assay, entry=entry(BASELINE, run=""), reason="x", version=1, by=lab)
    assert fresh(assay).version == 1


def test_a_correction_does_not_take_the_number_of_another_run(
    participant: Participant, lab: User
) -> None:
    first = plated(participant)
    repeated(first, lab)
    with pytest.raises(Refused, match="NK-2"):
        correct_plate(first, entry=entry(BASELINE), reason="x", version=1, by=lab)


def test_an_impossible_correction_is_refused(participant: Participant, lab: User) -> None:
    assay = plated(participant)
    upside_down = (("60", "60", "60"), ("95", "95", "95"), ("5", "5", "5"))
    with pytest.raises(Refused, match="impossible lysis"):
        correct_plate(assay, entry=entry(upside_down), reason="x", version=1, by=lab)
    assert fresh(assay).version == 1


# --- entered in error -------------------------------------------------------------------------


def test_a_plate_in_error_stays_to_be_read_and_counts_nowhere(
    treated: Participant, lab: User
) -> None:
    assert treated.day0_at is not None
    plated(treated, BASELINE, at=treated.day0_at)
    assay = plated(treated, DAY_7)
    mark_plate_in_error(assay, reason="Wrong tube", version=1, by=lab)
    assert (fresh(assay).status, fresh(assay).lysis) == (ResultStatus.IN_ERROR, assay.lysis)
    today = clock.today().isoformat()
    assert effects(assay) == [
        f"Specific lysis of {today}: 29.36 % → none",
        f"Run that counts of {today}: without a number → none",
        f"Change of lysis from baseline of {today}: +8.62 percentage points → none",
    ]
    assert plated(treated, DAY_7).specimen == assay.specimen


ACTS: list[tuple[Any, dict[str, Any]]] = [
    (mark_plate_in_error, {}),
    (choose_run, {}),
    (correct_plate, {"entry": entry(run="NK-9")}),
]


@pytest.mark.requirement("R04")
@pytest.mark.parametrize(("act", "more"), ACTS)
@pytest.mark.parametrize("reason", ["", "  "])
def test_every_change_needs_a_reason(
    participant: Participant, lab: User, act: Any, more: dict[str, Any], reason: str
) -> None:
    run = repeated(plated(participant), lab)
    with pytest.raises(ReasonRequired):
        act(run, reason=reason, version=1, by=lab, **more)
    assert fresh(run).version == 1


@pytest.mark.parametrize(("act", "more"), ACTS)
def test_no_change_of_an_older_version(
    participant: Participant, lab: User, act: Any, more: dict[str, Any]
) -> None:
    run = repeated(plated(participant), lab)
    correct_plate(run, entry=entry(BASELINE), reason="Misread", version=1, by=lab)
    with pytest.raises(StaleRecord) as stale:
        act(run, reason="x", version=1, by=lab, **more)
    assert stale.value.record == run
    assert fresh(run).version == 2


@pytest.mark.parametrize(("act", "more"), ACTS)
def test_a_change_sent_twice_is_saved_once(
    participant: Participant, lab: User, act: Any, more: dict[str, Any]
) -> None:
    run, key = repeated(plated(participant), lab), uuid4()
    act(run, reason="x", version=1, by=lab, key=key, **more)
    with pytest.raises(AlreadyRecorded):
        act(run, reason="x", version=1, by=lab, key=key, **more)
    assert fresh(run).version == 2


@pytest.mark.requirement("R11")
@pytest.mark.parametrize(("act", "more"), ACTS)
@pytest.mark.parametrize("role", NOT_THE_LABORATORY)
def test_nobody_else_changes_a_plate(
    participant: Participant,
    lab: User,
    staff: dict[Role, User],
    act: Any,
    more: dict[str, Any],
    role: Role,
) -> None:
    run = repeated(plated(participant), lab)
    with pytest.raises(PermissionDenied):
        act(run, reason="x", version=1, by=staff[role], **more)


@pytest.mark.requirement("R11")
@pytest.mark.parametrize(("act", "more"), ACTS)
def test_another_sites_plate_is_not_changed(
    stranger: Participant, lab: User, act: Any, more: dict[str, Any]
) -> None:
    assay = plated(stranger)
    run = repeated(assay, factories.user(Role.LAB, stranger.site))
    with pytest.raises(PermissionDenied):
        act(run, reason="x", version=1, by=lab, **more)
    with pytest.raises(PermissionDenied):
        repeated(assay, lab, run="NK-3")
    with pytest.raises(PermissionDenied):
        attach_file(assay, name="a.fcs", content=fcs(), well="", by=lab)


# --- files of the cytometer -------------------------------------------------------------------


def attached(
    assay: CytotoxicityAssay, content: bytes, well: str = "et25-1", name: str = "E25-1.fcs"
) -> CytometerFile:
    by = factories.user(Role.LAB, assay.participant.site)
    return attach_file(assay, name=name, content=content, well=well, by=by)


def told(file: CytometerFile) -> list[str]:
    return [Message.from_json(message).render() for message in file.differences]


def test_a_file_that_agrees_keeps_its_facts_and_its_hash(participant: Participant) -> None:
    content = fcs(12000, acquired=hours_ago(2))
    file = CytometerFile.objects.get(pk=attached(plated(participant), content).pk)
    assert (file.events, file.acquired_at, file.well) == (12000, hours_ago(2), "et25-1")
    assert (file.cytometer, file.size) == ("FACSCanto II", len(content))
    assert len(file.sha256) == 64
    assert file.differences == []


@pytest.mark.parametrize(("events", "agrees"), [(8999, False), (9000, True), (9001, True)])
def test_events_are_held_against_the_targets_of_the_well(
    participant: Participant, events: int, agrees: bool
) -> None:
    file = attached(plated(participant), fcs(events, acquired=hours_ago(2)))
    assert bool(told(file)) is not agrees


@pytest.mark.parametrize(("events", "agrees"), [(80999, False), (81000, True)])
def test_a_file_of_the_whole_plate_is_held_against_all_of_them(
    participant: Participant, events: int, agrees: bool
) -> None:
    file = attached(plated(participant), fcs(events, acquired=hours_ago(2)), well="")
    assert bool(told(file)) is not agrees


@pytest.mark.parametrize(
    ("hours", "words"), [(5, "before the blood was collected"), (-1, "after the wells were")]
)
def test_an_impossible_time_is_told_and_kept(
    participant: Participant, hours: int, words: str
) -> None:
    (text,) = told(attached(plated(participant), fcs(acquired=hours_ago(hours))))
    assert words in text


def test_a_file_without_a_time_says_so(participant: Participant) -> None:
    assert told(attached(plated(participant), fcs())) == [
        "the file does not say when it was acquired"
    ]


def test_the_same_file_is_attached_once(participant: Participant) -> None:
    assay, content = plated(participant), fcs()
    attached(assay, content)
    with pytest.raises(Refused, match="attached already"):
        attached(assay, content, well="et25-2", name="other.fcs")
    assert CytometerFile.objects.count() == 1


def test_a_file_of_another_plate_is_refused_until_that_one_is_in_error(
    participant: Participant, site: Site, lab: User
) -> None:
    wrong, right, content = plated(participant), plated(factories.enrolled(site)), fcs()
    attached(wrong, content)
    with pytest.raises(Refused, match="belongs to another plate"):
        attached(right, content)
    mark_plate_in_error(wrong, reason="Wrong tube", version=1, by=lab)
    assert attached(right, content).assay == right


@pytest.mark.requirement("R30")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"FCS3.1",
        b"FCS9.9" + bytes(200),
        b"%PDF-1.7 a report",
        b"PK\x03\x04" + bytes(100),
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        fcs(1000)[:3000],
        fcs(1000)[:58],
        fcs(10).replace(b"$TOT", b"$TXT"),
    ],
    ids=["empty", "head", "version", "pdf", "zip", "xml", "cut off", "no text", "no count"],
)
def test_what_is_no_whole_fcs_file_is_refused(participant: Participant, content: bytes) -> None:
    assay = plated(participant)
    with pytest.raises(Refused):
        attached(assay, content)
    assert not CytometerFile.objects.exists()


def test_a_well_that_was_not_typed_has_no_file(participant: Participant) -> None:
    with pytest.raises(Refused, match="Nothing was typed"):
        attached(plated(participant), fcs(), well="et50-1")


def test_a_plate_in_error_takes_no_file(participant: Participant, lab: User) -> None:
    assay = plated(participant)
    mark_plate_in_error(assay, reason="Wrong tube", version=1, by=lab)
    with pytest.raises(Refused, match="in error"):
        attached(assay, fcs())


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", NOT_THE_LABORATORY)
def test_nobody_else_attaches_a_file(
    participant: Participant, staff: dict[Role, User], role: Role
) -> None:
    with pytest.raises(PermissionDenied):
        attach_file(plated(participant), name="a", content=fcs(), well="", by=staff[role])


def test_a_corrected_well_is_held_against_its_file(participant: Participant, lab: User) -> None:
    assay = plated(participant)
    attached(assay, fcs(9000, acquired=hours_ago(2)))
    more = [
        Well(well.kind, well.et_ratio, well.replicate, well.dead_percent, 9001)
        for well in wells(BASELINE)
    ]
    change = entry(run="", wells=more)
    correct_plate(assay, entry=change, reason="Misread", version=1, by=lab)
    assert effects(assay)[-1] == (
        "Cytometer file E25-1.fcs: agrees with what was typed → the file holds 9,000 events, "
        "fewer than the 9,001 targets that were typed"
    )
