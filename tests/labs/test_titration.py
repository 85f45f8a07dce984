"""The drawing of an E:T titration: every ratio and well in its place, whatever was measured."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.plate import Plate
from labs.rules.cytotoxicity import assess
from labs.rules.wells import Well, WellKind
from labs.titration import HEIGHT, WIDTH, titration
from tests.labs.examples import BASELINE, wells
from trial_site.protocol import current

RULE = current().cytotoxicity


def effectors(by_ratio: dict[str, tuple[str, ...]]) -> list[Well]:
    controls = [well for well in wells(BASELINE) if well.et_ratio is None]
    return controls + [
        Well(WellKind.EFFECTOR, Decimal(ratio), number, Decimal(dead), 9000)
        for ratio, row in by_ratio.items()
        for number, dead in enumerate(row, 1)
    ]


def test_each_well_is_held_against_the_means_of_the_controls() -> None:
    (ratio,) = assess(wells(BASELINE), RULE).by_ratio
    assert ratio.wells == (Fraction(1890, 94), Fraction(2010, 94), Fraction(1950, 94))
    assert sum(ratio.wells) / 3 == ratio.by_formula["A"].percent


def test_without_the_control_no_well_has_a_lysis() -> None:
    alone = [well for well in wells(BASELINE) if well.kind != WellKind.SPONTANEOUS]
    assert assess(alone, RULE).by_ratio[0].wells == ()
    assert titration(Plate(alone, RULE)) is None


def test_nothing_is_drawn_of_no_wells() -> None:
    assert titration(Plate([], RULE)) is None


def test_ratios_rise_to_the_right_and_the_endpoints_is_marked() -> None:
    typed = effectors({"50": ("41", "41"), "25": ("26",), "6.25": ("12.9",)})
    curve = titration(Plate(typed, RULE))
    assert curve is not None
    assert [point.label for point in curve.points] == ["6.25:1", "25:1", "50:1"]
    assert [point.is_endpoint for point in curve.points] == [False, True, False]
    assert [len(point.wells) for point in curve.points] == [1, 1, 2]
    low, middle, high = (point.x for point in curve.points)
    assert middle - low == pytest.approx(2 * (high - middle), abs=2)  # two halvings and one
    assert [point.y for point in curve.points] == sorted(
        (point.y for point in curve.points), reverse=True
    )


def test_a_negative_lysis_lies_below_the_line_of_zero() -> None:
    curve = titration(Plate(effectors({"25": ("5.1", "5.1")}), RULE))
    assert curve is not None
    assert curve.points[0].y > curve.zero
    assert curve.points[0].says.render() == "E:T 25:1, −0.96 %"


def test_a_lysis_of_zero_is_drawn() -> None:
    curve = titration(Plate(effectors({"25": ("6.0",)}), RULE))
    assert curve is not None
    assert curve.points[0].y == curve.zero


PERCENT = st.decimals(min_value=0, max_value=100, places=1).map(str)


@given(
    st.dictionaries(
        st.sampled_from([str(ratio) for ratio in RULE.et_ratios]),
        st.lists(PERCENT, min_size=1, max_size=3).map(tuple),
        min_size=1,
    )
)
def test_every_mark_lies_in_the_drawing(typed: dict[str, tuple[str, ...]]) -> None:
    curve = titration(Plate(effectors(typed), RULE))
    assert curve is not None
    assert len(curve.points) == len(typed)
    places = [(point.x, point.y) for point in curve.points]
    places += [place for point in curve.points for place in point.wells]
    assert all(curve.left <= x <= curve.right <= WIDTH for x, _ in places)
    assert all(curve.top <= y <= curve.bottom <= HEIGHT for _, y in places)
    assert 2 <= len(curve.lines) <= 8
