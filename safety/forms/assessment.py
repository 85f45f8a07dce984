"""What is asked after an event was reported: seriousness, cause, a report, or that it is none."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dosing.forms.fields import offer
from dosing.models import DrugChoice
from enrollment.forms.fields import text_field
from oversight.forms import CorrectionForm, EntryForm
from safety.actions.events import Assessment
from safety.forms.events import aware_field, serious_field, seriousness_choices
from safety.models import AdverseEvent, SafetyReport
from safety.rules.events import DrugAssessment, Seriousness, assessment_faults

RELATION, ACTION = AdverseEvent.Relation, AdverseEvent.Action
YES, NO = "yes", "no"


class SeriousForm(CorrectionForm):
    """Whether an event is serious, why, and since when somebody knew."""

    serious = serious_field()
    serious_aware_at = aware_field()
    field_order = ("serious", "serious_aware_at", "reason")

    def __init__(self, *args: Any, event: AdverseEvent, **kwargs: Any) -> None:
        initial = {
            "record_version": event.version,
            "serious": event.serious,
            "serious_aware_at": event.serious_aware_at,
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["reason"].label = _("How is it known?")
        self.fields["reason"].help_text = _("For example: the letter of the ward that admitted")
        offer(self, "serious", seriousness_choices())

    def seriousness(self) -> Seriousness:
        values = self.cleaned_data
        return Seriousness(tuple(values["serious"]), values["serious_aware_at"])


def _radio(label: Any, choices: list[tuple[str, Any]], **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, widget=forms.RadioSelect, **options)


class AssessForm(CorrectionForm):
    """How each drug is related, what was done with it, and whether the event was expected.

    A drug that the participant never had offers nothing but that.
    """

    relation_il2 = _radio(_("Interleukin-2: how is it related?"), list(RELATION.choices))
    action_il2 = _radio(_("Interleukin-2: what was done?"), list(ACTION.choices))
    relation_ganciclovir = _radio(_("Ganciclovir: how is it related?"), list(RELATION.choices))
    action_ganciclovir = _radio(_("Ganciclovir: what was done?"), list(ACTION.choices))
    is_expected = _radio(
        _("Was it expected?"),
        [(YES, _("Expected")), (NO, _("Unexpected"))],
        help_text=_("By the safety information in force. Asked of an event that is related."),
        required=False,
    )
    field_order = (
        "relation_il2", "action_il2", "relation_ganciclovir", "action_ganciclovir",
        "is_expected", "reason",
    )  # fmt: skip

    def __init__(
        self, *args: Any, event: AdverseEvent, given: frozenset[str], **kwargs: Any
    ) -> None:
        self.given = given
        super().__init__(*args, initial=_begins_with(event, given), **kwargs)
        for drug in DrugChoice:
            for part, choices in (("relation", RELATION), ("action", ACTION)):
                none = choices.NOT_GIVEN
                shown = [c for c in choices.choices if (c[0] == none) != (drug in given)]
                offer(self, f"{part}_{drug}", shown)
        if event.assessed_at is None:
            del self.fields["reason"]
        else:
            self.fields["reason"].label = _("Why is it assessed anew?")

    def assessment(self) -> Assessment:
        values = self.cleaned_data
        drugs = {
            drug.value: DrugAssessment(values[f"relation_{drug}"], values[f"action_{drug}"])
            for drug in DrugChoice
        }
        expected = {YES: True, NO: False}.get(values["is_expected"])
        return Assessment(drugs, expected)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            said = self.assessment()
            for name, why in assessment_faults(
                dict(said.drugs), self.given, is_expected=said.is_expected
            ):
                self.add_error(name, why.render(gettext))
        return cleaned


def _begins_with(event: AdverseEvent, given: frozenset[str]) -> dict[str, Any]:
    initial: dict[str, Any] = {"record_version": event.version}
    if event.is_expected is not None:
        initial["is_expected"] = YES if event.is_expected else NO
    for drug in DrugChoice:
        for part in ("relation", "action"):
            name = f"{part}_{drug}"
            initial[name] = getattr(event, name) if drug in given else RELATION.NOT_GIVEN
    return initial


class InErrorForm(CorrectionForm):
    def __init__(self, *args: Any, event: AdverseEvent, **kwargs: Any) -> None:
        super().__init__(*args, initial={"record_version": event.version}, **kwargs)
        self.fields["reason"].label = _("Why was it entered in error?")


class DeclineForm(EntryForm):
    why = text_field(
        _("Why is it no adverse event?"),
        rows=3,
        required=True,
        help_text=_("Kept with your name and the time; it is not offered again"),
        max_length=500,
    )


class ReportForm(EntryForm):
    """To whom, and what happened in words; every fact of the event goes along."""

    event_version = forms.IntegerField(widget=forms.HiddenInput)
    recipient = _radio(_("To whom?"), list(SafetyReport.Recipient.choices))
    narrative = text_field(
        _("Narrative"),
        rows=8,
        required=True,
        help_text=_("What happened, in order, with treatment and course. No names."),
        max_length=8000,
    )
