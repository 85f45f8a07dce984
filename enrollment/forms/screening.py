"""The screening form: first entry, continued draft, correction of what was submitted."""

from dataclasses import replace
from typing import Any, cast

from django import forms
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.facts import Operator, ScreeningFacts
from enrollment.forms.answers import answers_of, facts_of, field_name
from enrollment.forms.differences import differences
from enrollment.forms.questions import UNIT_OF, Questions
from enrollment.forms.steroids import steroid_lines
from enrollment.models import Screening
from enrollment.rules.entry import impossible
from oversight.forms import Conflict, CorrectionForm, EntryForm
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.protocol import current

STEROIDS = "steroids"


class ScreeningForm(EntryForm, Questions):
    """All answers; gives ``facts`` once they are valid.  ``steroids`` is a formset inside it."""

    def __init__(
        self, data: Any = None, *, facts: ScreeningFacts | None = None, **kwargs: Any
    ) -> None:
        facts = facts or ScreeningFacts()
        kwargs["initial"] = answers_of(facts) | kwargs.get("initial", {})
        super().__init__(data, **kwargs)
        self.steroids = steroid_lines(facts, data)

    @property
    def parts(self) -> list[Any]:
        """The form and its formset, for the error summary."""
        return [self, self.steroids]

    @property
    def facts(self) -> ScreeningFacts:
        return facts_of(self.cleaned_data, self.steroids.doses)

    @property
    def facts_so_far(self) -> ScreeningFacts:
        """What can be read of an unfinished form: what cannot is missing, and so unknown.

        A corticosteroid line that cannot be read makes the whole block unread: the lines beside it
        would add up to too little.
        """
        return ScreeningFacts() if self.errors is None else self._readable()

    def _readable(self) -> ScreeningFacts:
        if self.steroids.is_valid():
            return self.facts
        return replace(facts_of(self.cleaned_data, ()), no_steroids=None)

    def is_valid(self) -> bool:
        return super().is_valid() and self.steroids.is_valid()

    def clean(self) -> dict[str, Any]:
        super().clean()
        self._check_units()
        self._check_not_detected()
        for doubt in impossible(self._readable(), current()):
            self._refuse(doubt.field, doubt.message.render(gettext))
        return self.cleaned_data

    def _check_units(self) -> None:
        for unit, numbers in UNIT_OF.items():
            has_number = any(self.cleaned_data.get(name) is not None for name in numbers)
            if has_number and not self.cleaned_data.get(unit):
                text = gettext("Choose the unit that the laboratory printed for %(name)s")
                self.add_error(unit, text % {"name": self.fields[numbers[0]].label})

    def _check_not_detected(self) -> None:
        not_detected = self.cleaned_data.get("cmv_operator") is Operator.NOT_DETECTED
        if not_detected and self.cleaned_data.get("cmv_value") is not None:
            self.add_error("cmv_value", gettext("Not detected has no number: empty this"))

    def _refuse(self, path: str, message: str) -> None:
        if path == STEROIDS:
            self.steroids.refuse(message)
        else:
            self.add_error(field_name(path), message)

    def ask(self, questions: tuple[tuple[str, Message], ...]) -> None:
        super().ask(tuple((field_name(path), message) for path, message in questions))


class NewScreeningForm(ScreeningForm):
    """The first entry.  Who works at one site only is not asked for the site."""

    site = forms.ModelChoiceField(Site.objects.none(), label=_("Site"))

    def __init__(self, data: Any = None, *, by: User, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        field = cast("forms.ModelChoiceField[Site]", self.fields["site"])
        field.queryset = by.sites.all()
        sites = list(field.queryset)
        if len(sites) == 1:
            field.initial, field.widget = sites[0], forms.HiddenInput()


class EditScreeningForm(ScreeningForm, CorrectionForm):
    """A saved screening.  A draft goes on without a reason."""

    def __init__(self, data: Any = None, *, screening: Screening) -> None:
        super().__init__(
            data,
            facts=screening.answers,
            initial={"record_version": screening.version},
        )
        if screening.is_draft:
            del self.fields["reason"]

    def show_conflicts(self, record: models.Model) -> None:
        """Put what was typed beside what somebody else saved, and take up the new version."""
        super().show_conflicts(record)
        found = differences(self, self.facts, cast(Screening, record).answers)
        self.conflicts = [Conflict(each.label, each.one, each.other) for each in found]
