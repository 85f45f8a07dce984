"""Opening an entry form for a participant, and going to what was saved."""

from __future__ import annotations

from typing import TypeVar

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from labs import selectors
from labs.forms import SpecimenForm
from labs.models import Specimen
from labs.readings import read, worst
from trial_site.http import StaffRequest

F = TypeVar("F", bound=SpecimenForm)


def opened(request: StaffRequest, form_class: type[F]) -> F:
    """The form, begun with what is known about the participant named in the address."""
    subject = request.GET.get("participant", "").strip().upper()
    participant = selectors.participant_named(subject, request.user)
    return form_class(
        request.POST or None, user=request.user, participant=participant, address=request.GET
    )


def to_specimen(request: StaffRequest, form: SpecimenForm, saved: Specimen | None) -> HttpResponse:
    """To the page of what was saved, or, the second time, of what had been saved before."""
    participant, sample = form.cleaned_data["participant"], form.sample
    specimen = saved or selectors.specimen_entered(
        participant, kind=sample.kind, collected_at=sample.collected_at
    )
    if saved:
        messages.success(request, _("Saved for %(subject)s") % {"subject": participant})
    else:
        messages.info(request, _("This was saved already"))
    if specimen is None:
        return redirect("labs:index")
    if plate := selectors.plate_of(specimen):
        return redirect("labs:cytotoxicity", plate.pk)
    readings = [read(found) for found in selectors.results_of(specimen)]
    return redirect("labs:result", worst(readings).result.pk)
