"""CMV IgM and IgG against the cut-offs of their kit (DOMAIN 7)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.pcr import parse_result
from labs.rules.serology import CutOffs, SerologyClass, classify
from trial_site.protocol import current

KITS = {
    kit.code: CutOffs(kit.unit, kit.positive_from, kit.grey_from) for kit in current().serology_kits
}
PLAIN = CutOffs("AU/mL", Decimal(35))
GREY = CutOffs("index", Decimal("1.00"), Decimal("0.85"))


def read(printed, cut_offs, unit=None):
    return classify(*parse_result(printed), unit or cut_offs.unit, cut_offs)


@pytest.mark.parametrize(
    ("kit", "printed", "expected"),
    [
        ("architect_igm", "0.84", "negative"),
        ("architect_igm", "0.85", "grey"),
        ("architect_igm", "0.99", "grey"),
        ("architect_igm", "0.995", "grey"),
        ("architect_igm", "1.00", "positive"),
        ("architect_igm", "1.01", "positive"),
        ("other_igm", "34.9", "negative"),
        ("other_igm", "35", "positive"),
        ("other_igm", "35.1", "positive"),
        ("architect_igg", "5.9", "negative"),
        ("architect_igg", "6.0", "positive"),
        ("architect_igg", "6.1", "positive"),
        ("other_igg", "0.69", "negative"),
        ("other_igg", "0.70", "positive"),
        ("other_igg", "0.71", "positive"),
    ],
)
def test_the_cut_offs_of_the_reference(kit, printed, expected):
    assert read(printed, KITS[kit])[0] is SerologyClass(expected)


@pytest.mark.parametrize(
    ("printed", "cut_offs", "expected"),
    [
        (">250", PLAIN, "positive"),
        (">35", PLAIN, "positive"),
        (">34.9", PLAIN, "unknown"),
        ("<0.5", PLAIN, "negative"),
        ("<35", PLAIN, "negative"),
        ("<40", PLAIN, "unknown"),
        ("<0.85", GREY, "negative"),
        ("<0.86", GREY, "unknown"),
        ("<1.00", GREY, "unknown"),
        (">0.90", GREY, "unknown"),
        (">1.00", GREY, "positive"),
        ("not detected", PLAIN, "unknown"),
        ("not evaluable", PLAIN, "unknown"),
    ],
)
def test_a_bound_decides_where_it_can(printed, cut_offs, expected):
    assert read(printed, cut_offs)[0] is SerologyClass(expected)


def test_kits_never_compare():
    verdict, why = read("40", PLAIN, unit="index")
    assert verdict is SerologyClass.UNKNOWN
    assert "not in AU/mL" in why.render()


def test_without_cut_offs_nothing_is_known():
    verdict, why = classify("=", Decimal(40), "AU/mL", None)
    assert verdict is SerologyClass.UNKNOWN
    assert why.render().endswith("the kit has no cut-offs here")


@pytest.mark.parametrize(
    ("printed", "sentence"),
    [
        ("1.2", "1.2 index is positive: at least 1 index"),
        ("0.9", "0.9 index is in the grey zone, 0.85 index to below 1 index: repeat"),
        ("0.2", "0.2 index is negative: below 0.85 index"),
        ("<1", "<1 index does not say on which side of 1 index it lies"),
    ],
)
def test_a_verdict_says_why(printed, sentence):
    assert read(printed, GREY)[1].render().replace("\N{NO-BREAK SPACE}", " ") == sentence


@given(st.decimals("0", "3", places=3), st.decimals("0", "3", places=3))
def test_what_a_bound_decides_holds_for_every_number_within_it(limit, number):
    for operator, inside in (("<", number < limit), (">", number > limit)):
        verdict, _ = classify(operator, limit, "index", GREY)
        if inside and verdict is not SerologyClass.UNKNOWN:
            assert classify("=", number, "index", GREY)[0] is verdict
