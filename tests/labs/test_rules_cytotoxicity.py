"""NK cytotoxicity from wells: three formulas and the quality limits (DOMAIN 7 and 12)."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from labs.rules.cytotoxicity import Assessment, assess
from labs.rules.numbers import rounded
from labs.rules.wells import Well, WellKind
from trial_site.protocol import current

RULE = current().cytotoxicity


def wells(
    kind: WellKind, *dead: str, ratio: str | None = None, targets: int | None = 9000
) -> list[Well]:
    return [
        Well(kind, None if ratio is None else Decimal(ratio), number, Decimal(value), targets)
        for number, value in enumerate(dead, start=1)
    ]


def plate(
    *,
    spontaneous: tuple[str, ...] = ("6.0", "6.0", "6.0"),
    maximum: tuple[str, ...] = ("96.0", "96.0", "96.0"),
    effector: tuple[str, ...] = ("25.5", "25.5", "25.5"),
    ratio: str = "25",
) -> list[Well]:
    return [
        *wells(WellKind.SPONTANEOUS, *spontaneous),
        *wells(WellKind.MAXIMUM, *maximum),
        *wells(WellKind.EFFECTOR, *effector, ratio=ratio),
    ]


BASELINE = plate(
    spontaneous=("5.8", "6.1", "6.1"),
    maximum=("95.2", "96.4", "96.4"),
    effector=("24.9", "26.1", "25.5"),
)
DAY_7 = plate(effector=("33.6", "33.6", "33.6"))


def shown(assessment: Assessment) -> dict[str, str | None]:
    percents = {name: assessment.lysis(name).percent for name in "ABC"}
    return {
        name: None if percent is None else rounded(percent, 3) for name, percent in percents.items()
    }


def flags(assessment: Assessment) -> list[str]:
    return [flag.render() for flag in assessment.flags]


# --- the worked examples ---------------------------------------------------------------------


def test_the_baseline_of_the_worked_example():
    assessment = assess(BASELINE, RULE)
    assert [group.mean for group in assessment.groups] == [6, 96, Fraction(51, 2)]
    assert shown(assessment) == {"A": "20.745", "B": "21.667", "C": "19.500"}
    assert (assessment.flags, assessment.needed, assessment.impossible) == ((), (), ())


def test_day_7_of_the_worked_example_and_the_changes():
    day_7, baseline = assess(DAY_7, RULE), assess(BASELINE, RULE)
    assert shown(day_7) == {"A": "29.362", "B": "30.667", "C": "27.600"}
    changes = {
        name: rounded(day_7.lysis(name).percent - baseline.lysis(name).percent, 3) for name in "ABC"
    }
    assert changes == {"A": "8.617", "B": "9.000", "C": "8.100"}


def test_a_negative_result_is_kept():
    assessment = assess(plate(effector=("5.1", "5.1", "5.1")), RULE)
    assert shown(assessment)["A"] == "-0.957"
    assert assessment.impossible == ()


def test_the_protocols_formula_at_its_ratio_is_the_result():
    several = [
        *BASELINE,
        *wells(WellKind.EFFECTOR, "41", "41", "41", ratio="50"),
        *wells(WellKind.EFFECTOR, "12", "12", "12", ratio="12.5"),
    ]
    assessment = assess(several, RULE)
    assert (assessment.formula, assessment.et_ratio) == ("A", 25)
    assert assessment.result == assessment.lysis("A").percent == Fraction(1950, 94)
    assert [ratio.et_ratio for ratio in assessment.by_ratio] == [50, 25, Decimal("12.5")]
    assert assess(several, replace(RULE, formula="B")).result == Fraction(1950, 90)
    assert assess(several, replace(RULE, formula="C")).result == Fraction(39, 2)
    assert assess(several, replace(RULE, et_ratio=Decimal("12.5"))).result == Fraction(600, 94)


def test_the_computation_is_shown_line_by_line():
    assessment = assess(plate(effector=("32.0", "32.5", "32.2")), RULE)
    assert [step.render() for step in assessment.steps] == [
        "(32.23 − 6.00) ÷ (100 − 6.00) × 100",
        "26.23 ÷ 94.00 × 100",
        "27.91 %",
    ]
    assert [step.render() for step in assessment.lysis("B").steps] == [
        "(32.23 − 6.00) ÷ (96.00 − 6.00) × 100",
        "26.23 ÷ 90.00 × 100",
        "29.15 %",
    ]
    assert [step.render() for step in assessment.lysis("C").steps] == ["32.23 − 6.00", "26.23 %"]


# --- what is needed --------------------------------------------------------------------------


def without(kind: WellKind) -> list[Well]:
    return [well for well in BASELINE if well.kind is not kind]


def needed(assessment: Assessment) -> list[str]:
    return [message.render() for message in assessment.needed]


def test_without_targets_alone_nothing_is_computed():
    assessment = assess(without(WellKind.SPONTANEOUS), RULE)
    assert assessment.result is None
    assert shown(assessment) == {"A": None, "B": None, "C": None}
    assert needed(assessment) == ["wells of targets alone are needed"]


def test_without_wells_at_the_protocols_ratio_there_is_no_result():
    assessment = assess(plate(ratio="50"), RULE)
    assert (assessment.result, assessment.lysis("A"), assessment.steps) == (None, None, ())
    assert needed(assessment) == ["wells at E:T 25:1 are needed"]
    assert assessment.by_ratio[0].by_formula["A"].percent == Fraction(1950, 94)


def test_without_detergent_wells_only_formula_b_is_lost_and_the_maximum_is_flagged():
    assessment = assess(without(WellKind.MAXIMUM), RULE)
    assert shown(assessment) == {"A": "20.745", "B": None, "C": "19.500"}
    assert needed(assessment) == []
    assert flags(assessment) == ["no detergent wells: the maximum was not checked"]
    assert assessment.endpoint_flags == assessment.flags
    by_b = assess(without(WellKind.MAXIMUM), replace(RULE, formula="B"))
    assert (by_b.result, needed(by_b)) == (None, ["detergent wells are needed"])


def test_no_wells_at_all():
    assessment = assess([], RULE)
    assert (assessment.result, assessment.groups, assessment.by_ratio) == (None, (), ())
    assert len(assessment.needed) == 2


def test_targets_that_are_all_dead_leave_nothing_to_kill():
    assessment = assess(plate(spontaneous=("100", "100", "100")), RULE)
    assert assessment.result is None
    assert needed(assessment) == ["targets alone are as dead as they can be: nothing to kill"]
    swapped = assess(
        plate(spontaneous=("96", "96"), maximum=("96", "96")), replace(RULE, formula="B")
    )
    assert swapped.result is None
    assert len(swapped.needed) == 1


@pytest.mark.parametrize(
    ("kind", "ratio", "dead"),
    [
        (WellKind.EFFECTOR, None, "20"),
        (WellKind.SPONTANEOUS, "25", "20"),
        (WellKind.MAXIMUM, "25", "20"),
        (WellKind.SPONTANEOUS, None, "-0.1"),
        (WellKind.SPONTANEOUS, None, "100.1"),
    ],
)
def test_a_well_that_cannot_be_is_refused(kind, ratio, dead):
    with pytest.raises(ValueError, match=r"E:T ratio|percentage"):
        wells(kind, dead, ratio=ratio)


# --- quality ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dead", "expected"),
    [
        (("15.0", "15.0", "15.0"), []),
        (("15.0", "15.0", "15.1"), ["spontaneous 15.03 %, above 15"]),
        (("14.9", "14.9", "14.9"), []),
    ],
)
def test_spontaneous_death_is_flagged_above_15(dead, expected):
    assert flags(assess(plate(spontaneous=dead), RULE)) == expected


@pytest.mark.parametrize(
    ("dead", "expected"),
    [
        (("85.0", "85.0", "85.0"), []),
        (("85.0", "85.0", "84.9"), ["maximum 84.97 %, below 85"]),
        (("85.1", "85.1", "85.1"), []),
    ],
)
def test_maximum_death_is_flagged_below_85(dead, expected):
    assert flags(assess(plate(maximum=dead), RULE)) == expected


@pytest.mark.parametrize(
    ("dead", "flagged"),
    [
        (("20", "25", "30"), False),  # SD 5, mean 25: exactly 20 %
        (("19.99", "25", "30.01"), True),
        (("20.01", "25", "29.99"), False),
    ],
)
def test_the_spread_of_replicates_is_flagged_above_20(dead, flagged):
    assessment = assess(plate(effector=dead), RULE)
    assert bool(assessment.flags) is flagged


def test_the_spread_is_shown_and_the_other_ratios_leave_the_endpoint_alone():
    assessment = assess(
        [*BASELINE, *wells(WellKind.EFFECTOR, "22.1", "21.0", "31.2", ratio="12.5")], RULE
    )
    assert flags(assessment) == ["CV 22.6 %, above 20"]
    assert assessment.endpoint_flags == ()
    assert assessment.groups[-1].flags == assessment.flags
    assert [rounded(group.cv_percent, 1) for group in assessment.groups] == [
        "2.9",
        "0.7",
        "2.4",
        "22.6",
    ]


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (5001, []),
        (5000, []),
        (4999, ["well 1: 4,999 targets, fewer than 5,000"]),
        (None, ["well 1: targets not counted"]),
    ],
)
def test_few_targets_are_flagged_well_by_well(targets, expected):
    one, *others = wells(WellKind.EFFECTOR, "25.5", "25.5", "25.5", ratio="25")
    controls = [well for well in plate() if well.kind is not WellKind.EFFECTOR]
    assessment = assess([*controls, replace(one, targets=targets), *others], RULE)
    assert flags(assessment) == expected
    assert [flag.render() for flag in assessment.endpoint_flags] == expected


def test_one_well_has_no_spread_and_says_so():
    assessment = assess(plate(effector=("25.5",)), RULE)
    assert assessment.groups[-1].cv_percent is None
    assert flags(assessment) == ["one well only: CV unknown"]
    assert assessment.result == Fraction(1950, 94)


def test_two_wells_have_a_spread():
    assessment = assess(plate(spontaneous=("0.5", "0.7"), effector=("20", "30")), RULE)
    # SD of 0.5 and 0.7 is 0.1414 over a mean of 0.6; of 20 and 30 it is 7.0711 over 25.
    assert flags(assessment) == ["CV 23.6 %, above 20", "CV 28.3 %, above 20"]


def test_a_mean_of_zero_has_no_spread_to_flag():
    assessment = assess(plate(spontaneous=("0", "0", "0")), RULE)
    assert assessment.groups[0].cv_percent is None
    assert flags(assessment) == []


def test_flags_never_take_the_result_away():
    assessment = assess(plate(spontaneous=("30", "16", "16"), maximum=("50", "60", "70")), RULE)
    assert len(assessment.flags) == 3
    assert assessment.result is not None


@pytest.mark.parametrize(
    ("spontaneous", "effector", "possible"),
    [("20", "0", True), ("20.1", "0", False), ("0", "100", True)],  # -25 exactly, below, 100
)
def test_a_lysis_outside_the_hard_limits_is_impossible(spontaneous, effector, possible):
    assessment = assess(plate(spontaneous=(spontaneous,) * 3, effector=(effector,) * 3), RULE)
    assert (assessment.impossible == ()) is possible


# --- properties ------------------------------------------------------------------------------

percents = st.decimals(0, 100, places=1)
triplets = st.tuples(percents, percents, percents)


@given(triplets, triplets, triplets, st.randoms())
def test_the_order_of_wells_changes_nothing(spontaneous, maximum, effector, random):
    one = plate(
        spontaneous=tuple(map(str, spontaneous)),
        maximum=tuple(map(str, maximum)),
        effector=tuple(map(str, effector)),
    )
    other = one.copy()
    random.shuffle(other)
    assert assess(one, RULE) == assess(other, RULE)


@given(triplets, triplets)
def test_the_formulas_agree_with_each_other(spontaneous, effector):
    """With a maximum of 100, B is A; and A is C as a share of what could be killed."""
    assume(sum(spontaneous) < 300)
    assessment = assess(
        plate(
            spontaneous=tuple(map(str, spontaneous)),
            maximum=("100", "100", "100"),
            effector=tuple(map(str, effector)),
        ),
        RULE,
    )
    a, b, c = (assessment.lysis(name).percent for name in "ABC")
    killable = 100 - Fraction(sum(spontaneous)) / 3
    assert a == b
    assert a * killable == c * 100
    assert (a < 0) == (sum(effector) < sum(spontaneous))
