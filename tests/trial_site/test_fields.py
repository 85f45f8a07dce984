"""How forms are shown: label, hint, error, input; questions apart from mistakes."""

import re

import pytest
from crispy_forms.utils import render_crispy_form
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string

from oversight.forms import Conflict, EntryForm
from trial_site.messages import Message
from trial_site.templatetags.fields import error_summary

KEY = "b4f1c1de-8f6d-4a55-9d27-3c7f0e5f7f10"


class ResultForm(EntryForm):
    value = forms.CharField(
        label="What is the result?",
        help_text="As printed",
        widget=forms.TextInput(attrs={"class": "num", "unit": "copies/mL", "placeholder": "no"}),
    )
    weight = forms.DecimalField(label="Weight")
    weight.unit = "kg"  # type: ignore[attr-defined]
    specimen = forms.ChoiceField(
        label="Which specimen?",
        choices=[("plasma", "Plasma"), ("blood", "Whole blood")],
        widget=forms.RadioSelect,
    )


def asking(*names: str) -> ResultForm:
    form = ResultForm({"entry_key": KEY, "value": "21", "weight": "9", "specimen": "plasma"})
    form.ask(tuple((name, Message("It is unusual.")) for name in names))
    return form


def shown(form: forms.Form, name: str, **context: object) -> str:
    return render_to_string("components/field.html", {"field": form[name], **context})


def tag(html: str, start: str) -> str:
    """The first tag of ``html`` that begins with ``start``."""
    match = re.search(rf"<{start}[^>]*>", html)
    assert match, f"no <{start} in {html}"
    return match[0]


def test_label_hint_error_and_input_stand_in_this_order() -> None:
    html = shown(ResultForm({"value": ""}), "value")
    places = [html.index(part) for part in ("<label", "As printed", "Error:", "<input")]
    assert places == sorted(places)
    assert 'class="field field--error"' in html


def test_an_input_is_described_by_what_stands_around_it() -> None:
    html = shown(ResultForm({"value": ""}), "value")
    box = tag(html, "input")
    assert 'aria-invalid="true"' in box
    assert 'aria-describedby="id_value_helptext id_value_error id_value_unit"' in box
    for name in ("helptext", "error", "unit"):
        assert f'id="id_value_{name}"' in html


def test_a_good_field_has_no_sign_of_error() -> None:
    html = shown(ResultForm({"value": "52000"}), "value")
    assert "aria-invalid" not in html
    assert "is-invalid" not in html
    assert 'class="num form-control"' in html


def test_a_unit_stands_beside_the_input_and_not_in_its_attributes() -> None:
    by_widget, by_field = shown(ResultForm(), "value"), shown(ResultForm(), "weight")
    assert ">copies/mL</span>" in by_widget
    assert ">kg</span>" in by_field
    assert " unit=" not in tag(by_widget, "input")
    assert "placeholder" not in by_widget


def test_choices_are_one_question_with_labelled_buttons() -> None:
    html = shown(ResultForm(), "specimen", choices_class="site-grid")
    assert re.search(r'<fieldset>\s*<legend class="form-label">Which specimen\?</legend>', html)
    assert 'class="segmented site-grid"' in html
    assert html.count('type="radio"') == 2


def test_a_question_is_not_an_accusation() -> None:
    html = shown(asking("value"), "value")
    assert 'class="field field--ask"' in html
    assert "It is unusual." in html
    assert "aria-invalid" not in html
    assert "Error:" not in html
    assert 'id="id_value_ask"' in html
    assert "id_value_ask" in tag(html, "input")


def test_a_single_question_is_answered_at_its_field() -> None:
    form = asking("value")
    assert 'name="confirmed"' in shown(form, "value")
    assert 'name="confirmed"' not in render_to_string("components/confirm.html", {"form": form})


