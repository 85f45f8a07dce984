"""What runs out: follow-up, consent, approval; and the NK sample of day 7."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from enrollment.rules.calendar import plan
from outcomes.rules.endings import (
    Approval,
    SignedConsent,
    consent_renewal,
    end_of_follow_up,
    expiring_approval,
)
from outcomes.rules.flags import DatedRecord, FlagKind, PlannedVisit, is_raised
from outcomes.rules.nk_samples import nk_samples
from trial_site.protocol import current
from trial_site.protocol.definition import Anchor

PROTOCOL = current()
DAY0 = DatedRecord(date(2026, 1, 1), "participant:1")
WITHDRAWAL = DatedRecord(date(2026, 1, 8), "participant:1")


def visit(code: str, *, done: bool = False, missed: bool = False) -> PlannedVisit:
    rule = PROTOCOL.visit(code)
    anchor = DAY0 if rule.anchor is Anchor.DAY0 else WITHDRAWAL
    return PlannedVisit(code, anchor, plan(rule, anchor.on), done, f"visit:{code}", missed)


# --- NK sample --------------------------------------------------------------------------------


def plate(day: int) -> DatedRecord:
    return DatedRecord(date(2026, 1, day), f"plate:{day}")


@pytest.mark.parametrize(
    ("day", "asked"), [(None, True), (6, True), (7, False), (8, False), (9, False), (10, True)]
)
def test_the_sample_of_day_7_lies_in_its_window(day: int | None, asked: bool) -> None:
    """Day 7 is 8 January, a day either way (DOMAIN 9)."""
    plates = [plate(day)] if day else []
    flags = list(nk_samples([visit("D0"), visit("D7")], plates, (), PROTOCOL))
    assert [flag.key for flag in flags] == (["nk:D7"] if asked else [])


def test_the_sample_is_asked_for_although_the_visit_was_held() -> None:
    [flag] = nk_samples([visit("D7", done=True)], [], (), PROTOCOL)
    assert str(flag.rule) == (
        "First ganciclovir 2026-01-01 + 7 d = 2026-01-08, window ± 1 d "
        "(drawn before that day’s doses)"
    )
    assert flag.kind is FlagKind.NK_SAMPLE
    assert flag.evidence == ("visit:D7", "participant:1")


def test_a_missed_visit_or_a_decision_asks_for_no_sample() -> None:
    assert list(nk_samples([visit("D7", done=True, missed=True)], [], (), PROTOCOL)) == []
    assert list(nk_samples([visit("D7")], [], {"D7"}, PROTOCOL)) == []
    assert len(list(nk_samples([visit("D7")], [], {"D0"}, PROTOCOL))) == 1


# --- end of follow-up -------------------------------------------------------------------------


@pytest.mark.parametrize("done", [False, True])
def test_the_end_is_said_a_fortnight_ahead(done: bool) -> None:
    """Three months after 8 January is 8 April, accepted to the 22nd."""
    [flag] = end_of_follow_up([visit("M2"), visit("M3", done=done)], PROTOCOL)
    assert (flag.window_opens, flag.due_on, flag.window_closes) == (
        date(2026, 4, 8),
        date(2026, 4, 8),
        date(2026, 4, 22),
    )
    assert not is_raised(flag, date(2026, 3, 24))
    assert is_raised(flag, date(2026, 3, 25))


# --- consent ----------------------------------------------------------------------------------


def signed(valid_to: date | None, version: str = "1.1") -> SignedConsent:
    return SignedConsent(version, valid_to, f"consent:{version}")


def test_a_version_in_force_needs_no_renewal() -> None:
    assert list(consent_renewal([])) == []
    assert list(consent_renewal([signed(None)])) == []
    assert list(consent_renewal([signed(date(2026, 3, 1)), signed(None, "1.2")])) == []


def test_a_replaced_version_is_to_be_renewed_on_the_day_after_it() -> None:
    old, newer = signed(date(2026, 2, 1), "1.0"), signed(date(2026, 3, 1))
    [flag] = consent_renewal([newer, old])
    assert flag.due_on == date(2026, 3, 2)
    assert str(flag.rule) == "Version 1.1 of the consent form was valid to 2026-03-01"
    assert (flag.key, flag.evidence) == ("consent:2026-03-01", ("consent:1.1",))


# --- approval ---------------------------------------------------------------------------------

LAST = date(2026, 6, 30)


@pytest.mark.parametrize(("before", "said"), [(61, False), (60, True), (0, True), (-1, True)])
def test_an_approval_is_said_sixty_days_ahead_and_stays(before: int, said: bool) -> None:
    approval = Approval("2026PHB012-01", LAST, "approval:1")
    today = LAST - timedelta(days=before)
    flags = list(expiring_approval([approval], today=today, warn_days=60))
    assert [flag.key for flag in flags] == (["approval:2026-06-30"] if said else [])
    assert all(is_raised(flag, today) for flag in flags)


def test_a_longer_approval_answers_for_it() -> None:
    approval = Approval("2026PHB012-01", LAST, "approval:1")
    longer = replace(approval, number="2026PHB012-02", expires_on=date(2027, 6, 30))
    assert list(expiring_approval([approval, longer], today=LAST, warn_days=60)) == []
    assert list(expiring_approval([], today=LAST, warn_days=60)) == []
