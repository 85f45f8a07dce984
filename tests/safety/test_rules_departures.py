"""What the record shows of departures from the protocol: below, at and above each limit."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.inbox import Tube, VisitWindow
from safety.rules.allocation_departures import (
    Allocated,
    NotedError,
    allocation_error,
    eligibility_departure,
)
from safety.rules.dose_departures import (
    Dose,
    Held,
    Slot,
    dose_departures,
    unrecorded_doses,
)
from safety.rules.found import Found, by_source, record_of, source
from safety.rules.visit_departures import HeldVisit, samples_outside, visit_departures
from trial_site.protocol import current

PROTOCOL = current()
BEIJING = ZoneInfo("Asia/Shanghai")
KINDS = {kind.code for kind in PROTOCOL.safety.deviations}
# Day 0 is 11 March: D7 is 18 March, 17 to 19 accepted (DOMAIN 9).
OPENS, CLOSES = dt.date(2026, 3, 17), dt.date(2026, 3, 19)
D7 = VisitWindow("D7", OPENS, CLOSES)
EIGHT = dt.datetime(2026, 3, 17, 8, 0, tzinfo=BEIJING)
BOTH, ALONE = ("ganciclovir", "il2"), ("ganciclovir",)


def told(found: Found) -> str:
    return "; ".join(map(str, found.evidence))


def test_every_kind_that_a_rule_finds_is_one_of_the_protocol() -> None:
    found = [
        *visit_departures([HeldVisit(1, replace(D7, missed=True))], PROTOCOL),
        *visit_departures([HeldVisit(1, replace(D7, done_on=dt.date(2026, 3, 20)))], PROTOCOL),
        *samples_outside([D7], [tube(dt.date(2026, 3, 20))], PROTOCOL),
        *dose_departures(
            [dose(given="345"), dose(drug="il2"), not_given("refusal")], (), ALONE, PROTOCOL
        ),
        *unrecorded_doses([slot()], (), dt.date(2026, 3, 18)),
        eligibility_departure(Allocated(3, "SCR-003", OPENS, ())),
        allocation_error(NotedError(3, OPENS, CLOSES, "Wrong envelope")),
    ]
    assert {one.kind for one in found} == KINDS - {"other"}
    assert all(one.source.startswith(f"{one.kind}:") and one.evidence for one in found)


# --- visits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (16, "1 day early"),
        (17, None),
        (18, None),
        (19, None),
        (20, "1 day late"),
        (25, "6 days late"),
    ],
)
def test_a_visit_outside_its_window(day: int, said: str | None) -> None:
    visit = HeldVisit(7, replace(D7, done_on=dt.date(2026, 3, day)), why="Snow")
    found = list(visit_departures([visit], PROTOCOL))

    assert [one.kind for one in found] == ([] if said is None else ["late_visit"])
    for one in found:
        assert one.source == "late_visit:visit:7"
        assert one.occurred_on == dt.date(2026, 3, day)
        assert str(said) in told(one)
        assert "2026-03-17 to 2026-03-19" in told(one)
        assert "Reason given: Snow" in told(one)


def test_a_missed_visit_counts_from_the_last_day_of_its_window() -> None:
    [found] = visit_departures([HeldVisit(7, replace(D7, missed=True))], PROTOCOL)
    assert (found.kind, found.source) == ("missed_visit", "missed_visit:visit:7")
    assert found.occurred_on == CLOSES


def test_a_visit_that_is_still_to_be_done_is_no_departure() -> None:
    assert list(visit_departures([HeldVisit(7, D7)], PROTOCOL)) == []


# --- samples -------------------------------------------------------------------------------------


def tube(
    day: dt.date, *, key: int = 5, kind: str = "pbmc", visit: str = "D7", unusable: bool = False
) -> Tube:
    return Tube(key, kind, day, visit, unusable)


@pytest.mark.parametrize(
    ("day", "said"),
    [(16, "1 day early"), (17, None), (19, None), (20, "1 day late")],
)
def test_the_nk_sample_of_day_seven(day: int, said: str | None) -> None:
    found = list(samples_outside([D7], [tube(dt.date(2026, 3, day))], PROTOCOL))

    assert [one.source for one in found] == (
        [] if said is None else ["sample_out_of_window:specimen:5"]
    )
    if said:
        assert said in told(found[0])
        assert "NK cytotoxicity" in told(found[0])


def test_another_sample_of_the_panel_inside_the_window_is_enough() -> None:
    early, right = tube(dt.date(2026, 3, 15)), tube(dt.date(2026, 3, 18), key=6, visit="")
    assert list(samples_outside([D7], [early, right], PROTOCOL)) == []


def test_a_sample_of_another_panel_is_not() -> None:
    serum = tube(dt.date(2026, 3, 18), key=6, kind="serum")
    found = samples_outside([D7], [tube(dt.date(2026, 3, 15)), serum], PROTOCOL)
    assert [one.source for one in found] == ["sample_out_of_window:specimen:5"]


def test_a_sample_that_cannot_be_measured_counts_for_nothing() -> None:
    late, spoilt = tube(dt.date(2026, 3, 21)), tube(dt.date(2026, 3, 18), key=6, unusable=True)
    assert len(list(samples_outside([D7], [late, spoilt], PROTOCOL))) == 1
    assert list(samples_outside([D7], [replace(late, is_unusable=True)], PROTOCOL)) == []


def test_a_sample_without_a_visit_belongs_to_none_outside_every_window() -> None:
    assert list(samples_outside([D7], [tube(dt.date(2026, 3, 21), visit="")], PROTOCOL)) == []


def test_what_was_drawn_at_a_late_visit_is_late_too() -> None:
    held = replace(D7, done_on=dt.date(2026, 3, 21))
    found = samples_outside([held], [tube(dt.date(2026, 3, 21), visit="")], PROTOCOL)
    assert ["2 days late" in told(one) for one in found] == [True]


# --- doses ---------------------------------------------------------------------------------------


def dose(drug: str = "ganciclovir", given: str = "300", ordered: str | None = "300") -> Dose:
    unit, name = ("mg", "Ganciclovir") if drug == "ganciclovir" else ("million IU", "Interleukin-2")
    amount = Decimal(ordered) if ordered else None
    return Dose(9, drug, name, EIGHT, Decimal(given), amount, unit, is_delivered=True)


def not_given(why: str) -> Dose:
    return replace(dose(), given=Decimal(0), is_delivered=False, why=why, why_name="Absent")


@pytest.mark.parametrize(
    ("given_mg", "is_above"),
    [("300", False), ("329.9", False), ("330", False), ("330.001", True), ("331", True)],
)
def test_a_dose_above_its_order_by_more_than_ten_percent(given_mg: str, is_above: bool) -> None:
    found = list(dose_departures([dose(given=given_mg)], (), BOTH, PROTOCOL))
    assert [one.kind for one in found] == (["dose_above_order"] if is_above else [])


def test_an_excess_never_reads_like_the_limit() -> None:
    [found] = dose_departures([dose(given="330.001")], (), BOTH, PROTOCOL)
    assert "ordered 300\u00a0mg: 10.0003 % more, above 10 %" in told(found)


@given(given=st.integers(1, 6000), ordered=st.integers(30, 600))
def test_above_the_order_is_exact(given: int, ordered: int) -> None:
    found = list(
        dose_departures([dose(given=str(given), ordered=str(ordered))], (), BOTH, PROTOCOL)
    )
    assert bool(found) == (10 * given > 11 * ordered)


def test_il2_in_an_arm_without_it_whether_ordered_or_not() -> None:
    for ordered in ("1", None):
        il2 = dose("il2", "1", ordered)
        [found] = dose_departures([il2], (), ALONE, PROTOCOL)
        assert found.source == "il2_without_arm:administration:9"
        assert "Interleukin-2 1\u00a0million IU on 2026-03-17 08:00" in told(found)
        assert list(dose_departures([il2], (), BOTH, PROTOCOL)) == []


def test_il2_that_was_not_given_is_no_il2() -> None:
    il2 = replace(dose("il2", "1"), given=Decimal(0), is_delivered=False, why="stopped")
    assert list(dose_departures([il2], (), ALONE, PROTOCOL)) == []


@pytest.mark.parametrize(
    ("why", "is_found"),
    [
        ("lab_hold", False),
        ("stopped", False),
        ("refusal", True),
        ("absent", True),
        ("supply", True),
        ("error", True),
        ("adverse_event", True),
    ],
)
def test_a_dose_not_given_without_a_hold_or_a_stop(why: str, is_found: bool) -> None:
    found = list(dose_departures([not_given(why)], (), BOTH, PROTOCOL))
    assert [one.kind for one in found] == (["missed_dose"] if is_found else [])


MINUTE = dt.timedelta(minutes=1)
HOLDS = [
    (Held("ganciclovir", EIGHT, None), True),
    (Held("ganciclovir", EIGHT - MINUTE, EIGHT + MINUTE), True),
    (Held("ganciclovir", EIGHT - MINUTE, EIGHT), False),  # resumed for this dose
    (Held("ganciclovir", EIGHT + MINUTE, None), False),
    (Held("il2", EIGHT, None), False),
]


@pytest.mark.parametrize(("held", "covers"), HOLDS)
def test_what_the_investigator_held_was_not_to_be_given(held: Held, covers: bool) -> None:
    assert bool(list(dose_departures([not_given("absent")], [held], BOTH, PROTOCOL))) != covers
    nobody_recorded = unrecorded_doses([slot()], [held], dt.date(2026, 3, 18))
    assert bool(list(nobody_recorded)) != covers


def slot() -> Slot:
    return Slot(4, "ganciclovir", "Ganciclovir", EIGHT)


@pytest.mark.parametrize(("today", "is_found"), [(16, False), (17, False), (18, True)])
def test_a_dose_is_unrecorded_from_the_day_after_on(today: int, is_found: bool) -> None:
    found = list(unrecorded_doses([slot()], (), dt.date(2026, 3, today)))
    assert [one.source for one in found] == (
        ["unrecorded_dose:order:4:20260317T0000Z"] if is_found else []
    )


# --- allocation, sources -------------------------------------------------------------------------


def test_an_eligibility_violated_names_each_criterion() -> None:
    blocking = (("E5", "Malignancy", False), ("E4b", "Creatinine clearance", True))
    found = eligibility_departure(Allocated(3, "SCR-003", OPENS, blocking))
    assert found.source == "eligibility_violated:screening:3"
    assert "screening SCR-003 is not eligible as it reads now" in told(found)
    assert "E5 Malignancy: speaks against the allocation" in told(found)
    assert "E4b Creatinine clearance: unknown" in told(found)


def test_an_allocation_in_error_says_what_was_noted() -> None:
    found = allocation_error(NotedError(2, OPENS, CLOSES, "Wrong envelope"))
    assert found.occurred_on == OPENS
    assert "noted on 2026-03-19 as in error: Wrong envelope" in told(found)


def test_a_source_names_its_row() -> None:
    assert record_of(source("late_visit", "visit", 12)) == ("visit", 12)
    assert record_of(source("unrecorded_dose", "order", 4, EIGHT)) == ("order", 4)
    longest = max(KINDS, key=len)
    assert len(source(longest, "administration", 10**12, EIGHT)) <= 64


def test_departures_stand_in_the_order_of_their_days() -> None:
    late = Found("late_visit", "late_visit:visit:1", CLOSES, ())
    early = Found("missed_dose", "missed_dose:administration:1", OPENS, ())
    assert list(by_source([late, early]).values()) == [early, late]