@pytest.mark.parametrize("names", [("value", "weight"), ("somewhere else",)])
def test_other_questions_are_answered_together(names: tuple[str, ...]) -> None:
    form = asking(*names)
    for name in ("value", "weight"):
        assert 'name="confirmed"' not in shown(form, name)
    below = render_to_string("components/action_bar.html", {"form": form, "primary": "Save"})
    assert below.count('name="confirmed"') == 1
    assert below.count("It is unusual.") == len(names)
    assert "checked" not in below


def test_nothing_is_confirmed_where_nothing_is_asked() -> None:
    form = ResultForm()
    assert shown(form, "confirmed").strip() == ""
    bar = render_to_string("components/action_bar.html", {"form": form, "primary": "Save"})
    assert "confirmed" not in bar


def test_crispy_shows_the_same_field() -> None:
    form = ResultForm({"value": ""})
    squeezed = re.sub(r"\s+", "", shown(form, "value"))
    assert squeezed in re.sub(r"\s+", "", render_crispy_form(form))


def test_a_hidden_field_is_only_its_input() -> None:
    assert shown(ResultForm(), "entry_key").strip().startswith('<input type="hidden"')


def test_an_input_in_a_table_carries_its_label_and_errors() -> None:
    template = Template("{% load fields %}{% control field label='Well 1' %}")
    html = template.render(Context({"field": ResultForm({"value": ""})["value"]}))
    assert 'aria-label="Well 1"' in tag(html, "input")
    assert 'aria-describedby="id_value_error"' in tag(html, "input")
    assert '<span class="visually-hidden" id="id_value_error">' in html
    good = template.render(Context({"field": ResultForm({"value": "52000"})["value"]}))
    assert "aria-describedby" not in good


# --- error summary ----------------------------------------------------------------------------


def test_the_summary_leads_to_every_input() -> None:
    form = ResultForm({"entry_key": KEY, "value": "52000"})
    form.ask((("value", Message("It is unusual.")),))
    form.add_error(None, "Nobody is there.")
    assert [(line.target, line.is_question) for line in error_summary(form).lines] == [
        ("", False),
        ("id_weight", False),
        ("id_specimen_0", False),
        ("id_value", True),
    ]


def test_the_summary_names_the_question_of_each_line() -> None:
    form = ResultForm({"entry_key": KEY, "value": "52000"})
    assert [line.text for line in error_summary(form).lines] == [
        "Weight: This field is required.",
        "Which specimen? This field is required.",
    ]


def test_the_summary_counts_mistakes_and_questions() -> None:
    assert error_summary(asking("value")).count == "1 answer to confirm"
    assert error_summary(asking("value", "weight")).count == "2 answers to confirm"
    wrong = ResultForm({"entry_key": KEY, "value": "52000"})
    assert error_summary(wrong).count == "2 answers to correct"
    wrong.ask((("value", Message("It is unusual.")),))
    assert error_summary(wrong).count == "2 answers to correct, 1 to confirm"


def test_the_summary_of_several_forms_includes_formsets() -> None:
    formset = forms.formset_factory(ResultForm, extra=0)(
        {
            "rows-TOTAL_FORMS": "1",
            "rows-INITIAL_FORMS": "0",
            "rows-0-entry_key": KEY,
            "rows-0-value": "1",
        },
        prefix="rows",
    )
    form = ResultForm({"entry_key": KEY, "value": "1", "specimen": "plasma"})
    targets = [line.target for line in error_summary([form, formset]).lines]
    assert targets == ["id_weight", "id_rows-0-weight", "id_rows-0-specimen_0"]


def test_the_summary_is_silent_until_something_is_wrong() -> None:
    for form in (ResultForm(), ResultForm({"entry_key": KEY})):
        html = render_to_string("components/error_summary.html", {"form": form})
        assert ("Not saved: 3 answers to correct" in html) is form.is_bound


def test_a_conflict_shows_both_values() -> None:
    form = ResultForm()
    form.conflicts = [Conflict("Weight", "60", "61 <kg>")]
    html = render_to_string("components/conflicts.html", {"form": form})
    assert "<td>60</td><td>61 &lt;kg&gt;</td>" in html
    assert render_to_string("components/conflicts.html", {"form": ResultForm()}).strip() == ""
