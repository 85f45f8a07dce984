"""The file of a cytometer, and the well that it is of."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from labs.models import CytotoxicityAssay
from labs.plate import well_code, well_title
from labs.readers.fcs import MAX_FCS_BYTES
from oversight.forms import EntryForm
from trial_site.uploads import MEGABYTE, UploadField

MOST_MEGABYTES = MAX_FCS_BYTES // MEGABYTE


class CytometerFileForm(EntryForm):
    """``taken`` are the codes of the wells that have a file; the first without one is proposed."""

    file = UploadField(
        label=_("FCS file"),
        help_text=_("Its name, hash and events are kept, the file is not. No name of a person."),
        megabytes=MOST_MEGABYTES,
        max_length=200,
        widget=forms.ClearableFileInput({"accept": ".fcs"}),
    )
    well = forms.ChoiceField(label=_("Which well is it of?"), required=False)

    def __init__(
        self, *args: Any, assay: CytotoxicityAssay, taken: set[str], **kwargs: Any
    ) -> None:
        codes = [well_code(well) for well in assay.typed_wells]
        free = next((code for code in codes if code not in taken), "")
        super().__init__(*args, initial={"well": free}, **kwargs)
        wells: Any = self.fields["well"]
        titles = ((well_code(well), well_title(well)) for well in assay.typed_wells)
        named = ((code, title.render(gettext)) for code, title in titles)
        wells.choices = [("", gettext("The whole plate")), *named]
