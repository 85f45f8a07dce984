"""Bringing a file, letting its rows be written, and putting it aside."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from labs.importing.preview import definition_digest
from labs.models import ImportFile, Laboratory
from labs.readers import MAX_BYTES
from oversight.forms import CorrectionForm, EntryForm
from trial_site.models import User
from trial_site.uploads import MEGABYTE, UploadField

ENDINGS = ".csv,.tsv,.txt,.xlsx,.hl7,.oru,.dat"


class FileForm(EntryForm):
    """A file of one of the laboratories that the person works at."""

    laboratory = forms.ModelChoiceField(
        label=_("Laboratory"), queryset=Laboratory.objects.none(), empty_label=_("Choose")
    )
    file = UploadField(
        label=_("File"),
        help_text=_("CSV, Excel (.xlsx) or HL7 v2 (ORU^R01), as the laboratory’s system wrote it"),
        megabytes=MAX_BYTES // MEGABYTE,
        max_length=200,
        widget=forms.FileInput({"accept": ENDINGS}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any):
        super().__init__(*args, **kwargs)
        laboratory: Any = self.fields["laboratory"]
        laboratory.queryset = Laboratory.objects.visible_to(user)
        found = list(laboratory.queryset[:2])
        if len(found) == 1:
            laboratory.initial = found[0]
        self.has_laboratory = bool(found)

    @property
    def content(self) -> bytes:
        content: bytes = self.cleaned_data["file"].read()
        return content


class ConfirmForm(EntryForm):
    """Let the rows be written as the page showed them.

    ``judged`` is what the mapping said when the page was made: if it says something else now, the
    rows are to be looked at again.
    """

    record_version = forms.IntegerField(widget=forms.HiddenInput)
    judged = forms.CharField(widget=forms.HiddenInput)
    takes_doubtful = forms.BooleanField(
        label=_("Yes, as printed"),
        required=False,
        # It stands beside the questions, above the rows; the form stands below them.
        widget=forms.CheckboxInput({"form": "confirm"}),
    )

    def __init__(self, *args: Any, file: ImportFile, **kwargs: Any):
        self.definition = definition_digest(file)
        initial = {"record_version": file.version, "judged": self.definition}
        super().__init__(*args, initial=initial, **kwargs)

    def clean_judged(self) -> str:
        judged: str = self.cleaned_data["judged"]
        if judged != self.definition:
            self.add_error(None, gettext("The mapping was changed: look at the rows again"))
        return judged


class DiscardForm(CorrectionForm):
    """Put a file aside unread."""

    def __init__(self, *args: Any, file: ImportFile, **kwargs: Any):
        super().__init__(*args, initial={"record_version": file.version}, **kwargs)
        self.fields["reason"].label = _("Why is the file put aside?")
        self.fields["reason"].help_text = ""
