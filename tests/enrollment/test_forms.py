"""The screening form: what it takes, what it asks about, and that nothing is lost on the way."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.forms import CheckboxInput, Form
from hypothesis import given, settings
from hypothesis import strategies as st

from enrollment.facts import (
    Measurement,
    Operator,
    QualitativeResult,
    ScreeningFacts,
    Sex,
    SteroidDose,
    ViralLoad,
)
from enrollment.forms.answers import GROUPS, TESTS
from enrollment.forms.fields import DayField, ExactField, YesNoField
from enrollment.forms.layout import SECTIONS
from enrollment.forms.screening import ScreeningForm
from enrollment.forms.steroids import MOST_LINES
from enrollment.forms.visits import VisitForm
from enrollment.forms.words import words
from tests import factories
from trial_site import clock
from trial_site.protocol import current


class Sample(Form):
    number = ExactField(unit="mg")
    day = DayField()
    answer = YesNoField()


def cleaned(**answers: str) -> dict[str, Any]:
    form = Sample(answers)
    assert form.is_valid(), form.errors
    return form.cleaned_data


# --- the kinds of fields ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("60.0", "60.0"),
        ("52000", "52000"),
        ("52,000", "52000"),
        ("1,234,567.50", "1234567.50"),
        (" 48 ", "48"),
        ("0.75", "0.75"),
        ("\N{FULLWIDTH DIGIT ONE}2\N{FULLWIDTH FULL STOP}5", "12.5"),
        ("52\N{FULLWIDTH COMMA}000", "52000"),
    ],
)
def test_a_number_is_kept_digit_for_digit(typed: str, kept: str) -> None:
    assert str(cleaned(number=typed)["number"]) == kept


@pytest.mark.parametrize(
    "typed", ["1,5", "52,00", "abc", "NaN", "inf", "1E+999999", "<500", "1" * 13, "0.1234567"]
)
def test_what_is_no_number_or_could_be_two_is_refused(typed: str) -> None:
    assert "number" in Sample({"number": typed}).errors


def test_a_day_is_today_at_the_latest() -> None:
    today = clock.today()
    assert cleaned(day=today.isoformat())["day"] == today
    tomorrow = (today + dt.timedelta(days=1)).isoformat()
    assert Sample({"day": tomorrow}).errors["day"] == ["This day lies in the future"]


def test_not_known_is_none_and_never_no() -> None:
    assert [cleaned(answer=answer)["answer"] for answer in ("yes", "no", "")] == [True, False, None]
    assert cleaned()["answer"] is None


# --- facts and back ---------------------------------------------------------------------------


def as_sent(form: ScreeningForm) -> dict[str, str]:
    """The form's values as its widgets would send them."""
    sent = {}
    for part in (form, *form.steroids, form.steroids.management_form):
        for field in part:
            value: Any = field.field.widget.format_value(field.value())
            if isinstance(field.field.widget, CheckboxInput):
                value = "on" if field.value() else None
            if isinstance(value, list):
                value = value[0] if value else None
            if value is not None:
                sent[field.html_name] = str(value)
    return sent


NUMBERS = st.decimals(Decimal("0.001"), Decimal("999999"), places=3)
DAYS = st.dates(dt.date(1950, 1, 1), dt.date(2026, 1, 1))
ANSWERS = st.none() | st.booleans()
WORDS = st.text(st.characters(categories=["L", "N"]), max_size=20)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def measured(code: str) -> st.SearchStrategy[Measurement | None]:
    return maybe(st.builds(Measurement, NUMBERS, st.sampled_from(current().analyte(code).units)))


