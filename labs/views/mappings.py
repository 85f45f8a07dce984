"""What the columns of a laboratory's files mean: said for one file, kept for the next."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from labs.actions import imports as actions
from labs.forms import MappingForm
from labs.importing.beginnings import beginning
from labs.importing.contents import contents_of
from labs.importing.described import described
from labs.importing.files import UNUSABLE
from labs.importing.listing import files_visible_to, mappings_visible_to, subjects_of
from labs.models import ColumnMapping, ImportFile
from labs.rules.mapping import Mapping
from labs.views.pages import page
from oversight.forms import attempt
from trial_site.http import StaffRequest

NAME_LENGTH = 60


@require_http_methods(["GET", "POST"])
def mapping(request: StaffRequest, pk: int) -> HttpResponse:
    """The mapping of one file; ``preview`` shows what it asks for so far and saves nothing."""
    found = get_object_or_404(files_visible_to(request.user), pk=pk)
    if found.status != ImportFile.Status.UPLOADED:
        return redirect("labs:import-file", pk)
    try:
        form, saved = _opened(request, found)
    except UNUSABLE:
        return redirect("labs:import-file", pk)
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        done = attempt(form, lambda: _map(request, found, form))
        if done:
            return redirect("labs:import-file", pk)
    crumbs = [(_("Labs"), reverse("labs:index")), (_("Import"), reverse("labs:import"))]
    kept = mappings_visible_to(request.user).filter(laboratory=found.laboratory)
    context = {"form": form, "file": found, "saved": saved, "kept": kept, "crumbs": crumbs}
    return page(request, "labs/import_mapping.html", **context)


def _opened(request: StaffRequest, found: ImportFile) -> tuple[MappingForm, ColumnMapping | None]:
    """The form, and the saved mapping that it was begun with; raises ``UNUSABLE``."""
    contents, kept = contents_of(found), mappings_visible_to(request.user)
    chosen = request.GET.get("from", "")
    wanted = int(chosen) if chosen.isdecimal() else 0
    named = kept.filter(laboratory=found.laboratory, pk=wanted).first()
    begun, saved = beginning(found, contents, named)
    form_of = partial(MappingForm, contents=contents, subjects=subjects_of(found.laboratory))
    if request.method != "POST":
        name = saved.name if saved else found.name.rpartition(".")[0][:NAME_LENGTH]
        return form_of(begun=begun, initial={"name": name}), saved
    form = form_of(request.POST, begun=begun)
    if "preview" in request.POST:
        form = form_of(begun=form.mapping, initial=form.again)
    return form, saved


def _map(request: StaffRequest, found: ImportFile, form: MappingForm) -> ImportFile:
    kept = actions.save_mapping(
        found.laboratory,
        name=form.cleaned_data["name"],
        definition=form.mapping.to_json(),
        reason=form.cleaned_data["reason"],
        by=request.user,
    )
    return actions.map_file(found, mapping=kept, by=request.user)


@require_GET
def mappings(request: StaffRequest) -> HttpResponse:
    """Every saved mapping, with what it holds."""
    crumbs = [(_("Labs"), reverse("labs:index")), (_("Import"), reverse("labs:import"))]
    kept = mappings_visible_to(request.user)
    told = [(one, described(Mapping.from_json(one.definition))) for one in kept]
    return page(request, "labs/import_mappings.html", mappings=told, crumbs=crumbs)
