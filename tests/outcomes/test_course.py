"""The course of one analyte: who sees what of it, what is drawn, and what the file says."""

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from typing import Any

import altair as alt
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from enrollment.models import Participant
from labs.models import Result, Specimen
from outcomes.figures.course import Course, CoursePoint, course_figure
from outcomes.figures.theme import Theme
from oversight.recording import recorded
from oversight.records import record_many
from oversight.trail import AuditEntry
from tests import factories
from tests.labs.examples import entered, hours_ago, pcr, plated, safety
from trial_site.protocol import current
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]


def address(participant: Participant, analyte: str = "", form: str = "") -> str:
    page = f"/participants/{participant.subject}/course/"
    return f"{page}{analyte}.{form}" if form else f"{page}?analyte={analyte}"


def drawn(client: Client, participant: Participant, analyte: str) -> dict[str, Any]:
    return json.loads(client.get(address(participant, analyte, "json")).content)


def rows_of(spec: dict[str, Any], field: str) -> list[dict[str, Any]]:
    """Every row of data in ``spec`` that has ``field``."""
    found: list[dict[str, Any]] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            found.extend(row for row in node.get("data", {}).get("values", []) if field in row)
            for child in node.values():
                walk(child)
        if isinstance(node, list):
            for child in node:
                walk(child)

    walk(spec)
    return found


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_everybody_who_reads_results_sees_a_course(
    role: Role, treated: Participant, login: Login
) -> None:
    entered(treated, pcr("52000"))
    expected = 403 if role == Role.ADMIN else 200
    assert login(role).get(address(treated)).status_code == expected
    assert login(role).get(address(treated, "cmv_dna", "json")).status_code == expected


def test_another_site_and_an_unknown_analyte_are_not_found(
    treated: Participant, other_site: Any, login: Login
) -> None:
    stranger, client = factories.enrolled(other_site), login(Role.INVESTIGATOR)
    for url in (
        address(stranger),
        address(stranger, "cmv_dna", "json"),
        address(treated, "no_such_analyte"),
        address(treated, "no_such_analyte", "csv"),
    ):
        assert client.get(url).status_code == 404
    assert client.post(address(treated)).status_code == 405


def test_each_result_is_a_mark_that_leads_to_its_page(treated: Participant, login: Login) -> None:
    [number] = entered(treated, pcr("52000"), hours=30)
    [bound] = entered(treated, pcr("500", "<"), hours=6)
    spec = drawn(login(Role.INVESTIGATOR), treated, "cmv_dna")
    marks = [row for row in rows_of(spec, "href") if "value" in row]
    assert [(row["value"], row["shape"], row["href"]) for row in marks] == [
        (52000.0, "circle", f"/labs/results/{number.pk}/"),
        (500.0, "triangle-down", f"/labs/results/{bound.pk}/"),
    ]
    assert 1000.0 in [row["value"] for row in rows_of(spec, "name")]  # the threshold


def test_not_detected_stands_at_the_limit_of_detection_or_nowhere(
    treated: Participant, login: Login
) -> None:
    entered(treated, pcr(None, "ND", lod="137"), hours=30)
    entered(treated, pcr(None, "ND"), hours=6)
    spec = drawn(login(Role.INVESTIGATOR), treated, "cmv_dna")
    assert [row["value"] for row in rows_of(spec, "shape")] == [137.0]


def test_the_laboratory_sees_no_dose(treated: Participant, login: Login) -> None:
    entered(treated, pcr("52000"))
    assert rows_of(drawn(login(Role.NURSE), treated, "cmv_dna"), "lane")
    assert not rows_of(drawn(login(Role.LAB), treated, "cmv_dna"), "lane")


def test_limits_and_grades_are_drawn_with_the_values(treated: Participant, login: Login) -> None:
    entered(treated, safety("anc", "0.9", "10^9/L", lln="1.8", uln="6.3"))
    spec = drawn(login(Role.INVESTIGATOR), treated, "anc")
    assert [(row["value"], row["high"]) for row in rows_of(spec, "high")] == [(1.8, 6.3)]
    assert "G3" in [row.get("name") for row in rows_of(spec, "name")]


def test_a_plate_has_its_place_in_the_course(treated: Participant, login: Login) -> None:
    plate = plated(treated)
    [row] = rows_of(drawn(login(Role.LAB), treated, "nk_lysis"), "shape")
    assert round(row["value"], 3) == 20.745
    assert row["href"] == f"/labs/cytotoxicity/{plate.pk}/"


def test_two_assays_are_warned_about(treated: Participant, login: Login) -> None:
    client = login(Role.INVESTIGATOR)
    entered(treated, pcr("52000"), hours=30)
    assert "Not all of these results compare" not in client.get(address(treated)).content.decode()
    entered(treated, pcr("910", unit="IU/mL"), hours=6)
    assert "Not all of these results compare" in client.get(address(treated)).content.decode()


def test_an_empty_course_says_so(treated: Participant, login: Login) -> None:
    client = login(Role.LAB)
    assert "No results yet" in client.get(address(treated)).content.decode()
    assert "No results of this analyte" in client.get(address(treated, "anc")).content.decode()


@pytest.mark.requirement("R08")
def test_the_file_holds_the_values_as_printed_and_is_logged(
    treated: Participant, login: Login
) -> None:
    entered(treated, pcr("500", "<"))
    response = login(Role.DATA_MANAGER).get(address(treated, "cmv_dna", "csv"))
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    [row] = csv.DictReader(StringIO(text))
    assert (row["operator"], row["value"], row["unit"]) == ("<", "500", "copies/mL")
    assert AuditEntry.objects.filter(event="exported").exists()


def test_five_hundred_results_take_as_few_queries(
    treated: Participant, login: Login, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    by = factories.user(Role.LAB, treated.site)
    with recorded(by=by):
        tubes = record_many(
            Specimen,
            [
                Specimen(participant=treated, kind="plasma", collected_at=hours_ago(5 + hour))
                for hour in range(500)
            ],
        )
        record_many(
            Result,
            [
                Result(
                    participant=treated,
                    specimen=tube,
                    analyte="cmv_dna",
                    value=Decimal(1000 + number),
                    canonical_value=Decimal(1000 + number),
                    canonical_unit="copies/mL",
                    unit="copies/mL",
                    collected_at=tube.collected_at,
                )
                for number, tube in enumerate(tubes)
            ],
        )
    client = login(Role.INVESTIGATOR)
    for url in (address(treated), address(treated, "cmv_dna", "json")):
        with django_assert_max_num_queries(15):
            assert client.get(url).status_code == 200


@pytest.mark.parametrize("theme", list(Theme))
@pytest.mark.parametrize("narrow", [True, False])
@pytest.mark.parametrize("values", [["1.2", "0.4"], ["-0.957", "20.745"], ["137", "9100000"], []])
def test_the_specification_is_valid(theme: Theme, narrow: bool, values: list[str]) -> None:
    points = [
        CoursePoint(day, Decimal(value), "=", value, "", "/labs/results/1/", grade=day % 4)
        for day, value in enumerate(values)
    ]
    made = Course("PKU-001", current().analyte("nk_lysis"), points, [], [], [], since_dose=True)
    spec = course_figure(made, theme=theme, narrow=narrow)
    alt.Chart.from_dict(spec, validate=True)
