"""What the bedside asks and refuses: below, at, above and without each limit of DOMAIN 4, 5, 8."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dosing.rules.administration import (
    GanciclovirDose,
    ganciclovir_impossible,
    ganciclovir_warnings,
)
from dosing.rules.completeness import Completeness, completeness
from dosing.rules.labels import UsedLot, drawn_ml, lot_warnings
from dosing.rules.reactions import Seen, grade_words, reaction_impossible
from dosing.rules.timing import is_recorded_late, may_undo, taken_at
from dosing.rules.totals import delivered_mg
from dosing.rules.vital_signs import measured_grade, sign_alerts, signs_impossible
from trial_site.protocol import current

UTC = dt.UTC
NOW = dt.datetime(2026, 3, 18, 1, 42, tzinfo=UTC)
DAY = dt.date(2026, 3, 18)
SECOND, MINUTE, HOUR = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(hours=1)
SAFETY = current().safety


# --- vital signs (DOMAIN 5: alerts; DOMAIN 8: fever) ----------------------------------------------


@pytest.mark.parametrize(
    ("sign", "value", "alerts"),
    [
        ("systolic", 89, True),
        ("systolic", 90, False),
        ("systolic", 91, False),
        ("systolic", None, False),
        ("spo2", 89, True),
        ("spo2", 90, False),
        ("spo2", 91, False),
        ("spo2", None, False),
        ("pulse", 180, False),
        ("diastolic", 20, False),
    ],
)
def test_pressure_and_saturation_alert_below_90(sign: str, value: int | None, alerts: bool) -> None:
    assert bool(sign_alerts({sign: value}, SAFETY)) is alerts


@pytest.mark.parametrize(
    ("temperature", "grade"),
    [
        ("36.8", None),
        ("37.9", None),
        ("37.99", None),
        ("38.0", 1),
        ("39.0", 1),
        ("39.01", 2),
        ("40.0", 2),
        ("40.01", 3),
        ("42", 3),
    ],
)
def test_a_temperature_shows_the_grade_of_a_fever(temperature: str, grade: int | None) -> None:
    assert measured_grade(SAFETY.term("fever"), Decimal(temperature)) == grade
    alerts = [str(alert) for alert in sign_alerts({"temperature": Decimal(temperature)}, SAFETY)]
    assert [f"grade {grade}:" in alert for alert in alerts] == ([] if grade is None else [True])


def test_no_temperature_is_no_fever() -> None:
    assert sign_alerts({"temperature": None}, SAFETY) == ()
    assert measured_grade(None, Decimal(41)) is None


def test_an_alert_names_sign_value_and_limit() -> None:
    alerts = sign_alerts({"systolic": 88, "temperature": Decimal("38.5")}, SAFETY)
    assert [str(alert) for alert in alerts] == [
        "Fever, CTCAE grade 1: 38.5\u00a0°C (38.0 to 39.0 °C)",
        "Alert: Systolic pressure 88\u00a0mmHg, below 90",
    ]


@pytest.mark.parametrize(
    ("sign", "value", "possible"),
    [
        ("temperature", "0", False),
        ("temperature", "50", True),
        ("temperature", "50.1", False),
        ("systolic", "400", True),
        ("systolic", "401", False),
        ("pulse", "0", False),
        ("pulse", "400", True),
        ("pulse", "401", False),
        ("spo2", "0", False),
        ("spo2", "100", True),
        ("spo2", "101", False),
        ("spo2", None, True),
    ],
)
def test_only_slips_of_the_keyboard_are_impossible(
    sign: str, value: str | None, possible: bool
) -> None:
    number = None if value is None else Decimal(value)
    assert bool(signs_impossible({sign: number}, SAFETY)) is not possible


@pytest.mark.parametrize(
    ("systolic", "diastolic", "possible"),
    [(118, 74, True), (74, 118, False), (80, 80, False), (80, None, True), (None, 74, False)],
)
def test_a_diastolic_pressure_is_below_a_systolic_one(
    systolic: int | None, diastolic: int | None, possible: bool
) -> None:
    found = signs_impossible({"systolic": systolic, "diastolic": diastolic}, SAFETY)
    assert bool(found) is not possible


# --- the infusion (DOMAIN 4: soft 50 to 90 min) -------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "asks"),
    [
        (Fraction(2999, 60), True),
        (50, False),
        (60, False),
        (90, False),
        (Fraction(5401, 60), True),
        (None, False),
    ],
)
def test_an_infusion_takes_50_to_90_minutes(minutes: Fraction | int | None, asks: bool) -> None:
    dose = GanciclovirDose(NOW, Decimal(300), minutes)
    rule = current().ganciclovir
    found = ganciclovir_warnings(dose, others=(), ordered_mg=Decimal(300), rule=rule)
    assert bool(found) is asks
    assert ganciclovir_impossible(dose, rule) == ()


def test_an_infusion_that_takes_no_time_is_impossible() -> None:
    dose = GanciclovirDose(NOW, Decimal(300), Fraction(0))
    assert len(ganciclovir_impossible(dose, current().ganciclovir)) == 1


# --- lots -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expires_on", "warns"),
    [
        (DAY - dt.timedelta(days=1), True),
        (DAY, False),
        (DAY + dt.timedelta(days=1), False),
        (None, False),
    ],
)
def test_a_lot_is_good_through_its_last_day(expires_on: dt.date | None, warns: bool) -> None:
    assert bool(lot_warnings(UsedLot("A1", expires_on), on=DAY)) is warns


def test_a_lot_that_is_all_wrong_says_all_of_it() -> None:
    lot = UsedLot("A1", DAY - dt.timedelta(days=1), is_in_stock=False, is_recalled=True)
    assert [str(warning) for warning in lot_warnings(lot, on=DAY)] == [
        "Lot A1 is recalled",
        "Lot A1 expired on 2026-03-17",
        "Lot A1 is not in stock here",
    ]


def test_one_million_iu_of_a_vial_of_eighteen() -> None:
    """DOMAIN 5: 18 MIU in 1 mL makes 1 MIU 0.0556 mL."""
    volume = drawn_ml(Decimal(1), content=Decimal(18), diluent_ml=Decimal(1))
    assert volume == Fraction(1, 18)
    assert round(float(volume), 4) == 0.0556


def test_a_share_that_is_no_decimal_is_told_to_a_thousandth() -> None:
    assert delivered_mg(Decimal(300), Decimal("0.6")) == Decimal(180)
    assert delivered_mg(Decimal(100), Fraction(1, 3)) == Decimal("33.333")
    with pytest.raises(ValueError, match="share"):
        delivered_mg(Decimal(300), Fraction(4, 3))


# --- times ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "may"),
    [(SECOND * 0, True), (SECOND * 59, True), (MINUTE, True), (MINUTE + SECOND, False)],
)
def test_a_dose_is_undone_within_a_minute(ago: dt.timedelta, may: bool) -> None:
    assert may_undo(NOW - ago, NOW) is may


@pytest.mark.parametrize(
    ("ahead", "taken"),
    [
        (-HOUR, NOW - HOUR),
        (SECOND * 0, NOW),
        (MINUTE * 2, NOW),
        (MINUTE * 2 + SECOND, None),
    ],
)
def test_a_browser_whose_clock_runs_ahead(ahead: dt.timedelta, taken: dt.datetime | None) -> None:
    assert taken_at(NOW + ahead, NOW) == taken


@pytest.mark.parametrize(("days", "late"), [(-1, False), (0, False), (1, True)])
def test_a_dose_of_an_earlier_day_comes_late(days: int, late: bool) -> None:
    assert is_recorded_late(DAY, taken_on=DAY + dt.timedelta(days=days)) is late


# --- completeness ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "recorded", "expected"),
    [
        (HOUR - SECOND, False, Completeness(0, 0)),
        (HOUR, False, Completeness(0, 1)),
        (HOUR, True, Completeness(1, 1)),
        (-HOUR, True, Completeness(1, 1)),
        (-HOUR, False, Completeness(0, 0)),
    ],
)
def test_a_dose_is_expected_once_it_is_late_or_recorded(
    ago: dt.timedelta, recorded: bool, expected: Completeness
) -> None:
    assert completeness([(NOW - ago, recorded)], NOW) == expected


def test_nothing_planned_has_no_share() -> None:
    nothing = completeness([], NOW)
    assert (nothing.percent, nothing.is_whole) == (None, True)


def test_only_what_is_complete_is_a_hundred_percent() -> None:
    assert Completeness(199, 200).percent == 99
    assert Completeness(200, 200).percent == 100
    assert not Completeness(199, 200).is_whole


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(-3000, 3000), st.booleans())))
def test_a_share_is_never_more_than_the_whole(slots: list[tuple[int, bool]]) -> None:
    found = completeness([(NOW + MINUTE * ahead, done) for ahead, done in slots], NOW)
    assert 0 <= found.recorded <= found.expected <= len(slots)
    assert (found.percent == 100) is (found.is_whole and found.expected > 0)


# --- reactions ------------------------------------------------------------------------------------


def seen(**changes: object) -> Seen:
    values: dict[str, object] = {"kind": "redness", "grade": 1, "onset_at": NOW - MINUTE * 30}
    return Seen(**values | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "possible"),
    [
        ({}, True),
        ({"diameter_mm": Decimal("0.1")}, True),
        ({"diameter_mm": Decimal(0)}, False),
        ({"kind": "fever", "diameter_mm": Decimal(5)}, False),
        ({"kind": "fever"}, True),
        ({"kind": "unheard-of"}, False),
        ({"grade": 0}, False),
        ({"grade": 5}, True),
        ({"grade": 6}, False),
        ({"onset_at": NOW - HOUR - SECOND}, False),
        ({"onset_at": NOW - HOUR}, True),
        ({"onset_at": NOW}, True),
        ({"onset_at": NOW + SECOND}, False),
        ({"ended_at": NOW - MINUTE * 31}, False),
        ({"ended_at": NOW - MINUTE * 30}, True),
        ({"ended_at": NOW + SECOND}, False),
    ],
)
def test_a_reaction_follows_the_dose(changes: dict[str, object], possible: bool) -> None:
    given_at = NOW - HOUR + SECOND * 30  # to the minute: an hour ago
    reasons = reaction_impossible(seen(**changes), given_at=given_at, now=NOW, rule=SAFETY)
    assert bool(reasons) is not possible


def test_grades_have_their_own_words_or_the_general_ones() -> None:
    assert grade_words("redness", SAFETY)[1] == "Tenderness with or without redness or itching"
    assert grade_words("chills", SAFETY) == SAFETY.general_grades
    assert all(set(grade_words(kind.code, SAFETY)) == {1, 2, 3, 4, 5} for kind in SAFETY.reactions)
