"""Eligibility of protocol 1.0, typed from DOMAIN 1.1, 2 and 3: below, at and above each limit."""

from decimal import Decimal
from fractions import Fraction

import pytest

from trial_site.protocol import current
from trial_site.protocol.definition import CriterionKind

PROTOCOL = current()


@pytest.mark.parametrize(
    ("criterion_id", "value", "passes"),
    [
        ("A1", "17", False),
        ("A1", "18", True),
        ("A1", "70", True),
        ("A1", "71", False),
        ("I2", "999", False),
        ("I2", "1000", False),
        ("I2", "1000.1", True),
        ("I3", "0", True),
        ("I3", "0.9999", True),
        ("I3", "1.0", False),
        ("I3", "1.0001", False),
    ],
)
def test_inclusion_limits_all_hold_to_pass(criterion_id: str, value: str, passes: bool) -> None:
    row = PROTOCOL.criterion(criterion_id)
    assert row.kind is CriterionKind.INCLUSION
    assert all(bound.holds(Decimal(value)) for bound in row.limits) is passes


@pytest.mark.parametrize(
    ("criterion_id", "value", "excludes"),
    [
        ("E1", "999.9", True),
        ("E1", "1000", False),
        ("E1", "1001", False),
        ("E4a", "2", False),
        ("E4a", "3", True),
        ("E4a", "4", True),
        ("E4b", "29.99", True),
        ("E4b", "30.0", True),
        ("E4b", "30.01", False),
        ("E4c", "2.99", False),
        ("E4c", "3.0", False),
        ("E4c", "3.01", True),
        ("E4d", "0.99", False),
        ("E4d", "1", False),
        ("E4d", "1.001", True),
    ],
)
def test_exclusion_limits_exclude_when_one_holds(
    criterion_id: str, value: str, excludes: bool
) -> None:
    row = PROTOCOL.criterion(criterion_id)
    assert row.kind is CriterionKind.EXCLUSION
    assert any(bound.holds(Decimal(value)) for bound in row.limits) is excludes


def test_a_third_below_the_limit_is_compared_exactly() -> None:
    (limit,) = PROTOCOL.criterion("I3").limits
    assert limit.holds(Fraction(10**30 - 1, 10**30))
    assert not limit.holds(Fraction(44 * 3, 44 * 3))


def test_every_number_of_a_limit_stands_in_the_text_beside_it() -> None:
    worded = {("E4a", "3"): "III", ("E4d", "1"): "the ULN"}
    for row in PROTOCOL.criteria:
        for bound in row.limits:
            number = str(bound.value)
            shown = worded.get((row.id, number), f"{bound.value:,}")
            assert shown in row.limit_text, row.id


@pytest.mark.parametrize(
    ("criterion_id", "days"),
    [
        ("I2", 7),
        ("I3", 7),
        ("E7", 7),
        ("E4b", 14),
        ("E4c", 14),
        ("E4d", 14),
        ("E2", 14),
        ("E3", None),
    ],
)
def test_how_old_a_judged_value_may_be(criterion_id: str, days: int | None) -> None:
    assert PROTOCOL.criterion(criterion_id).max_age_days == days


def test_the_warning_uses_the_limits_of_the_holds() -> None:
    warning = PROTOCOL.criterion("S1")
    assert warning.kind is CriterionKind.SAFETY
    assert warning.limits == tuple(hold.bound for hold in PROTOCOL.ganciclovir.holds)


@pytest.mark.parametrize(
    ("code", "milligrams"),
    [
        ("prednisone", "5"),
        ("prednisolone", "5"),
        ("methylprednisolone", "4"),
        ("triamcinolone", "4"),
        ("hydrocortisone", "20"),
        ("cortisone", "25"),
        ("dexamethasone", "0.75"),
        ("betamethasone", "0.75"),
        ("deflazacort", "6"),
    ],
)
def test_steroid_equivalents(code: str, milligrams: str) -> None:
    assert PROTOCOL.steroids.agent(code).equivalent_mg == Decimal(milligrams)
    assert PROTOCOL.steroids.prednisone_mg == 5


def test_steroid_window_and_clearance_constants() -> None:
    steroids, clearance = PROTOCOL.steroids, PROTOCOL.clearance
    assert (steroids.window_first_day, steroids.window_last_day) == (-7, -1)
    assert steroids.weight_max_age_days == 7
    assert (clearance.age_offset, clearance.divisor) == (140, 72)
    assert clearance.female_factor == Decimal("0.85")
    assert clearance.umol_per_mg_dl == Decimal("88.4")
    assert clearance.unit_slip_mg_dl_above == 15


@pytest.mark.parametrize(
    ("group", "tests"),
    [
        ("hbv", {"hbsag": True, "hbv_dna": False}),
        ("hcv", {"anti_hcv": True, "hcv_rna": False}),
        ("hiv", {"hiv_ag_ab": True}),
        ("syphilis", {"treponemal": True, "rpr": True}),
        ("ebv", {"ebv_dna": False, "ebv_vca_igm": False}),
        ("bacteraemia", {"blood_culture": False}),
        ("other", {"other_infection": True}),
    ],
)
def test_infection_tests(group: str, tests: dict[str, bool]) -> None:
    rows = [row for row in PROTOCOL.infection_tests if row.group == group]
    assert {row.code: row.required for row in rows} == tests


def test_how_many_tests_an_infection_needs() -> None:
    needed = {row.code: row.needed for row in PROTOCOL.infection_groups}
    assert needed.pop("ebv") == "any"
    assert needed.pop("bacteraemia") == "if_febrile"
    assert set(needed.values()) == {"every_required"}


def test_lupus_criteria() -> None:
    assert PROTOCOL.criteria_sets["sle"] == ("ACR 1997", "SLICC 2012", "EULAR/ACR 2019")