NUMBERED = st.builds(
    ViralLoad,
    operator=st.sampled_from([Operator.EQUAL, Operator.BELOW, Operator.ABOVE]),
    value=NUMBERS,
    unit=st.sampled_from(["copies/mL", "IU/mL"]),
    specimen=maybe(st.sampled_from(["plasma", "whole_blood"])),
    lloq=maybe(NUMBERS),
    collected_on=maybe(DAYS),
)
UNDETECTED = st.builds(
    ViralLoad,
    operator=st.just(Operator.NOT_DETECTED),
    unit=st.just("copies/mL"),
    lod=maybe(NUMBERS),
    assay=maybe(st.just("PCR-CMV-2")),
)
DOSES = st.builds(
    SteroidDose,
    DAYS,
    st.sampled_from([agent.code for agent in current().steroids.agents]),
    NUMBERS,
    st.sampled_from([1, 2]),
)
FACTS = st.builds(
    ScreeningFacts,
    birth_date=maybe(DAYS),
    birth_day_known=st.booleans(),
    sex=maybe(st.sampled_from(Sex)),
    weight_kg=maybe(st.decimals(20, 300, places=1)),
    weight_on=maybe(DAYS),
    diagnosis=maybe(st.sampled_from(sorted(current().criteria_sets))),
    criteria_set=maybe(st.sampled_from(current().criteria_sets["sle"])),
    diagnosis_text=WORDS,
    diagnosis_attested=ANSWERS,
    cmv=maybe(NUMBERED | UNDETECTED),
    steroids=st.lists(DOSES, max_size=5).map(tuple),
    no_steroids=ANSWERS,
    creatinine=maybe(st.decimals(5, 3000, places=2)),
    creatinine_unit=st.just("µmol/L"),
    alt=maybe(NUMBERS),
    alt_uln=maybe(NUMBERS),
    bilirubin=maybe(NUMBERS),
    bilirubin_unit=st.just("mg/dL"),
    infections=st.dictionaries(
        st.sampled_from([test.code for test in TESTS]), st.sampled_from(QualitativeResult)
    ),
    febrile=ANSWERS,
    other_infection=ANSWERS,
    infection_dates=st.dictionaries(st.sampled_from([test.code for test in TESTS]), DAYS),
    infection_reasons=st.dictionaries(
        st.sampled_from([group.code for group in GROUPS]), WORDS.filter(bool)
    ),
    other_severe_disease_text=WORDS,
    uncontrolled_psychiatric_text=WORDS,
    heart_failure=ANSWERS,
    nyha=maybe(st.integers(1, 4)),
    malignancy=ANSWERS,
    hcg=maybe(st.sampled_from(QualitativeResult)),
    hcg_on=maybe(DAYS),
    anc=measured("anc"),
    hemoglobin=measured("hemoglobin"),
    platelets=measured("platelets"),
)


@settings(max_examples=50)
@given(FACTS)
def test_facts_come_back_from_the_form_unchanged(facts: ScreeningFacts) -> None:
    sent = as_sent(ScreeningForm(facts=facts))
    form = ScreeningForm(sent | {"entry_key": "0" * 32})
    assert form.is_valid(), (form.errors, form.steroids.errors)
    assert form.facts == facts


def test_the_layout_asks_every_question_and_judges_every_criterion_once() -> None:
    rows = [row for section in SECTIONS for row in section.rows]
    names = [name for row in rows for name in row.names]
    asked = set(ScreeningForm().fields) - {"entry_key", "confirmed"}
    assert (sorted(names), len(names)) == (sorted(asked), len(asked))
    criteria = [code for row in rows for code in row.criteria]
    assert sorted(criteria) == sorted(criterion.id for criterion in current().criteria)


def test_choices_and_units_are_the_protocols() -> None:
    fields: dict[str, Any] = ScreeningForm().fields
    assert [code for code, _ in fields["diagnosis"].choices][1:] == list(current().criteria_sets)
    assert [unit for unit, _ in fields["creatinine_unit"].choices] == ["", "µmol/L", "mg/dL"]
    assert [unit for unit, _ in fields["cmv_unit"].choices] == ["", "copies/mL", "IU/mL"]
    assert (fields["alt"].unit, fields["weight_kg"].unit) == ("U/L", "kg")
    grouped = dict(fields["criteria_set"].choices[1:])
    assert grouped["Rheumatoid arthritis"] == [
        ("ACR 1987", "ACR 1987"),
        ("ACR/EULAR 2010", "ACR/EULAR 2010"),
    ]


# --- what is refused, and where ---------------------------------------------------------------


def form_with(**answers: str) -> ScreeningForm:
    sent = as_sent(ScreeningForm(facts=factories.eligible_facts())) | {"entry_key": "0" * 32}
    return ScreeningForm(sent | answers)


@pytest.mark.parametrize(
    ("answers", "field", "message"),
    [
        ({"weight_kg": "19.9"}, "weight_kg", "19.9 kg is not possible."),
        ({"weight_kg": "300.1"}, "weight_kg", "300.1 kg is not possible."),
        (
            {"creatinine": "62", "creatinine_unit": "mg/dL"},
            "creatinine",
            "62 mg/dL is not possible. Is this µmol/L?",
        ),
        ({"cmv_value": "0"}, "cmv_value", "0 copies/mL is not possible."),
        ({"alt": "-1"}, "alt", "-1 U/L is not possible."),
        (
            {"anc_value": "-1", "anc_unit": "10^9/L"},
            "anc_value",
            "-1 10^9/L is not possible.",
        ),
        (
            {"creatinine_unit": ""},
            "creatinine_unit",
            "Choose the unit that the laboratory printed for Creatinine",
        ),
        ({"cmv_unit": ""}, "cmv_unit", "Choose the unit that the laboratory printed for CMV-DNA"),
        ({"platelets_value": "180"}, "platelets_unit", "Choose the unit that the laboratory"),
        ({"cmv_operator": "ND"}, "cmv_value", "Not detected has no number: empty this"),
    ],
)
def test_what_cannot_be_true_is_refused_at_its_field(
    answers: dict[str, str], field: str, message: str
) -> None:
    form = form_with(**answers)
    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert str(form.errors[field][0]).startswith(message)


