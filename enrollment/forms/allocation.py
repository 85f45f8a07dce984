"""Forms of the plan of allocation, its lists, an assigned arm, and an allocation in error."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.forms.participation import ReasonForm
from enrollment.models.allocation import MODES
from enrollment.rules.list_import import MOST_BYTES
from oversight.forms import EntryForm
from trial_site.protocol import current

MOST_PLACES = 1000  # of a list that a page makes: far beyond any target


class PlanForm(ReasonForm):
    """How the trial allocates; the protocol's own mode is chosen beforehand."""

    mode = forms.ChoiceField(
        label=_("Who decides the arm?"), choices=MODES, widget=forms.RadioSelect
    )
    factor = forms.ChoiceField(
        label=_("Stratified by"),
        help_text=_("Each stratum gets a list of its own; with few participants lists stay empty"),
        widget=forms.RadioSelect,
        required=False,
    )
    field_order = ("mode", "factor", "why")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        factors = [
            (one.code, " · ".join(gettext(stratum.name) for stratum in one.strata))
            for one in current().allocation.factors
        ]
        cast(forms.ChoiceField, self.fields["factor"]).choices = [("", _("Nothing")), *factors]


class GenerateForm(EntryForm):
    """How long the list is, and in what blocks; nobody but the statistician knows the blocks."""

    length = forms.IntegerField(label=_("Places"), max_value=MOST_PLACES)
    block_sizes = forms.TypedMultipleChoiceField(
        label=_("Block sizes"),
        help_text=_("Drawn at random among these; never told to who allocates"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = current().allocation
        self.fields["length"].initial = rule.usual_list
        self.fields["length"].help_text = gettext(
            "In each list at least, since the last block is completed; %(least)s or more"
        ) % {"least": rule.shortest_list}
        sizes = cast(forms.TypedMultipleChoiceField, self.fields["block_sizes"])
        sizes.choices = [(size, str(size)) for size in rule.block_sizes]
        sizes.initial = list(rule.block_sizes)


class ImportForm(EntryForm):
    """A statistician's own list.  Unequal arms are asked about."""

    file = forms.FileField(
        label=_("The list, as CSV"),
        help_text=_("UTF-8 text of at most 1 MB; nobody can read it here afterwards"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    confirmed = forms.BooleanField(label=_("The arms are meant to be unequal"), required=False)

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(gettext("This file is larger than 1 MB"))
        return file

    @property
    def content(self) -> bytes:
        file = self.cleaned_data["file"]
        file.seek(0)
        content: bytes = file.read()
        return content


class CloseForm(ReasonForm):
    confirmed = forms.BooleanField(label=_("Close it all the same"), required=False)


class AssignForm(ReasonForm):
    """The investigator's choice, with its reason; no arm is chosen beforehand."""

    arm = forms.ChoiceField(label=_("Arm"), widget=forms.RadioSelect)
    field_order = ("arm", "why")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        arms = [(arm.code.value, gettext(arm.short_label)) for arm in current().arms]
        cast(forms.ChoiceField, self.fields["arm"]).choices = arms
        self.fields["why"].label = _("Why this arm?")


class ErrorForm(EntryForm):
    what = forms.CharField(
        label=_("What was wrong?"),
        help_text=_("In the words of the record; never the patient’s name"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
    )
