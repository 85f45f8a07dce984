"""The figures of safety: valid, complete, and told by shapes and words as well as by colour."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import altair as alt
import pytest

from outcomes.figures import render
from outcomes.figures.completeness import DayOfDoses, completeness_figure
from outcomes.figures.safety_course import BloodPoint, HeldDays, safety_course
from outcomes.figures.specification import Look
from outcomes.figures.swimmer import Bar, Lane, Mark, swimmer
from outcomes.figures.swimmer_key import WORDS, symbols
from outcomes.figures.theme import Theme
from tests.outcomes.test_figures import objects, rows
from trial_site.protocol import current
from trial_site.protocol.definition import ArmCode

PROTOCOL = current()
IL2, CONTROL = ArmCode.IL2_GANCICLOVIR.value, ArmCode.GANCICLOVIR.value
LOOKS = [(theme, narrow) for theme in Theme for narrow in (False, True)]
ANALYTES = [PROTOCOL.analyte(code) for code in ("anc", "hemoglobin", "platelets", "creatinine")]

LANES = [
    Lane(
        subject="PKU-001",
        arm=IL2,
        href="/participants/PKU-001/",
        length=14,
        last=100,
        bars=[Bar("ganciclovir", 0, 13), Bar("il2", 0, 13), Bar("held", 5, 6)],
        marks=[
            Mark("partial", 3),
            Mark("missed", 4),
            Mark("negative", 7),
            Mark("confirmed", 12),
            Mark("event", 2, "Fever", 2),
            Mark("serious", 9, "Pneumonia", 3),
            Mark("withdrawn", 13),
            Mark("ended", 100),
        ],
    ),
    Lane(
        subject="PKU-002",
        arm=CONTROL,
        href="/participants/PKU-002/",
        length=21,
        last=60,
        bars=[Bar("ganciclovir", 0, 20), Bar("rescue", 50, 57)],
        marks=[Mark("ongoing", 60)],
    ),
]


def blood(subject: str, arm: str, **changes: Any) -> list[BloodPoint]:
    """Three results of each analyte; the second was collected while ganciclovir was held."""
    return [
        replace(
            BloodPoint(
                subject=subject,
                arm=arm,
                analyte=analyte.code,
                day=day,
                value=Decimal(value),
                operator="=",
                reported=f"{value} {analyte.unit}",
                grade="1",
                held=day == 4,
                href=f"/participants/{subject}/",
            ),
            **changes,
        )
        for analyte in ANALYTES
        for day, value in ((0, "3.1"), (4, "0.4"), (90, "2.2"))
    ]


POINTS = [*blood("PKU-001", IL2), *blood("PKU-002", CONTROL)]
HELD = [HeldDays("PKU-001", 4, 6, "/participants/PKU-001/")]
DAYS = [
    DayOfDoses(date(2026, 3, 1) + timedelta(days=day), 4, 4 - (day == 9), f"/dosing/?day={day}")
    for day in range(28)
]


def swimmer_spec(lanes: list[Lane] = LANES, **look: Any) -> dict[str, Any]:
    return swimmer(lanes, protocol=PROTOCOL, **{"theme": Theme.LIGHT, **look})


def blood_spec(points: list[BloodPoint] = POINTS, **look: Any) -> dict[str, Any]:
    look = {"theme": Theme.LIGHT, "held": HELD, **look}
    held = look.pop("held")
    return safety_course(points, held, ANALYTES, protocol=PROTOCOL, **look)


def days_spec(days: list[DayOfDoses] = DAYS, **look: Any) -> dict[str, Any]:
    return completeness_figure(days, **{"theme": Theme.LIGHT, **look})


def texts(spec: dict[str, Any]) -> str:
    return json.dumps(spec, ensure_ascii=False)


@pytest.mark.parametrize(("theme", "narrow"), LOOKS)
def test_specifications_satisfy_the_schema(theme: Theme, narrow: bool) -> None:
    for build in (swimmer_spec, blood_spec, days_spec):
        spec = build(theme=theme, narrow=narrow)
        alt.Chart.from_dict(spec)
        assert json.loads(json.dumps(spec)) == spec


def test_nobody_and_nothing_is_drawn_too() -> None:
    for spec in (swimmer_spec([]), blood_spec([], held=[]), days_spec([])):
        alt.Chart.from_dict(spec)


@pytest.mark.parametrize("build", [swimmer_spec, blood_spec, days_spec])
def test_the_engine_draws_it(build: Any) -> None:
    drawn = render.svg(build())
    assert drawn.startswith(b"<svg")
    assert b"NaN" not in drawn


def test_every_mark_leads_to_its_participant() -> None:
    for spec in (swimmer_spec(), blood_spec()):
        found = rows(spec)
        assert {row["subject"] for row in found} == {"PKU-001", "PKU-002"}
        assert all(row["href"] == f"/participants/{row['subject']}/" for row in found)


def test_a_day_leads_to_its_sheet() -> None:
    hrefs = {part["href"] for part in objects(days_spec()) if "day" in part and "href" in part}
    assert hrefs == {day.href for day in DAYS}


def test_a_lane_tells_everything_in_words() -> None:
    told = {row["what"] for row in rows(swimmer_spec()) if "what" in row}
    kinds = set(WORDS) - {"event", "serious"}
    assert {WORDS[kind] for kind in kinds} <= told
    assert {"Fever, grade 2", "Serious adverse event: Pneumonia, grade 3"} <= told


def test_the_key_names_everything_that_is_drawn() -> None:
    key = swimmer_spec()["vconcat"][0]
    assert {part["name"] for part in objects(key) if "name" in part} == set(WORDS.values())


def test_no_two_kinds_of_mark_look_the_same_without_colour() -> None:
    look = Look(Theme.LIGHT)
    found = [
        (symbol.shape, symbol.fill in {"#ffffff", "transparent"})
        for symbol in symbols(look).values()
    ]
    assert len(set(found)) == len(found)


def test_an_arm_without_anybody_has_no_panel() -> None:
    assert len(swimmer_spec()["vconcat"]) == 3
    assert len(swimmer_spec(LANES[:1])["vconcat"]) == 2


def test_the_labels_stops_are_drawn_and_named_as_they_are() -> None:
    """DOMAIN 4: ANC < 0.5, haemoglobin < 80 g/L, platelets < 25; creatinine has no such stop."""
    drawn = sorted(
        part["data"]["values"][0]["value"]
        for part in objects(blood_spec())
        if isinstance(part.get("mark"), dict) and part["mark"]["type"] == "rule"
    )
    assert drawn == [0.5, 25.0, 80.0]
    assert b">stop 0.5<" in render.svg(blood_spec())


def test_results_of_held_days_have_a_diamond_and_holds_a_lane() -> None:
    spec = blood_spec()
    halos = [
        part
        for part in objects(spec)
        if isinstance(part.get("mark"), dict) and part["mark"].get("shape") == "diamond"
    ]
    assert [len(halo["data"]["values"]) for halo in halos] == [2, 2, 2, 2]
    assert "held on days 4–6" in texts(spec)
    assert "Diamond around a result" in texts(spec["title"])
    assert "Drug held" not in texts(blood_spec(held=[]))


def test_a_value_beyond_a_limit_is_an_open_triangle() -> None:
    beyond = blood("PKU-001", IL2, operator="<", held=False)
    shapes = {row["shape"] for row in rows(blood_spec(beyond)) if "shape" in row}
    assert shapes == {"triangle-down"}


def test_a_long_follow_up_says_that_its_scale_is_no_ruler() -> None:
    assert "square-root" in texts(blood_spec())
    assert "square-root" in texts(swimmer_spec(narrow=True))
    assert "square-root" not in texts(swimmer_spec())
    short = [replace(lane, last=42) for lane in LANES]
    assert "square-root" not in texts(swimmer_spec(short, narrow=True))


def test_what_is_missing_stands_on_top_of_what_is_recorded() -> None:
    spec = days_spec()
    [recorded, missing] = spec["vconcat"][0]["layer"]
    assert len(recorded["data"]["values"]) == 28
    [gap] = missing["data"]["values"]
    assert (gap["low"], gap["count"], gap["told"]) == (3, 4, "3 of 4 recorded")
    assert missing["mark"]["strokeDash"]
    assert "111 of 112" in spec["description"]


def test_a_whole_record_has_no_gap_to_draw() -> None:
    assert len(days_spec(DAYS[:5])["vconcat"][0]["layer"]) == 1


def test_every_word_is_in_the_readers_language() -> None:
    words: list[str] = []

    def translate(text: str) -> str:
        words.append(text)
        return f"译{text}"

    spec = swimmer_spec(translate=translate)
    assert "译Days since first dose" in texts(spec)
    assert set(WORDS.values()) <= set(words)
