"""Forms of consent: a version of the form, a signature, a withdrawal."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.forms.fields import MomentField, column_field
from enrollment.models import Consent, ConsentVersion
from oversight.forms import EntryForm
from trial_site import clock

PDF_BEGINS = b"%PDF-"
MOST_BYTES = 20 * 1024 * 1024
LANGUAGE_NAMES = dict(settings.LANGUAGES)


if TYPE_CHECKING:
    _Choice = forms.ModelChoiceField[ConsentVersion]
    _Upload = UploadedFile[Any]
else:
    _Choice, _Upload = forms.ModelChoiceField, UploadedFile


class ConsentVersionChoice(_Choice):
    """One of the registered versions, those that are valid now first."""

    def label_from_instance(self, version: Any) -> str:
        language = LANGUAGE_NAMES.get(version.language, version.language)
        name = f"{version.version_label} · {language}"
        if version.is_valid_on(clock.today()):
            return name
        return gettext("%(name)s (not valid today)") % {"name": name}


class ConsentForm(EntryForm):
    """A signed consent, or a renewed one."""

    form = ConsentVersionChoice(
        ConsentVersion.objects.none(),
        label=_("Which version of the consent form?"),
        help_text=_("As printed on the signed form"),
    )
    signed_at = MomentField(label=_("When was it signed?"))
    explained_by = column_field(
        Consent,
        "explained_by",
        label=_("Who explained the trial?"),
        help_text=_("A member of staff; never the patient’s name"),
    )

    def __init__(self, data: Any = None, *, versions: list[ConsentVersion]) -> None:
        super().__init__(data)
        today = clock.today()
        field = cast("forms.ModelChoiceField[ConsentVersion]", self.fields["form"])
        field.queryset = ConsentVersion.objects.order_by("-valid_from", "language")
        valid = [version for version in versions if version.is_valid_on(today)]
        if len(valid) == 1:
            self.initial["form"] = valid[0].pk

    @property
    def answers(self) -> dict[str, Any]:
        """What the action takes."""
        names = ("form", "signed_at", "explained_by", "confirmed")
        return {name: self.cleaned_data[name] for name in names}


class WithdrawalForm(EntryForm):
    """The patient took the consent back."""

    withdrawn_at = MomentField(label=_("When was the consent withdrawn?"))
    why = forms.CharField(
        label=_("Why, if the patient said so"),
        help_text=_("Nobody has to give a reason; never the patient’s name"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
        required=False,
    )


class ConsentVersionForm(EntryForm):
    """A version of the form.  The file is hashed and not kept."""

    version_label = column_field(
        ConsentVersion,
        "version_label",
        label=_("Version"),
        help_text=_("As printed on the form, for example 1.1"),
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, widget=forms.RadioSelect
    )
    valid_from = forms.DateField(
        label=_("Valid from"),
        help_text=_("The open version of this language ends the day before"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "num"}),
    )
    file = forms.FileField(
        label=_("The approved form, as PDF"),
        help_text=_("Only its SHA-256 is kept: it proves later which file it was"),
        widget=forms.FileInput(attrs={"accept": "application/pdf"}),
    )

    def clean_file(self) -> _Upload:
        file: _Upload = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(gettext("This file is larger than 20 MB"))
        if file.read(len(PDF_BEGINS)) != PDF_BEGINS:
            raise ValidationError(gettext("This is not a PDF file"))
        return file

    @property
    def file_sha256(self) -> str:
        hashed, file = hashlib.sha256(), cast(_Upload, self.cleaned_data["file"])
        file.seek(0)
        for chunk in file.chunks():
            hashed.update(chunk)
        return hashed.hexdigest()

    @property
    def answers(self) -> dict[str, Any]:
        """What the action takes."""
        valid_from: dt.date = self.cleaned_data["valid_from"]
        return {
            "version_label": self.cleaned_data["version_label"],
            "language": self.cleaned_data["language"],
            "valid_from": valid_from,
            "file_sha256": self.file_sha256,
        }
