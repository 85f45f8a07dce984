"""What is asked about an adverse event: what, when, how severe, whether serious."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dosing.forms.fields import offer
from enrollment.forms.fields import DayField, MomentField, text_field
from enrollment.models import Participant
from labs.forms.fields import ParticipantField
from labs.prefill import subjects_to_choose
from oversight.forms import CorrectionForm, EntryForm
from safety.actions.events import EventFacts
from safety.models import AdverseEvent
from safety.rules.events import Fault, Seriousness, course_faults, seriousness_faults
from safety.rules.grades import criteria_of, known_terms
from trial_site import clock
from trial_site.models import User
from trial_site.protocol import current
from trial_site.templatetags.trial import say

FACTS = (
    "term", "grade", "onset_on", "onset_time", "ended_on", "outcome", "treatment", "note",
    "meddra_code",
)  # fmt: skip


def term_names() -> list[tuple[str, str]]:
    """``(code, name)`` of the protocol's terms in the reader's language."""
    return [(code, gettext(name)) for code, name in known_terms(current())]


def code_of(term: str) -> str:
    """The code of a term that was typed in either language; empty for one that has no code."""
    typed = term.strip().casefold()
    names = [*term_names(), *known_terms(current())]
    return next((code for code, name in names if name.casefold() == typed), "")


def grade_choices(term: str) -> list[tuple[str, str]]:
    """Each grade with its criteria in words."""
    words = criteria_of(code_of(term), current())
    return [
        (
            str(grade),
            gettext("Grade %(grade)s: %(criteria)s") % {"grade": grade, "criteria": say(text)},
        )
        for grade, text in words.items()
    ]


def seriousness_choices() -> list[tuple[str, str]]:
    return [(rule.code, gettext(rule.name)) for rule in current().safety.seriousness]


class GradeForm(forms.Form):
    """The grades of one term, for the page that asks anew when the term changes."""

    grade = forms.ChoiceField(label=_("How severe is it?"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, term: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "grade", grade_choices(term))


class CourseForm(EntryForm):
    """What happened: shared by the report and its correction."""

    term = forms.CharField(
        label=_("What happened?"),
        help_text=_("One diagnosis or symptom. A term from the list brings its own criteria."),
        max_length=120,
        widget=forms.TextInput(attrs={"list": "terms", "autocomplete": "off"}),
    )
    grade = forms.ChoiceField(
        label=_("How severe is it?"),
        help_text=_("CTCAE v5.0. Severe is not the same as serious."),
        widget=forms.RadioSelect,
    )
    onset_on = DayField(label=_("Began on"), required=True)
    onset_time = forms.TimeField(
        label=_("At"),
        help_text=_("If known"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", "class": "num"}, format="%H:%M"),
    )
    ended_on = DayField(label=_("Ended on"), help_text=_("Empty while it lasts"))
    outcome = forms.ChoiceField(
        label=_("Outcome so far"), choices=AdverseEvent.Outcome.choices, widget=forms.RadioSelect
    )
    treatment = text_field(_("Treatment given"), rows=3, max_length=2000)
    note = text_field(
        _("Course in your own words"),
        rows=3,
        max_length=2000,
        help_text=_("Never the patient’s name"),
    )
    meddra_code = forms.RegexField(
        r"^\d{8}$",
        label=_("MedDRA code"),
        help_text=_("Eight digits, if the site has a licence"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "num"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["term"].widget.attrs |= {
            "hx-get": reverse("safety:event-criteria"),
            "hx-trigger": "change",
            "hx-target": "#grades",
            "hx-include": "[name=grade]",
        }
        offer(self, "grade", grade_choices(str(self["term"].value() or "")))

    @property
    def terms(self) -> list[str]:
        return [name for _code, name in term_names()]

    def facts(self) -> EventFacts:
        values = {name: self.cleaned_data[name] for name in FACTS}
        return EventFacts(
            **values | {"grade": int(values["grade"])}, criteria_code=code_of(values["term"])
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            tz = timezone.get_default_timezone()
            self.add_faults(course_faults(self.facts().course, now=clock.now(), tz=tz))
        return cleaned

    def add_faults(self, faults: tuple[Fault, ...]) -> None:
        for name, why in faults:
            self.add_error(name if name in self.fields else None, why.render(gettext))


def serious_field() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=_("Is it serious? Tick what applies"),
        help_text=_("A planned admission for a trial drug is not serious."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


def aware_field() -> forms.DateTimeField:
    return MomentField(
        label=_("Known to be serious since"),
        help_text=_("When somebody at the site first knew. The clock to the sponsor starts here."),
        required=False,
    )


class EventForm(CourseForm):
    """A new event, with whose it is and whether it is serious."""

    participant = ParticipantField(label=_("Participant"))
    serious = serious_field()
    serious_aware_at = aware_field()
    field_order = (
        "participant", "term", "grade", "onset_on", "onset_time", "ended_on", "outcome",
        "serious", "serious_aware_at", "treatment", "note", "meddra_code",
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["confirmed"].label = _("Yes, it is another event")
        choice: Any = self.fields["participant"]
        choice.queryset = Participant.objects.visible_to(user)
        offer(self, "serious", seriousness_choices())

    @property
    def subjects(self) -> list[str]:
        return subjects_to_choose(self.user)

    def seriousness(self) -> Seriousness:
        values = self.cleaned_data
        return Seriousness(tuple(values["serious"]), values["serious_aware_at"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors:
            tz, course = timezone.get_default_timezone(), self.facts().course
            faults = seriousness_faults(self.seriousness(), course, now=clock.now(), tz=tz)
            self.add_faults(faults)
        return cleaned


class EventCorrectionForm(CourseForm, CorrectionForm):
    """The same, of an event that is recorded already."""

    field_order = (*FACTS, "reason")

    @classmethod
    def of(cls, event: AdverseEvent, data: Any) -> EventCorrectionForm:
        initial = {name: getattr(event, name) for name in FACTS}
        return cls(data, initial=initial | {"record_version": event.version})
