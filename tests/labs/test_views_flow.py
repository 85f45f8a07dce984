"""The page of NK and T-cell subsets: typed as printed, counts computed and kept (DOMAIN 7)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from enrollment.models import Participant
from labs.forms import FlowForm
from labs.models import Result, Specimen
from labs.permissions import ENTER_RESULTS
from tests.labs.examples import entered, safety, specimen_data
from trial_site.models import User
from trial_site.protocol import current
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db

Login = Callable[[Role], Client]
FLOW = reverse("labs:flow-new")
WORKED = {
    "lymphocytes_printed": "1.20",
    "nk_percent_printed": "11.5",
    "nk_dim_percent_printed": "90.0",
    "nk_bright_percent_printed": "6",
}


def flow_data(participant: Participant, **changes: str) -> dict[str, str]:
    """An empty panel with ``changes``; every analyte in its first unit."""
    codes = [analyte.code for analyte in current().analytes if analyte.group == "subset"]
    units = {f"{code}_unit": current().analyte(code).unit for code in ["lymphocytes", *codes]}
    return specimen_data(participant, **units) | changes


def page_of(client: Client, data: dict[str, str]) -> str:
    page: str = client.post(FLOW, data, follow=True).content.decode()
    return page.replace("\N{NO-BREAK SPACE}", " ")


def bound(data: dict[str, str], user: User) -> FlowForm:
    posted = QueryDict(mutable=True)
    posted.update(data)
    return FlowForm(posted, user=user, participant=None)


def saved() -> dict[str, Any]:
    return {row.analyte: row for row in Result.objects.in_force()}


# --- every row of DOMAIN 7 ------------------------------------------------------------------------


def test_the_worked_example_is_saved_with_its_counts(
    login: Login, participant: Participant
) -> None:
    page = page_of(login(Role.LAB), flow_data(participant, **WORKED))
    assert f"Saved for {participant.subject}" in page
    results = saved()
    assert results["lymphocytes"].printed == "1.20"
    assert results["nk_percent"].printed == "11.5"
    assert results["nk_count"].canonical_value == Decimal("138")
    assert results["nk_bright_count"].canonical_value == Decimal("8.28")
    assert Specimen.objects.get().kind == "whole_blood"
    assert "1.20 × 1,000 × 11.5 ÷ 100 = 138 cells/µL" in page


@pytest.mark.parametrize(
    ("code", "printed", "unit"),
    [
        ("nk_percent", "11.5", "%"),
        ("nk_count", "138", "cells/µL"),
        ("nk_dim_percent", "94.5", "%"),
        ("nk_dim_count", "51", "cells/µL"),
        ("nk_bright_percent", "0.7", "%"),
        ("nk_bright_count", "8.28", "cells/µL"),
        ("cd4_count", "396", "cells/µL"),
        ("cd8_count", "1,014", "cells/µL"),
        ("cmv_cd8_percent", "<0.1", "%"),
        ("nk_ifng_percent", "11.3", "%"),
        ("nk_tnfa_percent", "5.0", "%"),
        ("nk_cd107a_percent", ">27.6", "%"),
    ],
)
def test_each_measure_is_kept_as_it_was_printed(
    participant: Participant, lab: User, code: str, printed: str, unit: str
) -> None:
    form = bound(flow_data(participant, **{f"{code}_printed": printed}), lab)
    assert form.is_valid(), form.errors
    (entry,) = form.entries
    assert (entry.analyte, entry.unit) == (code, unit)
    assert entry.printed == printed.replace(",", "")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("nk_percent", ["5–32.5 %"]),
        ("nk_count", ["91–593 cells/µL", "61–607 cells/µL"]),
        ("nk_dim_percent", ["47–94.5 %"]),
        ("nk_dim_count", ["51–482 cells/µL"]),
        ("nk_bright_percent", ["0.7–6.3 %"]),
        ("nk_bright_count", ["2–16 cells/µL"]),
        ("cd4_count", ["396–1,309 cells/µL"]),
        ("cd8_count", ["224–1,014 cells/µL"]),
        ("cmv_cd8_percent", ["0–10 %"]),
        ("nk_ifng_percent", ["11.3–52 %"]),
        ("nk_tnfa_percent", []),
        ("nk_cd107a_percent", ["9.9–27.6 %"]),
    ],
)
def test_what_is_found_in_adults_stands_beside_it(lab: User, code: str, words: list[str]) -> None:
    rows = {row.analyte.code: row for row in FlowForm(user=lab, participant=None).rows}
    shown = [str(found).replace("\N{NO-BREAK SPACE}", " ") for found, _source in rows[code].adults]
    assert shown == words


def test_every_percentage_names_what_it_is_of(login: Login) -> None:
    page = login(Role.LAB).get(FLOW).content.decode()
    for whole in ("lymphocytes", "NK cells", "CD8 T cells"):
        assert f"percent of {whole}</th>" in page


# --- what cannot be a number ----------------------------------------------------------------------


def test_no_matching_hla_is_not_evaluable_and_never_zero(
    login: Login, participant: Participant
) -> None:
    changes = {
        "cmv_cd8_percent_printed": "not evaluable",
        "cmv_cd8_percent_note": "No matching HLA",
    }
    page_of(login(Role.LAB), flow_data(participant, **changes))
    result = Result.objects.get()
    assert (result.operator, result.value, result.canonical_value) == ("NE", None, None)
    assert result.note == "No matching HLA"


@pytest.mark.parametrize("printed", ["not evaluable", "NE", "不可评估"])
def test_not_evaluable_needs_its_reason(participant: Participant, lab: User, printed: str) -> None:
    form = bound(flow_data(participant, cmv_cd8_percent_printed=printed), lab)
    assert list(form.errors) == ["cmv_cd8_percent_note"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nk_percent_printed", "100.1"),
        ("nk_count_printed", "not detected"),
        ("nk_percent_printed", "11,5"),
        ("lymphocytes_printed", "not evaluable"),
        ("nk_count_unit", "g/L"),
    ],
)
def test_what_cannot_be_is_not_saved(
    login: Login, participant: Participant, field: str, value: str
) -> None:
    data = flow_data(participant, **WORKED) | {field: value}
    response = login(Role.LAB).post(FLOW, data)
    assert response.context["form"].errors
    assert f'value="{data["nk_dim_percent_printed"]}"' in response.content.decode()
    assert not Specimen.objects.exists()


def test_an_empty_panel_is_not_taken(participant: Participant, lab: User) -> None:
    form = bound(flow_data(participant), lab)
    assert list(form.errors) == ["lymphocytes_printed"]


# --- the unstimulated control ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stimulated", "control", "net"),
    [("0.8", "0.5", "0.3"), ("0.5", "0.8", "-0.3"), ("1", "0", "1")],
)
def test_the_unstimulated_sample_is_subtracted_and_negative_stays(
    participant: Participant, lab: User, stimulated: str, control: str, net: str
) -> None:
    changes = {"cmv_cd8_percent_printed": stimulated, "cmv_cd8_percent_control": control}
    form = bound(flow_data(participant, **changes), lab)
    assert form.is_valid(), form.errors
    (entry,) = form.entries
    assert entry.value == Decimal(net)
    assert entry.note.startswith(f"{stimulated} − {control}")


@pytest.mark.parametrize(
    ("stimulated", "control", "field"),
    [
        ("", "0.5", "cmv_cd8_percent_printed"),
        ("<0.1", "0.5", "cmv_cd8_percent_control"),
        ("0.8", "<0.1", "cmv_cd8_percent_control"),
    ],
)
def test_a_control_that_cannot_be_subtracted_is_told(
    participant: Participant, lab: User, stimulated: str, control: str, field: str
) -> None:
    changes = {"cmv_cd8_percent_printed": stimulated, "cmv_cd8_percent_control": control}
    form = bound(flow_data(participant, **changes), lab)
    assert list(form.errors) == [field]


# --- computing ------------------------------------------------------------------------------------


def test_compute_shows_the_counts_and_saves_nothing(login: Login, participant: Participant) -> None:
    page = page_of(login(Role.LAB), flow_data(participant, **WORKED, preview="1"))
    assert "1.20 × 1,000 × 11.5 ÷ 100 = 138 cells/µL" in page
    assert "138 × 6 ÷ 100 = 8.28 cells/µL" in page
    assert 'value="11.5"' in page
    assert not Specimen.objects.exists()


def test_compute_needs_no_participant(login: Login, participant: Participant) -> None:
    data = flow_data(participant, **WORKED, preview="1") | {"participant": ""}
    assert "= 138 cells/µL" in page_of(login(Role.LAB), data)


def test_lymphocytes_are_taken_from_the_blood_count_of_the_day(
    login: Login, participant: Participant
) -> None:
    entered(participant, safety("lymphocytes", "1.20", "10^9/L"), hours=4)
    data = flow_data(participant, **WORKED | {"lymphocytes_printed": ""})
    page = page_of(login(Role.LAB), data | {"preview": "1"})

    assert "Lymphocytes 1.2 ×10⁹/L of the blood count collected" in page
    assert "= 138 cells/µL" in page
    page_of(login(Role.LAB), data)
    assert saved()["nk_count"].canonical_value == Decimal("138")


def test_compute_says_why_there_is_no_count(login: Login, participant: Participant) -> None:
    data = flow_data(participant, nk_percent_printed="11.5", preview="1")
    assert "unknown: no result for Lymphocytes" in page_of(login(Role.LAB), data)


def test_a_printed_count_is_not_computed(login: Login, participant: Participant) -> None:
    data = flow_data(participant, **WORKED, nk_count_printed="140")
    assert "138 cells/µL" not in page_of(login(Role.LAB), data | {"preview": "1"})
    page_of(login(Role.LAB), data)
    assert saved()["nk_count"].printed == "140"
    assert not saved()["nk_count"].is_computed


# --- who, once ------------------------------------------------------------------------------------


def test_a_panel_sent_twice_is_saved_once(login: Login, participant: Participant) -> None:
    client, data = login(Role.LAB), flow_data(participant, **WORKED)
    client.post(FLOW, data)
    assert "This was saved already" in page_of(client, data)
    assert Specimen.objects.count() == 1


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE - ENTER_RESULTS.roles))
def test_only_the_laboratory_enters_subsets(login: Login, role: Role) -> None:
    assert login(role).get(FLOW).status_code == 403
    assert login(role).post(FLOW, {}).status_code == 403


@pytest.mark.requirement("R11")
def test_a_participant_of_another_site_is_none(
    login: Login, participant: Participant, stranger: Participant
) -> None:
    response = login(Role.LAB).post(FLOW, flow_data(stranger, **WORKED))
    assert list(response.context["form"].errors) == ["participant"]
