"""Attaching a cytometer's files to a plate."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from labs import actions, selectors
from labs.cytometry import attached_files
from labs.forms import CytometerFileForm
from labs.forms.cytometer import MOST_MEGABYTES
from labs.views.pages import page
from oversight.forms import attempt
from trial_site.http import StaffRequest
from trial_site.uploads import takes_files


@takes_files(up_to=MOST_MEGABYTES)
@require_http_methods(["GET", "POST"])
def cytotoxicity_file(request: StaffRequest, pk: int) -> HttpResponse:
    """Attach one FCS file; the page comes back with the next well proposed."""
    assay = get_object_or_404(selectors.assays_visible_to(request.user).in_force(), pk=pk)
    files = attached_files(assay)
    taken = {attached.file.well for attached in files}
    form = CytometerFileForm(request.POST or None, request.FILES or None, assay=assay, taken=taken)
    if form.is_valid():
        upload = form.cleaned_data["file"]
        outcome = attempt(
            form,
            lambda: actions.attach_file(
                assay,
                name=upload.name,
                content=upload.read(),
                well=form.cleaned_data["well"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            said = _("The file is attached") if outcome.record else _("This was saved already")
            messages.success(request, said)
            return redirect("labs:cytotoxicity-file", pk)
    return page(request, "labs/cytotoxicity_file.html", form=form, assay=assay, files=files)
