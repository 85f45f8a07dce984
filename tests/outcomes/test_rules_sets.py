"""Analysis sets at each of their limits (DOMAIN 10)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from outcomes.rules.sets import AnalysisSet, Facts, PlannedDose, delivered_share, memberships
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import ArmCode, Drug

IL2, CONTROL = ArmCode.IL2_GANCICLOVIR.value, ArmCode.GANCICLOVIR.value


def doses(full: int, missed: int = 0, part: Fraction | None = None) -> tuple[PlannedDose, ...]:
    shares = [Fraction(1)] * full + [Fraction(0)] * missed + ([part] if part is not None else [])
    return tuple(PlannedDose(Drug.GANCICLOVIR, share) for share in shares)


def facts(**changes: Any) -> Facts:
    values: dict[str, Any] = {
        "arm": CONTROL,
        "eligible": True,
        "allocated_in_error": False,
        "planned": doses(14),
        "day7_closed": True,
        "day7_in_window": True,
        "day7_why": Message("no sample"),
        "received": frozenset({Drug.GANCICLOVIR}),
    }
    return Facts(**values | changes)


def per_protocol(**changes: Any) -> list[str]:
    """Every reason against; empty for who belongs to the set."""
    found = memberships(facts(**changes), current())[AnalysisSet.PER_PROTOCOL]
    assert found.included is not bool(found.reasons)
    return [str(reason) for reason in found.reasons]


def test_who_did_as_planned_belongs_to_every_set() -> None:
    found = memberships(facts(), current())
    assert all(row.included and row.arm == CONTROL for row in found.values())


@pytest.mark.parametrize(
    ("planned", "belongs"),
    [
        (doses(8, 2), True),  # exactly 80 %
        (doses(79, 21), False),
        (doses(81, 19), True),
        (doses(7, 2, Fraction(9, 10)), False),  # 7.9 of 10
        (doses(7, 2, Fraction(1)), True),
        (doses(14), True),
    ],
)
def test_four_fifths_of_the_planned_doses(planned: tuple[PlannedDose, ...], belongs: bool) -> None:
    assert (per_protocol(planned=planned) == []) is belongs


def test_too_few_doses_say_how_many() -> None:
    assert per_protocol(planned=doses(7, 3)) == [
        "70 % of the 10 doses planned before day 7, less than 80 %"
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"eligible": False}, "a criterion was not fulfilled"),
        ({"eligible": None}, "eligibility is unknown"),
        ({"allocated_in_error": True}, "allocated in error"),
        ({"planned": ()}, "no dose was planned before day 7"),
        ({"day7_in_window": False}, "no sample"),
        (
            {"received": frozenset({Drug.GANCICLOVIR, Drug.IL2})},
            "received Interleukin-2, which the arm does not have",
        ),
        ({"arm": IL2}, "never received Interleukin-2, which the arm has"),
    ],
)
def test_each_reason_alone_keeps_somebody_out(changes: dict[str, Any], reason: str) -> None:
    assert per_protocol(**changes) == [reason]


@pytest.mark.parametrize("changes", [{}, {"planned": doses(1, 9)}, {"day7_in_window": False}])
def test_before_day_7_is_over_nothing_is_decided(changes: dict[str, Any]) -> None:
    found = memberships(facts(day7_closed=False, **changes), current())[AnalysisSet.PER_PROTOCOL]
    assert found.included is None
    assert [str(reason) for reason in found.reasons] == ["day 7 is still to come"]


def test_what_nothing_can_mend_is_decided_at_once() -> None:
    assert per_protocol(day7_closed=False, eligible=False) == ["a criterion was not fulfilled"]


def test_every_reason_is_told() -> None:
    assert len(per_protocol(eligible=False, planned=doses(1, 9), day7_in_window=False)) == 3


@pytest.mark.parametrize(
    ("arm", "received", "treated"),
    [
        (CONTROL, {Drug.GANCICLOVIR}, CONTROL),
        (CONTROL, {Drug.GANCICLOVIR, Drug.IL2}, IL2),
        (IL2, {Drug.GANCICLOVIR}, CONTROL),
        (IL2, {Drug.GANCICLOVIR, Drug.IL2}, IL2),
        (IL2, set(), None),
    ],
)
def test_safety_counts_as_treated(arm: str, received: set[Drug], treated: str | None) -> None:
    found = memberships(facts(arm=arm, received=frozenset(received)), current())
    safety = found[AnalysisSet.SAFETY]
    assert (safety.included, safety.arm) == (treated is not None, treated)
    assert found[AnalysisSet.ALLOCATED].arm == arm


def test_without_a_plan_there_is_no_share() -> None:
    assert delivered_share(()) is None
