"""Forms of a deviation: noticed, offered, declined, assessed, corrected."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enrollment.forms.fields import DayField, text_field
from enrollment.models import Participant
from labs.forms.fields import ParticipantField
from oversight.forms import CorrectionForm, EntryForm
from safety.models import Deviation
from trial_site.models import User
from trial_site.protocol import current

OTHER = "other"  # what nobody has a rule for, last of the kinds and first to choose
LONGEST = 2000
NO_NAME = _("In the words of the record; never the patient’s name")


def words(label: Any, *, required: bool = True, help_text: Any = "", rows: int = 3) -> Any:
    return text_field(label, rows=rows, required=required, help_text=help_text, max_length=LONGEST)


class WhatHappened(EntryForm):
    """A deviation that somebody noticed."""

    kind = forms.ChoiceField(label=_("Kind of deviation"), initial=OTHER)
    occurred_on = DayField(label=_("When did it happen?"), required=True)
    description = words(_("What happened?"), help_text=NO_NAME)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["kind"]
        kind.choices = [(one.code, _(one.name)) for one in current().safety.deviations]

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("kind", "occurred_on", "description")}


class DeviationForm(WhatHappened):
    """The same with the participant that it is about."""

    participant = ParticipantField(label=_("Participant"))

    field_order = ("participant", "kind", "occurred_on", "description")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        participant: Any = self.fields["participant"]
        participant.queryset = Participant.objects.visible_to(user).select_related("screening")


class AcceptForm(EntryForm):
    """What a rule offers, as a deviation."""

    description = words(
        _("What else is there to say?"),
        required=False,
        help_text=_("The rule’s own words are kept in any case; never the patient’s name"),
    )


class DeclineForm(EntryForm):
    why = words(_("Why is this no deviation?"), help_text=NO_NAME)


class AssessForm(CorrectionForm):
    """The investigator's; a first assessment changes nobody's words and needs no reason."""

    severity = forms.ChoiceField(
        label=_("How severe is it?"),
        choices=Deviation.Severity.choices,
        widget=forms.RadioSelect,
        help_text=_("Major: may touch the participant’s safety or rights, or the trial’s results"),
    )
    assessment = words(_("Assessment"), help_text=_("What it means for participant and trial"))
    corrective_action = words(
        _("Corrective and preventive action"),
        help_text=_("What is done about it, and that it does not happen again; “none” says why"),
    )

    field_order = ("severity", "assessment", "corrective_action", "reason")

    def __init__(self, data: Any = None, *, deviation: Deviation) -> None:
        names = ("severity", "assessment", "corrective_action")
        initial = {name: getattr(deviation, name) for name in names}
        super().__init__(data, initial=initial | {"record_version": deviation.version})
        # The action asks for it: a first assessment that is sent twice has none, and needs none.
        self.fields["reason"].required = False
        if deviation.assessed_at is None:
            del self.fields["reason"]

    def values(self) -> dict[str, Any]:
        answers = self.cleaned_data
        named = {name: answers[name] for name in ("severity", "assessment", "corrective_action")}
        return named | {"reason": answers.get("reason", ""), "version": answers["record_version"]}


class CorrectDeviationForm(CorrectionForm, WhatHappened):
    """What happened; the kind and the day of an offered one are the rule's."""

    field_order = ("kind", "occurred_on", "description", "reason")

    def __init__(self, data: Any = None, *, deviation: Deviation) -> None:
        self.deviation = deviation
        names = ("kind", "occurred_on", "description")
        initial = {name: getattr(deviation, name) for name in names}
        super().__init__(data, initial=initial | {"record_version": deviation.version})
        if deviation.source:
            del self.fields["kind"], self.fields["occurred_on"]
            self.fields["description"].required = False

    def values(self) -> dict[str, Any]:
        answers = self.cleaned_data
        return {
            "kind": answers.get("kind", self.deviation.kind),
            "occurred_on": answers.get("occurred_on", self.deviation.occurred_on),
            "description": answers["description"],
            "reason": answers["reason"],
            "version": answers["record_version"],
        }


class InErrorForm(CorrectionForm):
    """Only the reason is asked."""

    reason = words(_("Why is it wrong?"), help_text=_("Kept with the record"), rows=2)

    def __init__(self, data: Any = None, *, version: int) -> None:
        super().__init__(data, initial={"record_version": version})
