"""Who is due for what, when and why (DOMAIN 6, 9)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.calendar import plan
from outcomes.rules.bloods import Treatment
from outcomes.rules.flags import DatedRecord, DueFlag, FlagKind, PlannedVisit, Urgency, urgency
from outcomes.rules.follow_up import ParticipantSchedule, PcrSummary, due_flags
from trial_site.protocol import current
from trial_site.protocol.definition import Anchor, Frequency

PROTOCOL = current()
DAY0 = DatedRecord(date(2026, 1, 1), "administration:1")
WITHDRAWAL = DatedRecord(date(2026, 1, 8), "administration:15")
FAR_AHEAD = date(2027, 1, 1)


def visit(code: str, *, done: bool = False) -> PlannedVisit:
    rule = PROTOCOL.visit(code)
    anchor = DAY0 if rule.anchor is Anchor.DAY0 else WITHDRAWAL
    return PlannedVisit(code, anchor, plan(rule, anchor.on), done, f"visit:{code}")


def pcr(day: date, number: int = 1) -> DatedRecord:
    return DatedRecord(day, f"result:{number}")


def flags(today: date = FAR_AHEAD, **state: Any) -> dict[str, DueFlag]:
    schedule = ParticipantSchedule(subject="PKU-001", **state)
    found = due_flags(schedule, today=today, protocol=PROTOCOL)
    assert len({flag.key for flag in found}) == len(found)
    return {flag.key: flag for flag in found}


def the_pcr(found: dict[str, DueFlag]) -> DueFlag:
    [flag] = [flag for flag in found.values() if flag.kind is FlagKind.PCR_CHECK]
    return flag


# --- visits ---------------------------------------------------------------------------------


def test_a_visit_says_which_rule_makes_it_due() -> None:
    flag = flags(day0=DAY0, withdrawal=WITHDRAWAL, visits=(visit("M2"),))["visit:M2"]
    assert (flag.window_opens, flag.due_on, flag.window_closes) == (
        date(2026, 3, 1),
        date(2026, 3, 8),
        date(2026, 3, 15),
    )
    assert str(flag.rule) == "Last ganciclovir 2026-01-08 + 2 months = 2026-03-08, window ± 7 d"
    assert flag.title == "Month 2 after withdrawal"
    assert flag.evidence == ("visit:M2", "administration:15")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("D7", "First ganciclovir 2026-01-01 + 7 d = 2026-01-08, window ± 1 d"),
        ("WITHDRAWAL", "Last ganciclovir 2026-01-08 + 1 d = 2026-01-09, window −1/+2 d"),
        ("M1", "Last ganciclovir 2026-01-08 + 1 month = 2026-02-08, window ± 7 d"),
        ("M3", "Last ganciclovir 2026-01-08 + 3 months = 2026-04-08, window −0/+14 d"),
    ],
)
def test_every_kind_of_window_is_put_into_words(code: str, why: str) -> None:
    assert str(flags(visits=(visit(code),))[f"visit:{code}"].rule) == why


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 3, 31), None),  # eight days ahead
        (date(2026, 4, 1), Urgency.SOON),
        (date(2026, 4, 7), Urgency.SOON),
        (date(2026, 4, 8), Urgency.DUE),  # three months to the day, never early
        (date(2026, 4, 22), Urgency.DUE),
        (date(2026, 4, 23), Urgency.LATE),
    ],
)
def test_the_third_month_becomes_soon_due_and_late(today: date, expected: Urgency | None) -> None:
    flag = flags(today, visits=(visit("M3"),)).get("visit:M3")
    assert (urgency(flag, today) if flag else None) is expected


def test_a_visit_held_is_no_longer_due() -> None:
    assert set(flags(visits=(visit("M1", done=True), visit("M2")))) == {"visit:M2"}


def test_nothing_is_due_once_follow_up_has_ended() -> None:
    state: dict[str, Any] = {
        "day0": DAY0,
        "visits": (visit("D7"),),
        "pcr": PcrSummary(last=pcr(DAY0.on)),
    }
    assert set(flags(**state)) == {"visit:D7", "nk:D7", "pcr:2026-01-04"}
    assert flags(**state, follow_up_ended=True) == {}


# --- conversion checks ----------------------------------------------------------------------


def test_no_check_before_the_first_dose() -> None:
    assert flags(pcr=PcrSummary(last=pcr(date(2025, 12, 30)))) == {}


@pytest.mark.parametrize("last", [None, pcr(date(2025, 12, 28)), pcr(date(2025, 12, 31))])
def test_without_a_sample_since_day_0_the_check_counts_from_day_0(
    last: DatedRecord | None,
) -> None:
    flag = the_pcr(flags(day0=DAY0, pcr=PcrSummary(last=last)))
    assert flag.due_on == date(2026, 1, 4)
    assert flag.evidence == ("administration:1",)


def test_a_sample_of_day_0_itself_is_the_one_to_count_from() -> None:
    flag = the_pcr(flags(day0=DAY0, pcr=PcrSummary(last=pcr(DAY0.on, 3))))
    assert flag.evidence == ("result:3",)


def test_twice_weekly_until_confirmed() -> None:
    flag = the_pcr(flags(day0=DAY0, pcr=PcrSummary(last=pcr(date(2026, 1, 4), 7))))
    assert (flag.key, flag.due_on) == ("pcr:2026-01-07", date(2026, 1, 7))
    assert (flag.window_opens, flag.window_closes) == (date(2026, 1, 6), date(2026, 1, 8))
    assert str(flag.rule) == (
        "Last CMV-DNA sample 2026-01-04 + 3 d = 2026-01-07, window ± 1 d "
        "(until conversion is confirmed)"
    )
    assert flag.evidence == ("result:7",)


def test_withdrawal_alone_does_not_end_the_frequent_checks() -> None:
    summary = PcrSummary(last=pcr(date(2026, 1, 9)))
    assert the_pcr(flags(day0=DAY0, withdrawal=WITHDRAWAL, pcr=summary)).due_on == date(2026, 1, 12)


def test_weekly_once_confirmed() -> None:
    confirmed = PcrSummary(last=pcr(date(2026, 1, 13)), confirmed=pcr(date(2026, 1, 7)))
    flag = the_pcr(flags(day0=DAY0, pcr=confirmed))
    assert flag.due_on == date(2026, 1, 20)
    assert "until withdrawal" in str(flag.rule)


def test_monthly_after_withdrawal_clamped_to_the_end_of_the_month() -> None:
    confirmed = PcrSummary(last=pcr(date(2026, 1, 31)), confirmed=pcr(date(2026, 1, 7)))
    flag = the_pcr(flags(day0=DAY0, withdrawal=WITHDRAWAL, pcr=confirmed))
    assert flag.due_on == date(2026, 2, 28)
    assert str(flag.rule) == (
        "Last CMV-DNA sample 2026-01-31 + 1 month = 2026-02-28, window ± 1 d "
        "(follow-up after withdrawal)"
    )


@pytest.mark.parametrize(
    ("last", "separate"),
    [
        # The visit of month 1, 8 February ± 7 days, draws the sample.
        (date(2025, 12, 31), True),
        (date(2026, 1, 1), False),
        (date(2026, 1, 15), False),
        (date(2026, 1, 16), True),
    ],
)
def test_a_monthly_sample_inside_the_window_of_a_visit_is_not_asked_for_twice(
    last: date, separate: bool
) -> None:
    day0 = DatedRecord(date(2025, 12, 1), "administration:1")
    confirmed = PcrSummary(last=pcr(last), confirmed=pcr(date(2025, 12, 20)))
    state: dict[str, Any] = {"day0": day0, "withdrawal": WITHDRAWAL, "pcr": confirmed}
    found = flags(**state, visits=(visit("M1"),))
    kinds = {flag.kind for flag in found.values()}
    assert (FlagKind.PCR_CHECK in kinds) is separate
    # Held without a sample, the visit no longer answers for it.
    assert the_pcr(flags(**state, visits=(visit("M1", done=True),)))


def test_a_visit_replaces_no_check_while_conversion_is_unconfirmed() -> None:
    summary = PcrSummary(last=pcr(date(2026, 2, 5)))
    found = flags(day0=DAY0, withdrawal=WITHDRAWAL, pcr=summary, visits=(visit("M1"),))
    assert the_pcr(found).due_on == found["visit:M1"].due_on == date(2026, 2, 8)


def test_a_visit_without_a_pcr_replaces_no_check() -> None:
    confirmed = PcrSummary(last=pcr(date(2025, 12, 9)), confirmed=pcr(date(2025, 12, 1)))
    day0 = DatedRecord(date(2025, 11, 20), "administration:1")
    found = flags(day0=day0, withdrawal=WITHDRAWAL, pcr=confirmed, visits=(visit("WITHDRAWAL"),))
    assert the_pcr(found).due_on == WITHDRAWAL.on + timedelta(days=1)


# --- confirmation ---------------------------------------------------------------------------


def test_a_first_negative_asks_for_a_second_at_least_five_days_later() -> None:
    negative = pcr(date(2026, 3, 10), 9)
    found = flags(day0=DAY0, pcr=PcrSummary(last=negative, negative_since=negative))
    flag = found["confirmation:2026-03-10"]
    assert (flag.window_opens, flag.due_on, flag.window_closes) == (
        date(2026, 3, 15),
        date(2026, 3, 15),
        date(2026, 3, 16),
    )
    assert str(flag.rule) == (
        "First negative CMV-DNA 2026-03-10 + 5 d = 2026-03-15, window −0/+1 d "
        "(a second negative confirms conversion)"
    )
    assert flag.evidence == ("result:9",)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 3, 14), Urgency.SOON),
        (date(2026, 3, 15), Urgency.DUE),
        (date(2026, 3, 16), Urgency.DUE),
        (date(2026, 3, 17), Urgency.LATE),
    ],
)
def test_the_urgency_of_a_confirmation(today: date, expected: Urgency) -> None:
    summary = PcrSummary(last=pcr(date(2026, 3, 10)), negative_since=pcr(date(2026, 3, 10)))
    found = flags(today, day0=DAY0, pcr=summary)
    assert urgency(found["confirmation:2026-03-10"], today) is expected


def test_a_confirmed_conversion_asks_for_no_confirmation() -> None:
    negative = pcr(date(2026, 3, 10))
    summary = PcrSummary(last=pcr(date(2026, 3, 15)), negative_since=negative, confirmed=negative)
    assert {flag.kind for flag in flags(day0=DAY0, pcr=summary).values()} == {FlagKind.PCR_CHECK}


# --- always ---------------------------------------------------------------------------------

CODES = ("D7", "WITHDRAWAL", "M1", "M2", "M3")


@given(
    st.dates(date(2025, 12, 1), date(2026, 6, 1)),
    st.sets(st.sampled_from(CODES)),
    st.integers(0, 60),
    st.booleans(),
)
def test_flags_only_come_as_time_passes_and_their_keys_stay(
    today: date, done: Collection[str], last: int, confirmed: bool
) -> None:
    sampled = pcr(DAY0.on + timedelta(days=last))
    state: dict[str, Any] = {
        "day0": DAY0,
        "withdrawal": WITHDRAWAL,
        "visits": tuple(visit(code, done=code in done) for code in CODES),
        "pcr": PcrSummary(sampled, None if confirmed else sampled, sampled if confirmed else None),
    }
    now, tomorrow = flags(today, **state), flags(today + timedelta(days=1), **state)
    assert now.items() <= tomorrow.items()
    assert list(now.values()) == sorted(now.values(), key=lambda flag: (flag.due_on, flag.key))
    assert not {f"visit:{code}" for code in done} & now.keys()
    for flag in now.values():
        assert flag.window_opens <= flag.due_on <= flag.window_closes
        ahead = 14 if flag.kind is FlagKind.END else 7
        assert flag.window_opens <= today + timedelta(days=ahead)


# --- a whole course, day after day ------------------------------------------------------------


@given(
    sampled=st.sets(st.integers(1, 40), max_size=12),
    examined=st.sets(st.integers(0, 20), max_size=10),
    held=st.dictionaries(st.sampled_from(CODES), st.integers(0, 120), max_size=5),
    plated=st.sets(st.integers(5, 10), max_size=2),
    ended=st.integers(60, 130),
)
def test_a_flag_whose_fact_arrived_is_never_raised_again(
    sampled: set[int], examined: set[int], held: dict[str, int], plated: set[int], ended: int
) -> None:
    """Facts come on some days of a course; whatever has gone from the list stays away."""
    order = Treatment(DAY0.on, DAY0.on + timedelta(days=21), Frequency.EVERY_12_HOURS, "order:1")
    before: set[str] = set()
    gone: set[str] = set()
    for number in range(ended + 1):
        today = DAY0.on + timedelta(days=number)
        last = max((day for day in sampled if day <= number), default=None)
        blood = max((day for day in examined if day <= number), default=None)
        now = flags(
            today,
            day0=DAY0,
            visits=tuple(visit(code, done=held.get(code, 999) <= number) for code in CODES),
            pcr=PcrSummary(last=pcr(DAY0.on + timedelta(days=last)) if last else None),
            treatments=(order,),
            bloods={}
            if blood is None
            else dict.fromkeys(
                ("anc", "hemoglobin", "platelets", "creatinine"),
                pcr(DAY0.on + timedelta(days=blood)),
            ),
            plates=tuple(pcr(DAY0.on + timedelta(days=day)) for day in plated if day <= number),
            follow_up_ended=number == ended,
        ).keys()
        gone |= before - now
        assert not gone & now
        before = set(now)
    assert before == set()
