"""What may be typed, and what it becomes."""

from decimal import Decimal
from typing import TypeVar

import pytest
from django.forms.boundfield import BoundField
from django.http import QueryDict

from enrollment.models import Participant
from labs.forms import CytotoxicityForm, PcrForm, SafetyForm, SpecimenForm
from labs.rules.wells import WellKind
from tests.labs.examples import (
    entered,
    hours_ago,
    pcr,
    pcr_data,
    plate_data,
    plated,
    safety,
    safety_data,
    specimen_data,
    typed,
)
from trial_site.models import User
from trial_site.protocol import current

pytestmark = pytest.mark.django_db

F = TypeVar("F", bound=SpecimenForm)


def bound(form_class: type[F], data: dict[str, str], user: User) -> F:
    posted = QueryDict(mutable=True)
    posted.update(data)
    return form_class(posted, user=user, participant=None)


def units(field: BoundField) -> list[str]:
    return [option.data["value"] for option in field]


# --- the specimen -----------------------------------------------------------------------------


def test_moments_are_read_on_the_clock_of_the_site(participant: Participant, lab: User) -> None:
    form = bound(PcrForm, pcr_data(participant, "52000"), lab)
    assert form.is_valid(), form.errors
    assert form.sample.collected_at == hours_ago(4)
    assert form.sample.received_at == hours_ago(3)
    assert form.sample.kind == "plasma"


def test_the_time_of_receipt_may_be_left_out(participant: Participant, lab: User) -> None:
    form = bound(PcrForm, pcr_data(participant, "52000", received_at=""), lab)
    assert form.is_valid(), form.errors
    assert form.sample.received_at is None


@pytest.mark.parametrize(
    ("collected", "received", "field"),
    [(-1, None, "collected_at"), (4, 5, "collected_at"), (4, -1, "received_at")],
    ids=["collected in the future", "received before collected", "received in the future"],
)
def test_impossible_moments_are_told_at_their_field(
    participant: Participant, lab: User, collected: int, received: int | None, field: str
) -> None:
    moments = {
        "collected_at": typed(hours_ago(collected)),
        "received_at": "" if received is None else typed(hours_ago(received)),
    }
    form = bound(PcrForm, pcr_data(participant, "52000", **moments), lab)
    assert list(form.errors) == [field]


@pytest.mark.requirement("R11")
def test_another_sites_participant_is_no_choice(stranger: Participant, lab: User) -> None:
    form = bound(PcrForm, pcr_data(stranger, "52000"), lab)
    assert list(form.errors) == ["participant"]
    assert stranger.subject not in form.subjects
    assert "No participant of your sites has this number" in form.as_p()


# --- one CMV-DNA result -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "operator", "value"),
    [
        ("52000", "=", "52000"),
        ("52,000", "=", "52000"),
        ("<500", "<", "500"),
        (">9.1x10^6", ">", "9100000"),
        ("1000", "=", "1000"),
        ("999.0", "=", "999.0"),
        ("not detected", "ND", None),
        ("未检出", "ND", None),
    ],
)
def test_a_result_is_typed_as_the_laboratory_prints_it(
    participant: Participant, lab: User, printed: str, operator: str, value: str | None
) -> None:
    form = bound(PcrForm, pcr_data(participant, printed), lab)
    assert form.is_valid(), form.errors
    (entry,) = form.entries
    assert (entry.operator, str(entry.value)) == (operator, str(value))
    assert (entry.unit, entry.assay) == ("copies/mL", "PCR-CMV-2")
    assert (entry.lod, entry.lloq, entry.uloq) == (Decimal(200), Decimal(500), None)


@pytest.mark.parametrize(
    "printed",
    ["", "negative", "0,46", "5 2000", "-3", "52000 copies/mL", "111111111111111.1111111111"],
)
def test_a_result_with_no_single_meaning_is_not_taken(
    participant: Participant, lab: User, printed: str
) -> None:
    form = bound(PcrForm, pcr_data(participant, printed), lab)
    assert list(form.errors) == ["printed"]


def test_the_limits_must_be_in_order(participant: Participant, lab: User) -> None:
    form = bound(PcrForm, pcr_data(participant, "52000", lloq="500", uloq="400"), lab)
    assert list(form.errors) == ["uloq"]


def test_the_usual_range_is_the_protocols(lab: User) -> None:
    help_text = PcrForm(user=lab, participant=None)["printed"].help_text
    assert "at least 100 and at most 10,000,000 copies/mL" in help_text
    assert "&lt;500" in help_text


def test_the_units_are_the_protocols(lab: User) -> None:
    assert units(PcrForm(user=lab, participant=None)["unit"]) == [
        "copies/mL",
        "log10 copies/mL",
        "IU/mL",
    ]


def test_assay_and_limits_begin_as_in_the_last_result(participant: Participant, lab: User) -> None:
    entered(participant, pcr("52000", lod="91", lloq="137", uloq="9100000"), hours=48)
    entered(participant, pcr("41000", unit="IU/mL", lod="34", lloq="150"), hours=24)
    form = PcrForm(user=lab, participant=participant)
    names = ("kind", "unit", "assay", "lod", "lloq", "uloq")
    assert [form[name].value() for name in names] == [
        "plasma", "IU/mL", "PCR-CMV-2", "34", "150", None,
    ]  # fmt: skip
    assert form["participant"].value() == participant.subject
    assert not form["printed"].value()


def test_choosing_a_participant_fetches_what_is_remembered_and_nothing_else(lab: User) -> None:
    attrs = PcrForm(user=lab, participant=None).fields["participant"].widget.attrs
    fetched = attrs["hx-select-oob"].split(",")
    assert set(fetched) == {
        *("#id_kind", "#id_unit", "#id_assay", "#id_lod", "#id_lloq", "#id_uloq"),
        *("#id_laboratory", "#id_visit"),
    }


