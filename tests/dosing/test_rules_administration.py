"""Questions about a recorded dose, which never block, and numbers that cannot be (DOMAIN 4, 5)."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing.rules.administration import (
    GanciclovirDose,
    Il2Dose,
    ganciclovir_impossible,
    ganciclovir_warnings,
    il2_impossible,
    il2_warnings,
)
from trial_site.protocol import current
from trial_site.protocol.definition import ArmCode

PROTOCOL = current()
EXPERIMENTAL = PROTOCOL.arm(ArmCode.IL2_GANCICLOVIR)
CONTROL = PROTOCOL.arm(ArmCode.GANCICLOVIR)
NOON = datetime(2020, 3, 2, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def text(messages) -> list[str]:
    return [message.render().replace("\N{NO-BREAK SPACE}", " ") for message in messages]


# --- ganciclovir -----------------------------------------------------------------------------


def ganciclovir(mg="300", *, minutes=None, ordered=None, gaps=()):
    """Warnings of a dose at noon; ``gaps`` are timedeltas from it to the other doses."""
    return text(
        ganciclovir_warnings(
            GanciclovirDose(NOON, Decimal(mg), minutes),
            others=[GanciclovirDose(NOON + gap, Decimal("300")) for gap in gaps],
            ordered_mg=None if ordered is None else Decimal(ordered),
            rule=PROTOCOL.ganciclovir,
        )
    )


def test_an_ordinary_infusion_asks_nothing():
    assert ganciclovir("300", minutes=60, ordered="300", gaps=[timedelta(hours=-12)]) == []


@pytest.mark.parametrize(
    ("mg", "warned"), [("29.9", True), ("30", False), ("600", False), ("600.1", True)]
)
def test_the_soft_limits_of_an_infusion(mg, warned):
    assert bool(ganciclovir(mg)) is warned


@pytest.mark.parametrize(
    ("minutes", "warned"), [(49, True), (50, False), (90, False), (91, True), (None, False)]
)
def test_the_soft_limits_of_the_infusion_time(minutes, warned):
    assert bool(ganciclovir(minutes=minutes)) is warned


@pytest.mark.parametrize(
    ("mg", "warned"),
    [
        ("269.9", True),
        ("270", False),
        ("300", False),
        ("330", False),
        ("330.1", True),
    ],
)
def test_more_than_ten_percent_away_from_the_order_is_asked_about(mg, warned):
    assert bool(ganciclovir(mg, ordered="300")) is warned


def test_the_deviation_says_both_doses():
    assert ganciclovir("400", ordered="300") == [
        "400 mg is more than 10 % away from the 300 mg ordered."
    ]


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (-timedelta(hours=7, minutes=59), ["7.98 h since the dose before: expected at least 8."]),
        (-timedelta(hours=8), []),
        (-timedelta(hours=12), []),
        (timedelta(0), ["0.00 h since the dose before: expected at least 8."]),
        (timedelta(hours=7), ["7.00 h until the dose after: expected at least 8."]),
        (timedelta(hours=8), []),
    ],
)
def test_two_infusions_less_than_eight_hours_apart(gap, expected):
    assert ganciclovir(gaps=[gap]) == expected


def test_only_the_neighbours_in_time_count():
    gaps = [timedelta(hours=hours) for hours in (-36, -12, 24, 12, -24)]
    assert ganciclovir(gaps=gaps) == []
    crowded = [timedelta(hours=hours) for hours in (-6, -4, 4, 6)]
    assert ganciclovir(gaps=[*gaps, *crowded]) == [
        "4.00 h since the dose before: expected at least 8.",
        "4.00 h until the dose after: expected at least 8.",
    ]


@pytest.mark.parametrize(
    ("mg", "impossible"),
    [("-1", True), ("0", True), ("0.1", False), ("3000", False), ("6000", False), ("6000.1", True)],
)
def test_only_what_cannot_be_is_refused(mg, impossible):
    dose = GanciclovirDose(NOON, Decimal(mg))
    assert bool(ganciclovir_impossible(dose, PROTOCOL.ganciclovir)) is impossible


@pytest.mark.parametrize(
    ("minutes", "impossible"), [(0, True), (1, False), (600, False), (None, False)]
)
def test_an_infusion_takes_time(minutes, impossible):
    dose = GanciclovirDose(NOON, Decimal("300"), minutes)
    assert bool(ganciclovir_impossible(dose, PROTOCOL.ganciclovir)) is impossible


# --- IL-2 ------------------------------------------------------------------------------------


def il2(miu="1.0", *, arm=EXPERIMENTAL, site=None, others=()):
    """Warnings of a dose at noon; ``others`` are (hours from it, site)."""
    return text(
        il2_warnings(
            Il2Dose(NOON, Decimal(miu), site),
            others=[
                Il2Dose(NOON + timedelta(hours=hours), Decimal("1"), where)
                for hours, where in others
            ],
            arm=arm,
            rule=PROTOCOL.il2,
        )
    )


def test_an_ordinary_injection_asks_nothing():
    assert il2("1.00", site="arm_left", others=[(-24, "arm_right")]) == []


@pytest.mark.parametrize(
    ("miu", "warned"), [("0.99", True), ("1", False), ("1.0", False), ("1.01", True), ("18", True)]
)
def test_any_other_dose_than_one_million_units_is_asked_about(miu, warned):
    assert bool(il2(miu)) is warned


def test_the_wrong_dose_says_both():
    assert il2("0.5") == ["0.5 MIU differs from the protocol's 1 MIU."]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (-17.75, ["17.75 h since the dose before: expected at least 18."]),
        (-18, []),
        (-24, []),
        (-30, []),
        (-30.25, ["30.25 h since the dose before: expected at most 30."]),
        (17.5, ["17.50 h until the dose after: expected at least 18."]),
        (31, ["31.00 h until the dose after: expected at most 30."]),
    ],
)
def test_injections_are_18_to_30_hours_apart(hours, expected):
    assert il2(others=[(hours, None)]) == expected


def test_the_first_injection_has_no_interval():
    assert il2() == []


@pytest.mark.parametrize(
    ("site", "others", "warned"),
    [
        ("arm_left", [(-24, "arm_left")], True),
        ("arm_left", [(-24, "arm_right"), (-48, "arm_left")], False),
        ("arm_left", [(-24, None)], False),
        (None, [(-24, None)], False),
        ("arm_left", [(24, "arm_left")], False),
        ("arm_left", [(0, "arm_left"), (-24, "arm_right")], True),
    ],
)
def test_the_site_of_the_dose_before_is_asked_about(site, others, warned):
    asked = [warning for warning in il2(site=site, others=others) if "site" in warning]
    assert bool(asked) is warned


def test_the_site_is_named():
    assert il2(site="thigh_left", others=[(-24, "thigh_left")]) == [
        "Thigh, left is the site of the dose before as well."
    ]


def test_any_il2_in_the_control_arm_is_a_deviation_and_still_no_impossibility():
    assert len(il2(arm=CONTROL)) == 1
    assert il2(arm=CONTROL)[0].endswith("this dose is a protocol deviation.")
    assert il2_impossible(Il2Dose(NOON, Decimal("1")), PROTOCOL.il2) == ()


@pytest.mark.parametrize(
    ("miu", "impossible"),
    [("-1", True), ("0", True), ("0.01", False), ("22", False), ("22.01", True)],
)
def test_only_an_impossible_injection_is_refused(miu, impossible):
    assert bool(il2_impossible(Il2Dose(NOON, Decimal(miu)), PROTOCOL.il2)) is impossible


# --- properties ------------------------------------------------------------------------------


@given(st.decimals("0.1", "6000", places=1), st.decimals("0.1", "6000", places=1))
def test_every_possible_dose_gets_messages_and_never_an_error(mg, ordered):
    deviates = abs(mg - ordered) > ordered / 10
    unusual = not 30 <= mg <= 600
    assert len(ganciclovir(str(mg), ordered=str(ordered))) == deviates + unusual


@given(st.lists(st.integers(-100, 100), max_size=8))
def test_intervals_are_those_to_the_nearest_doses(hours):
    before = [-hour for hour in hours if hour <= 0]
    after = [hour for hour in hours if hour > 0]
    expected = sum(min(side) < 8 for side in (before, after) if side)
    assert len(ganciclovir(gaps=[timedelta(hours=hour) for hour in hours])) == expected