@pytest.mark.parametrize("weight", ["20", "300"])
def test_the_hard_limits_themselves_are_possible(weight: str) -> None:
    assert form_with(weight_kg=weight).is_valid()


def test_a_corticosteroid_line_is_complete_or_empty() -> None:
    line = {"steroids-0-agent": "prednisone", "steroids-0-dose_mg": "20"}
    form = form_with(**line)
    assert not form.is_valid()
    assert form.steroids.errors[0] == {"on": ["Complete the line, or empty it"]}
    complete = form_with(**line, **{"steroids-0-on": "2026-01-02", "no_steroids": ""})
    assert complete.is_valid()
    assert complete.facts.steroids == (SteroidDose(dt.date(2026, 1, 2), "prednisone", Decimal(20)),)


def test_an_impossible_corticosteroid_dose_is_refused_at_its_line() -> None:
    lines = {
        f"steroids-{line}-{name}": value
        for line, dose in ((0, "20"), (2, "-5"))
        for name, value in (("agent", "prednisone"), ("dose_mg", dose), ("on", "2026-01-02"))
    }
    form = form_with(**lines)
    assert not form.is_valid()
    assert form.steroids.errors[0] == {}
    assert form.steroids.errors[2] == {"dose_mg": ["-5 mg/d is not possible."]}


def test_there_is_always_a_spare_corticosteroid_line() -> None:
    dose = SteroidDose(dt.date(2026, 1, 2), "prednisone", Decimal(20))
    shown = [
        len(ScreeningForm(facts=ScreeningFacts(steroids=(dose,) * filled)).steroids.forms)
        for filled in (0, 1, 2, 3, 8)
    ]
    assert shown == [3, 3, 3, 4, 9]


def test_a_dozen_corticosteroid_lines_a_day_come_back() -> None:
    day = dt.date(2026, 1, 2)
    doses = tuple(SteroidDose(day, "prednisone", Decimal(n + 1)) for n in range(MOST_LINES))
    sent = as_sent(ScreeningForm(facts=ScreeningFacts(steroids=doses)))
    form = ScreeningForm(sent | {"entry_key": "0" * 32})
    assert form.is_valid(), form.steroids.errors
    assert (MOST_LINES, form.facts.steroids) == (84, doses)


# --- what can be read of an unfinished form ---------------------------------------------------


def test_what_cannot_be_read_is_missing() -> None:
    facts = form_with(weight_kg="6o", hcg_on="yesterday", creatinine="2").facts_so_far
    assert (facts.weight_kg, facts.hcg_on, facts.creatinine) == (None, None, None)
    assert facts.alt == factories.eligible_facts().alt


def test_one_line_that_cannot_be_read_leaves_the_corticosteroids_unknown() -> None:
    line = {"steroids-0-agent": "prednisone", "steroids-0-dose_mg": "5"}
    whole = form_with(**line, **{"steroids-0-on": "2026-01-02", "no_steroids": "no"})
    assert len(whole.facts_so_far.steroids) == 1
    broken = form_with(**line, **{"steroids-0-on": "2026-01-02", "steroids-1-dose_mg": "40"})
    assert broken.facts_so_far.steroids == ()
    assert broken.facts_so_far.no_steroids is None


def test_nothing_is_chosen_beforehand_in_the_table_of_infections() -> None:
    form = ScreeningForm()
    codes = [code for code, _ in form.fields["infection_rpr"].choices]
    assert codes == ["not_done", "negative", "positive"]
    assert form["infection_rpr"].value() is None


# --- words ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("weight_kg", Decimal("60.0"), "60.0 kg"),
        ("weight_kg", None, "–"),
        ("malignancy", False, "No"),
        ("malignancy", True, "Yes"),
        ("malignancy", None, "–"),
        ("nyha", 2, "II"),
        ("childbearing_potential", False, "No, not applicable (post-menopausal or sterile)"),
        ("infection_rpr", QualitativeResult.NEGATIVE, "Negative"),
        ("sex", Sex.FEMALE, "Female"),
        ("criteria_set", "SLICC 2012", "SLICC 2012"),
        ("birth_date", dt.date(1984, 5, 2), "2 May 1984"),
        ("cmv_assay", "PCR-CMV-2", "PCR-CMV-2"),
    ],
)
def test_answers_in_words(name: str, value: Any, said: str) -> None:
    assert words(ScreeningForm().fields[name], value) == said


# --- short forms ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "day", "field"),
    [("done", "", "done_on"), ("missed", "2026-01-02", "done_on"), ("", "", "outcome")],
)
def test_a_visit_is_done_on_a_day_or_missed(outcome: str, day: str, field: str) -> None:
    form = VisitForm({"entry_key": "0" * 32, "outcome": outcome, "done_on": day})
    assert list(form.errors) == [field]
