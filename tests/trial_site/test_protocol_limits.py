"""Entry limits of protocol 1.0, typed from DOMAIN 2 to 7: the doubtful and the impossible."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trial_site.protocol import current
from trial_site.protocol.definition import Bound, Comparison, EntryLimits

PROTOCOL = current()


ENTRY_LIMITS = {
    "weight": PROTOCOL.steroids.weight_limits,
    "prednisone": PROTOCOL.steroids.daily_prednisone_limits,
    "creatinine": PROTOCOL.clearance.creatinine_limits,
    "ganciclovir": PROTOCOL.ganciclovir.mg_limits,
    "infusion": PROTOCOL.ganciclovir.infusion_minutes_limits,
    "il2": PROTOCOL.il2.miu_limits,
    "interval": PROTOCOL.il2.interval_hours_limits,
    "cmv_dna": PROTOCOL.analyte("cmv_dna").entry_limits,
}


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("weight", "35", "120"),
        ("prednisone", None, "100"),
        ("creatinine", "30", "300"),
        ("ganciclovir", "30", "600"),
        ("infusion", "50", "90"),
        ("il2", "1.0", "1.0"),
        ("interval", "18", "30"),
        ("cmv_dna", "100", "10000000"),
    ],
)
def test_soft_limits_ask_strictly_outside(name: str, low: str | None, high: str) -> None:
    limits = ENTRY_LIMITS[name]
    step = Decimal("0.001")
    assert not limits.is_doubtful(Decimal(high))
    assert limits.is_doubtful(Decimal(high) + step)
    if low is not None:
        assert not limits.is_doubtful(Decimal(low))
        assert limits.is_doubtful(Decimal(low) - step)


@pytest.mark.parametrize(
    ("limits", "impossible", "possible"),
    [
        (ENTRY_LIMITS["weight"], ("19.9", "300.1"), ("20", "300")),
        (ENTRY_LIMITS["creatinine"], ("4.9", "3000.1"), ("5", "3000")),
        (ENTRY_LIMITS["ganciclovir"], ("0", "6000.1"), ("0.1", "6000")),
        (ENTRY_LIMITS["il2"], ("0", "22.1"), ("0.01", "22")),
        (ENTRY_LIMITS["cmv_dna"], ("0", "10000000001"), ("0.1", "10000000000")),
        (PROTOCOL.analyte("nk_lysis").entry_limits, ("-25.1", "100.1"), ("-25", "-0.957", "100")),
        (PROTOCOL.analyte("hemoglobin").entry_limits, ("0", "-1"), ("0.1",)),
        (PROTOCOL.analyte("anc").entry_limits, ("-0.01",), ("0",)),
        (PROTOCOL.analyte("cmv_cd8_percent").entry_limits, ("100.1",), ("-0.4", "50")),
    ],
)
def test_hard_limits(
    limits: EntryLimits, impossible: tuple[str, ...], possible: tuple[str, ...]
) -> None:
    assert [value for value in impossible if not limits.is_impossible(Decimal(value))] == []
    assert [value for value in possible if limits.is_impossible(Decimal(value))] == []


def test_every_analyte_can_refuse_the_impossible() -> None:
    assert [row.code for row in PROTOCOL.analytes if not row.entry_limits] == []


@given(
    comparison=st.sampled_from(Comparison),
    limit=st.decimals(0, 1000, places=3),
    value=st.decimals(-1000, 1000, places=6),
    reference=st.decimals("0.0001", 1000, places=4),
)
def test_a_ratio_is_held_against_a_bound_exactly(
    comparison: Comparison, limit: Decimal, value: Decimal, reference: Decimal
) -> None:
    bound = Bound(comparison, limit, "")
    ratio = Fraction(value) / Fraction(reference)
    beyond = ratio - Fraction(limit)
    expected = {
        Comparison.AT_LEAST: beyond >= 0,
        Comparison.ABOVE: beyond > 0,
        Comparison.AT_MOST: beyond <= 0,
        Comparison.BELOW: beyond < 0,
    }[comparison]
    assert bound.holds_of(value, reference) is bound.holds(ratio) is expected
    at_it = limit * reference
    assert bound.holds_of(at_it, reference) is (comparison in {"at_least", "at_most"})
