"""The figures: valid, complete, legible, and drawn in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import altair as alt
import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import ValidationError

from outcomes.figures import render
from outcomes.figures.conversion import ConversionTime, conversion
from outcomes.figures.cumulative import Cumulated, cumulative
from outcomes.figures.dose_strip import DoseSpan
from outcomes.figures.labels import LINE_HEIGHT, VerticalScale, short_names, spread
from outcomes.figures.primary import PairedResult, primary
from outcomes.figures.specification import SCHEMA
from outcomes.figures.theme import Theme, arm_style, config
from outcomes.figures.viral_load import ViralLoadPoint, viral_load
from outcomes.rules.endpoints import ArmComparison, compare
from tests.shared import shared_path
from trial_site.protocol import current
from trial_site.protocol.definition import ArmCode, Drug

PROTOCOL = current()
IL2, CONTROL = ArmCode.IL2_GANCICLOVIR, ArmCode.GANCICLOVIR

# Day, operator, copies/mL or the limit that the result lies beyond.
COURSES = {
    ("PKU-001", IL2): [(0, "=", 61000), (7, "=", 720), (10, "<", 500), (14, "ND", 137)],
    ("PKU-003", IL2): [(0, "=", 250000), (7, "=", 19000), (14, "<", 500)],
    ("PKU-002", CONTROL): [(0, ">", 9100000), (7, "=", 3300), (14, "=", 1000)],
    ("PKU-004", CONTROL): [(0, "=", 34000)],
}
POINTS = [
    ViralLoadPoint(
        subject=subject,
        arm=arm,
        day=day,
        collected_on=date(2026, 1, 1) + timedelta(days=day),
        operator=operator,
        copies=Decimal(copies),
        reported=f"{operator} {copies}",
        href=f"/participants/{subject}/",
    )
    for (subject, arm), course in COURSES.items()
    for day, operator, copies in course
]
LYSIS = {
    ("PKU-001", IL2): ("22.1", "35.6"),
    ("PKU-003", IL2): ("18.4", "27.9"),
    ("PKU-005", IL2): ("15.0", "19.8"),
    ("PKU-008", IL2): ("30.2", "41.3"),
    ("PKU-010", IL2): ("25.7", "33.4"),
    ("PKU-002", CONTROL): ("20.3", "22.4"),
    ("PKU-004", CONTROL): ("16.8", "15.2"),
    ("PKU-006", CONTROL): ("28.9", "33.5"),
    ("PKU-007", CONTROL): ("19.5", "18.8"),
    ("PKU-009", CONTROL): ("24.0", "27.1"),
}
RESULTS = [
    PairedResult(subject, arm, Decimal(before), Decimal(after), f"/participants/{subject}/")
    for (subject, arm), (before, after) in LYSIS.items()
]


def comparison(results: list[PairedResult]) -> ArmComparison:
    return compare(
        {arm: [result.change for result in results if result.arm == arm] for arm in (IL2, CONTROL)}
    )


def viral_spec(points: list[ViralLoadPoint] = POINTS, **look: Any) -> dict[str, Any]:
    return viral_load(points, protocol=PROTOCOL, **{"theme": Theme.LIGHT, **look})


def primary_spec(results: list[PairedResult] = RESULTS, **look: Any) -> dict[str, Any]:
    found = comparison(results)
    return primary(results, found, protocol=PROTOCOL, **{"theme": Theme.LIGHT, **look})


def objects(part: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a specification."""
    if isinstance(part, dict):
        yield part
    if isinstance(part, dict | list):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from objects(inner)


def rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows behind marks that lead to a participant."""
    return [part for part in objects(spec) if "href" in part and "subject" in part]


# --- valid for what draws them --------------------------------------------------------------


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("theme", list(Theme))
def test_specifications_satisfy_the_schema(theme: Theme, narrow: bool) -> None:
    for spec in (viral_spec(theme=theme, narrow=narrow), primary_spec(theme=theme, narrow=narrow)):
        alt.Chart.from_dict(spec)
        assert ("vconcat" in spec) is narrow


def test_the_schema_would_find_a_fault() -> None:
    spec = viral_spec()
    spec["hconcat"][0]["layer"][0]["mark"]["type"] = "ruler"
    with pytest.raises(ValidationError):
        alt.Chart.from_dict(spec)


def test_schema_validator_and_drawing_engine_speak_one_version() -> None:
    major = SCHEMA.rpartition("/")[2].removesuffix(".json")
    assert alt.SCHEMA_VERSION.startswith(f"{major}.")
    assert f"v{vl_convert.get_vegalite_versions()[-1]}".startswith(f"{major}.")


def test_a_specification_is_json_as_it_stands() -> None:
    for spec in (viral_spec(), primary_spec()):
        assert json.loads(json.dumps(spec)) == spec


@pytest.mark.parametrize("theme", list(Theme))
def test_the_theme_is_that_of_the_design(theme: Theme) -> None:
    design = json.loads(shared_path("design/figure_theme.json").read_text())
    expected = design["config"][theme]
    expected["background"] = "transparent"  # the schema has no null here
    expected["axis"]["aria"] = False
    assert config(theme) == expected
    for arm, name in ((IL2, "il2"), (CONTROL, "gcv")):
        style, drawn = arm_style(arm, theme), design["arms"][name]
        assert style.color == design["colors"][theme][name]
        assert (style.shape, style.filled) == (drawn["shape"], drawn["filled"])
        assert list(style.dash) == drawn["dash"]


# --- complete -------------------------------------------------------------------------------


def test_every_result_is_a_mark_that_leads_to_its_participant() -> None:
    found = rows(viral_spec())
    assert [(row["subject"], row["day"], row["copies"]) for row in found] == [
        (point.subject, point.day, float(point.copies)) for point in POINTS
    ]
    assert {row["href"] for row in found} == {f"/participants/{name}/" for name, _ in COURSES}


def test_results_beyond_a_limit_are_open_marks_at_the_limit() -> None:
    shapes = {(row["subject"], row["day"]): row["shape"] for row in rows(viral_spec())}
    assert shapes["PKU-001", 10] == "triangle-down"
    assert shapes["PKU-001", 14] == "diamond"  # not detected
    assert shapes["PKU-002", 0] == "triangle-up"
    assert (shapes["PKU-001", 7], shapes["PKU-002", 7]) == ("circle", "square")


def test_each_kind_of_open_mark_is_explained_where_it_stands() -> None:
    said = " ".join(viral_spec()["title"]["text"])
    assert "Open triangle down: below the limit of quantification" in said
    assert "Open diamond: not detected" in said
    assert "Open triangle up: above the range" in said
    below = [point for point in POINTS if point.operator in "=<"]
    assert "diamond" not in " ".join(viral_spec(below)["title"]["text"])
    assert "title" not in viral_spec([point for point in POINTS if point.operator == "="])


DOSES = [
    DoseSpan("PKU-001", IL2, Drug.GANCICLOVIR, 0, 5),
    DoseSpan("PKU-001", IL2, Drug.GANCICLOVIR, 7, 13),
    DoseSpan("PKU-001", IL2, Drug.IL2, 0, 13),
    DoseSpan("PKU-003", IL2, Drug.GANCICLOVIR, 0, 20),
    DoseSpan("PKU-002", CONTROL, Drug.GANCICLOVIR, 0, 13),
]


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("theme", list(Theme))
def test_doses_stand_below_the_courses(theme: Theme, narrow: bool) -> None:
    spec = viral_spec(doses=DOSES, theme=theme, narrow=narrow)
    alt.Chart.from_dict(spec)
    columns = spec["vconcat" if narrow else "hconcat"]
    assert all(len(column["vconcat"]) == 2 for column in columns)
    bars = [part for part in objects(spec) if "until" in part]
    assert len(bars) == len(DOSES)
    assert (bars[0]["day"], bars[0]["until"]) == (0, 6)  # the last day is included
    assert "a gap is a day without" in " ".join(spec["title"]["text"])
    assert render.svg(spec).startswith(b"<svg")


def test_the_drugs_are_told_apart_without_colour() -> None:
    marks = [part["mark"] for part in objects(viral_spec(doses=DOSES)) if "mark" in part]
    widths = {
        mark["color"]: mark["strokeWidth"]
        for mark in marks
        if "strokeDash" not in mark and mark["type"] == "rule"
    }
    assert len(widths) == len(set(widths.values())) == 2


def test_doses_on_days_after_the_last_result_fit_on_the_axis() -> None:
    late = [*DOSES, DoseSpan("PKU-001", IL2, Drug.GANCICLOVIR, 40, 60)]
    panel = viral_spec(doses=late)["hconcat"][0]["vconcat"][1]
    [bars] = [layer for layer in panel["layer"] if layer["mark"].get("strokeWidth") == 6]
    assert bars["encoding"]["x"]["scale"]["domain"][1] >= 61


def test_with_very_many_the_doses_are_left_out() -> None:
    many = [DoseSpan(f"PKU-{n:03}", IL2, Drug.GANCICLOVIR, 0, 13) for n in range(13)]
    assert "vconcat" not in viral_spec(doses=many)["hconcat"][0]


def test_the_threshold_is_that_of_the_protocol_and_named_at_the_axis() -> None:
    for panel in viral_spec()["hconcat"]:
        line = panel["layer"][0]
        assert line["mark"]["type"] == "rule"
        assert line["data"]["values"] == [{"copies": 1000.0}]
        axis = line["encoding"]["y"]["axis"]
        assert 1000.0 in axis["values"]
        assert axis["labelExpr"].startswith('datum.value == 1000.0 ? [datum.label, "threshold"]')


def test_panels_name_arm_number_and_unit() -> None:
    spec = viral_spec()
    assert [panel["title"] for panel in spec["hconcat"]] == [
        "IL-2 + ganciclovir · n = 2",
        "Ganciclovir · n = 2",
    ]
    titles = {part.get("title") for part in objects(spec) if isinstance(part.get("title"), str)}
    assert {"copies/mL, log scale", "Days since first dose"} <= titles
    assert "IL-2 + ganciclovir · n = 2, Ganciclovir · n = 2" in spec["description"]
    assert "1,000" in spec["description"]


def test_every_participant_is_drawn_at_both_time_points_and_as_a_change() -> None:
    spec = primary_spec()
    il2, control, change = ([*rows(panel)] for panel in spec["hconcat"])
    assert len(il2) == len(control) == 10
    assert {(row["subject"], row["value"]) for row in change} == {
        (result.subject, float(result.change or 0)) for result in RESULTS
    }


def test_the_mean_is_that_of_the_comparison() -> None:
    spoken = {
        part["description"]
        for part in objects(primary_spec()["hconcat"][2])
        if part.get("shape") == "diamond"
    }
    assert spoken == {
        "IL-2 + ganciclovir: mean +9.3, 95 % CI +5.2 to +13.4",
        "Ganciclovir: mean +1.5, 95 % CI −1.7 to +4.7",
    }


def test_a_participant_without_day_7_stays_visible_and_is_counted() -> None:
    lost = PairedResult("PKU-011", IL2, Decimal("20.0"), None, "/participants/PKU-011/")
    spec = primary_spec([*RESULTS, lost])
    assert spec["hconcat"][0]["title"] == "IL-2 + ganciclovir · n = 5 of 6"
    places = [row["place"] for row in rows(spec) if row["subject"] == "PKU-011"]
    assert places == ["Baseline"]


def test_texts_are_translated() -> None:
    spec = primary_spec(translate=lambda text: f"«{text}»")
    assert spec["hconcat"][2]["title"] == "«Change, mean and 95 % CI»"
    assert {row["place"] for row in rows(spec["hconcat"][0])} == {"«Baseline»", "«Day 7»"}
    axis = viral_spec(translate=lambda text: f"«{text}»")["hconcat"][0]["layer"][1]["encoding"]["x"]
    assert axis["title"] == "«Days since first dose»"


# --- drawn ----------------------------------------------------------------------------------


def test_the_viral_load_is_drawn_with_everybody_and_relative_links() -> None:
    drawing = render.svg(viral_spec()).decode()
    assert drawing.startswith("<svg")
    for subject, _ in COURSES:
        assert f'xlink:href="/participants/{subject}/"' in drawing
        assert f"Participant: {subject}; Result:" in drawing
        assert f">{subject.removeprefix('PKU-')}<" in drawing
    assert ">threshold<" in drawing
    assert render.FOREIGN_BASE not in drawing


def test_the_primary_endpoint_is_drawn_with_everybody_for_a_phone() -> None:
    drawing = render.svg(primary_spec(narrow=True)).decode()
    for subject, _ in LYSIS:
        assert drawing.count(f">{subject.removeprefix('PKU-')}<") == 4  # halo and text, twice
    assert ">+9.3<" in drawing
    assert ">+1.5<" in drawing


@pytest.mark.parametrize("results", [[], RESULTS[:1]])
def test_an_almost_empty_trial_is_drawn_too(results: list[PairedResult]) -> None:
    assert render.svg(primary_spec(results)).startswith(b"<svg")


def test_no_results_yet_are_drawn_as_empty_axes() -> None:
    assert ">threshold<" in render.svg(viral_spec([])).decode()


def test_a_pdf_for_print() -> None:
    assert render.pdf(primary_spec()).startswith(b"%PDF-")


def test_a_specification_that_cannot_be_drawn_says_why() -> None:
    with pytest.raises(render.FigureNotDrawn, match=r"no svg: .*conversion failed"):
        render.svg({"$schema": SCHEMA, "mark": "ruler"})


@pytest.mark.parametrize("address", ["https://example.org/data.json", "/etc/hostname"])
def test_a_specification_cannot_make_the_server_read_anything(address: str) -> None:
    spec = {"$schema": SCHEMA, "data": {"url": address}, "mark": "point"}
    with pytest.raises(render.FigureNotDrawn, match="not allowed"):
        render.svg(spec)


def test_a_drawing_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "TIMEOUT_SECONDS", 0.01)
    with pytest.raises(render.FigureNotDrawn, match=r"no svg after 0\.01 seconds"):
        render.svg(viral_spec())


def test_a_web_worker_stays_free_of_the_drawing_engine() -> None:
    program = (
        "import sys\n"
        "from outcomes.figures import primary, render, viral_load\n"
        "print({'vl_convert', 'altair', 'scipy', 'numpy'} & sys.modules.keys())"
    )
    loaded = subprocess.run(  # noqa: S603 - a program of ours
        [sys.executable, "-c", program], capture_output=True, cwd=render.PROJECT, check=True
    )
    assert loaded.stdout.decode().strip() == "set()"


# --- names ----------------------------------------------------------------------------------


def test_names_are_shortened_only_where_they_still_differ() -> None:
    assert short_names(["PKU-001", "PKU-002"]) == {"PKU-001": "001", "PKU-002": "002"}
    assert short_names(["PKU-001", "OTH-001"]) == {"PKU-001": "PKU-001", "OTH-001": "OTH-001"}


def test_too_many_names_give_way_to_the_marks() -> None:
    def crowd(size: int) -> list[PairedResult]:
        return [
            PairedResult(f"PKU-{place:03}", IL2, Decimal(place), Decimal(place), "/")
            for place in range(size)
        ]

    def names(spec: dict[str, Any]) -> int:
        return sum("name" in part for part in objects(spec["hconcat"][0]))

    assert names(primary_spec(crowd(12))) == 12
    assert names(primary_spec(crowd(13))) == 0


def test_participants_whose_lines_end_together_share_a_place() -> None:
    together = [point for point in POINTS if point.day == 0]
    same = [
        ViralLoadPoint(f"PKU-{n:03}", IL2, 14, date(2026, 1, 15), "<", Decimal(500), "<500", "/")
        for n in (5, 6, 7)
    ]
    found = [part for part in objects(viral_spec([*together, *same])) if part.get("day") == 14]
    assert sorted(part["name"] for part in found if "name" in part) == ["005 006", "007"]


@given(st.lists(st.floats(0, 300), max_size=12))
def test_names_never_overlap_and_keep_their_order(positions: list[float]) -> None:
    moved = spread(positions, LINE_HEIGHT)
    in_order = [moved[i] for i in sorted(range(len(positions)), key=positions.__getitem__)]
    for below, above in pairwise(in_order):
        assert above - below >= LINE_HEIGHT - 1e-6
    assert sum(moved) == pytest.approx(sum(positions))


def test_names_with_room_do_not_move() -> None:
    assert spread([0, 40, 20], LINE_HEIGHT) == [0, 40, 20]


@pytest.mark.parametrize("logarithmic", [False, True])
def test_a_scale_turns_values_into_pixels_and_back(logarithmic: bool) -> None:
    scale = VerticalScale(10, 1000, 200, logarithmic)
    assert scale.pixel(10) == 0
    assert scale.pixel(1000) == pytest.approx(200)
    assert scale.pixel(100) == pytest.approx(100 if logarithmic else 2000 / 110)
    assert scale.value(scale.pixel(123.4)) == pytest.approx(123.4)


def test_names_stay_above_the_bottom_of_the_panel() -> None:
    scale = VerticalScale(0, 100, 100)
    assert min(scale.spread([0, 0, 0])) == pytest.approx(LINE_HEIGHT / 2)


# --- days to conversion -----------------------------------------------------------------------

# DOMAIN 10, the small set: days, converted.
TIMES = {
    IL2: [(7, True), (10, True), (14, True), (14, True), (21, False)],
    CONTROL: [(14, True), (17, True), (21, True), (28, True), (28, False)],
}


def times() -> list[ConversionTime]:
    return [
        ConversionTime(f"PKU-{number:03}", arm, days, converted, f"/participants/{number}/")
        for arm, course in TIMES.items()
        for number, (days, converted) in enumerate(course, start=1 + 10 * (arm == CONTROL))
    ]


def conversion_spec(drawn: list[ConversionTime] | None = None, **look: Any) -> dict[str, Any]:
    shown = times() if drawn is None else drawn
    return conversion(shown, protocol=PROTOCOL, **{"theme": Theme.LIGHT, **look})


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("theme", list(Theme))
def test_days_to_conversion_satisfy_the_schema(theme: Theme, narrow: bool) -> None:
    for drawn in (times(), []):
        alt.Chart.from_dict(conversion_spec(drawn, theme=theme, narrow=narrow))


def test_everybody_has_a_mark_of_their_own_on_the_curve() -> None:
    marks = rows(conversion_spec())
    assert len(marks) == 10
    assert len({(mark["day"], mark["share"]) for mark in marks}) == 10
    of_il2 = {mark["subject"]: mark for mark in marks if mark["shape"] != "square"}
    assert of_il2["PKU-003"]["share"] == pytest.approx(0.6)
    assert of_il2["PKU-004"]["share"] == pytest.approx(0.8)
    assert [mark["subject"] for mark in marks if mark["shape"] == "cross"] == ["PKU-005", "PKU-015"]


def test_the_numbers_at_risk_stand_below_the_days() -> None:
    _, table = conversion_spec()["vconcat"]
    found = {(row["arm"], row["day"]): row["n"] for row in table["data"]["values"]}
    first, second = (PROTOCOL.arm(arm).short_label for arm in (IL2, CONTROL))
    assert [found[first, day] for day in (0, 7, 14, 21, 28)] == [5, 5, 3, 1, 0]
    assert [found[second, day] for day in (0, 7, 14, 21, 28)] == [5, 5, 5, 3, 2]


def test_the_cross_is_explained_only_where_there_is_one() -> None:
    assert "title" in conversion_spec()
    assert "title" not in conversion_spec([time for time in times() if time.converted])


def test_days_to_conversion_are_drawn_with_everybody() -> None:
    drawing = render.svg(conversion_spec(narrow=True)).decode()
    assert all(f"/participants/{time.subject[-2:].lstrip('0')}/" in drawing for time in times())


# --- cumulative ganciclovir -------------------------------------------------------------------


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("theme", list(Theme))
def test_cumulative_ganciclovir_satisfies_the_schema(theme: Theme, narrow: bool) -> None:
    points = [
        Cumulated(subject, arm, day, 600.0 * (day + 1), f"/participants/{subject}/")
        for subject, arm in (("PKU-001", IL2), ("PKU-002", CONTROL))
        for day in range(14)
    ]
    look: dict[str, Any] = {"theme": theme, "narrow": narrow}
    for drawn in (points, []):
        alt.Chart.from_dict(cumulative(drawn, protocol=PROTOCOL, **look))
    marks = [
        layer["data"]["values"]
        for panel in cumulative(points, protocol=PROTOCOL, **look)[
            "vconcat" if narrow else "hconcat"
        ]
        for layer in panel["layer"]
        if isinstance(layer.get("mark"), dict) and layer["mark"]["type"] == "point"
    ]
    assert [[row["mg"] for row in rows] for rows in marks] == [[8400.0], [8400.0]]


def test_an_arm_with_nobody_is_not_read_out() -> None:
    """Otherwise Vega draws a named group without a name for each empty layer."""
    alone = [time for time in times() if time.arm == IL2]
    for drawn in (conversion_spec(alone), viral_spec([p for p in POINTS if p.arm == IL2])):
        marks = [part for part in objects(drawn) if isinstance(part.get("mark"), dict)]
        points = [part["mark"] for part in marks if part["mark"]["type"] == "point"]
        assert sorted(mark.get("aria", True) for mark in points) == [False, True]