def test_a_first_result_begins_with_the_protocols_specimen(
    participant: Participant, lab: User
) -> None:
    form = PcrForm(user=lab, participant=participant)
    assert (form["kind"].value(), form["assay"].value()) == ("plasma", None)


# --- a safety panel ---------------------------------------------------------------------------


def test_the_panel_is_the_protocols(lab: User) -> None:
    rows = list(SafetyForm(user=lab, participant=None).rows)
    assert {"anc", "hemoglobin", "platelets", "creatinine", "alt", "ast", "bilirubin"} <= {
        row.analyte.code for row in rows
    }
    assert units(rows[0].unit) == ["10^9/L", "10^3/µL", "/µL"]


def test_empty_rows_are_left_out(participant: Participant, lab: User) -> None:
    values = {"anc_printed": "0.46", "anc_lln": "1.8", "alt_uln": "40", "ast_printed": "<5"}
    form = bound(SafetyForm, safety_data(participant, **values), lab)
    assert form.is_valid(), form.errors
    assert [(e.analyte, e.operator, e.value, e.lln) for e in form.entries] == [
        ("anc", "=", Decimal("0.46"), Decimal("1.8")),
        ("ast", "<", Decimal("5"), None),
    ]


def test_an_empty_panel_is_not_taken(participant: Participant, lab: User) -> None:
    form = bound(SafetyForm, safety_data(participant, anc_lln="1.8"), lab)
    assert list(form.errors) == ["anc_printed"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("anc_printed", "not detected"),
        ("anc_printed", "0,46"),
        ("anc_lln", "-1"),
        ("anc_lln", "about 2"),
        ("anc_uln", "1.8"),
        ("anc_unit", "g/L"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(
    participant: Participant, lab: User, field: str, value: str
) -> None:
    values = {"anc_printed": "3.2", "anc_lln": "1.8", "anc_uln": "6.3"} | {field: value}
    form = bound(SafetyForm, safety_data(participant, **values), lab)
    assert list(form.errors) == [field]


def test_units_and_limits_begin_as_in_the_last_panel(participant: Participant, lab: User) -> None:
    entered(participant, safety("anc", "3.2", "10^3/µL", lln="1.8", uln="6.3"), hours=48)
    entered(participant, safety("alt", "22", "U/L", uln="40"), hours=24)
    rows = {row.analyte.code: row for row in SafetyForm(user=lab, participant=participant).rows}
    anc, alt, ast = rows["anc"], rows["alt"], rows["ast"]
    assert (anc.unit.value(), anc.lln.value(), anc.uln.value()) == ("10^3/µL", "1.8", "6.3")
    assert (alt.lln.value(), alt.uln.value()) == (None, "40")
    assert (ast.lln.value(), anc.printed.value()) == (None, None)


# --- the wells of a plate ---------------------------------------------------------------------


def test_the_wells_become_typed_wells(participant: Participant, lab: User) -> None:
    data = plate_data(participant) | {"et12_5-d2": "21.0", "et25-n3": "4,610", "et25-n1": ""}
    form = bound(CytotoxicityForm, data, lab)
    assert form.is_valid(), form.errors
    wells = {(w.kind, w.et_ratio, w.replicate): w for w in form.wells}
    assert len(wells) == 10
    effectors = [wells[WellKind.EFFECTOR, Decimal(25), number] for number in (1, 2, 3)]
    assert [str(well.dead_percent) for well in effectors] == ["24.9", "26.1", "25.5"]
    assert [well.targets for well in effectors] == [None, 9840, 4610]
    assert wells[WellKind.EFFECTOR, Decimal("12.5"), 2].targets is None


def test_the_rows_are_the_protocols(lab: User) -> None:
    form = CytotoxicityForm(user=lab, participant=None)
    rule = current().cytotoxicity
    titles = [row.condition.title.render() for row in form.rows]
    assert titles == [
        "Targets alone", "Detergent", "E:T 50:1", "E:T 25:1", "E:T 12.5:1", "E:T 6.25:1",
    ]  # fmt: skip
    assert [len(row.dead) for row in form.rows] == [rule.replicates] * 6
    assert [row.condition.is_endpoint for row in form.rows].index(True) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("et25-d1", "100.1"),
        ("et25-d1", "-1"),
        ("et25-d1", "dead"),
        ("et25-n1", "12.5"),
        ("et25-d1", ""),
    ],
    ids=["over all", "below none", "no number", "half a cell", "counted without its dead"],
)
def test_an_impossible_well_is_told_at_its_field(
    participant: Participant, lab: User, field: str, value: str
) -> None:
    form = bound(CytotoxicityForm, plate_data(participant) | {field: value}, lab)
    assert list(form.errors) == [field]
    assert form.wells == []


@pytest.mark.parametrize("value", ["0", "100"])
def test_none_dead_and_all_dead_are_possible(
    participant: Participant, lab: User, value: str
) -> None:
    form = bound(CytotoxicityForm, plate_data(participant) | {"et25-d1": value}, lab)
    assert form.is_valid(), form.errors


def test_a_plate_without_wells_is_not_taken(participant: Participant, lab: User) -> None:
    form = bound(CytotoxicityForm, specimen_data(participant, effectors="pbmc"), lab)
    assert list(form.errors) == ["spontaneous-d1"]


def test_the_effectors_begin_as_on_the_last_plate(participant: Participant, lab: User) -> None:
    plated(participant, effectors="purified_nk")
    form = CytotoxicityForm(user=lab, participant=participant)
    assert form["effectors"].value() == "purified_nk"
