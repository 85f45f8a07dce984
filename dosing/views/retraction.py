"""Undoing what was just recorded, and marking an entry as made in error."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dosing.actions import retraction as actions
from dosing.actions.reactions import retract_reaction
from dosing.actions.vital_signs import retract_vital_signs
from dosing.forms import RetractForm
from dosing.models import Administration, Reaction, VitalSigns
from dosing.views.common import about, dose_of, form_page, page, saved, to_sheet
from dosing.wording import reaction_text, signs_text, what_happened
from oversight.forms import attempt
from oversight.refusals import Refused
from trial_site.http import StaffRequest
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

UNDONE = Message(gettext_noop("undone, nothing is recorded"))
RETRACTED = Message(gettext_noop("marked as entered in error"))


@require_POST
def undo(request: StaffRequest, pk: int) -> HttpResponse:
    """One tap within a minute; a second tap finds nothing left to undo."""
    visible = Administration.objects.visible_to(request.user).select_related("participant")
    dose = get_object_or_404(visible, pk=pk)
    try:
        actions.undo_dose(dose, by=request.user)
    except Refused as refused:
        messages.info(request, about(dose, refused.message))
    else:
        messages.success(request, about(dose, UNDONE))
    return to_sheet(dose.participant.subject, timezone.localdate(dose.slot_at))


@form_page
def dose(request: StaffRequest, pk: int) -> HttpResponse:
    """A dose that never was, or not like this."""
    found = dose_of(request, pk)
    return _retract(request, found, found, what_happened(found), actions.retract_dose)


@form_page
def vital_signs(request: StaffRequest, pk: int) -> HttpResponse:
    """Vital signs that were never measured, or on somebody else."""
    visible = VitalSigns.objects.in_force().visible_to(request.user)
    signs = get_object_or_404(visible.select_related("administration__participant"), pk=pk)
    return _retract(request, signs, signs.administration, signs_text(signs), retract_vital_signs)


@form_page
def reaction(request: StaffRequest, pk: int) -> HttpResponse:
    """A reaction that never was, or somebody else's."""
    visible = Reaction.objects.in_force().visible_to(request.user)
    seen = get_object_or_404(visible.select_related("administration__participant"), pk=pk)
    return _retract(request, seen, seen.administration, reaction_text(seen), retract_reaction)


def _retract(
    request: StaffRequest,
    record: Any,
    dose: Administration,
    what: Message,
    act: Callable[..., Any],
) -> HttpResponse:
    form = RetractForm.of(record, request.POST or None)
    if request.method == "POST" and form.is_valid():
        outcome = attempt(
            form,
            lambda: act(
                record,
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            saved(request, outcome, f"{about(dose, what)}: {RETRACTED.render(_)}")
            return to_sheet(dose.participant.subject, timezone.localdate(dose.slot_at))
    return page(
        request, "dosing/in_error.html", dose.participant.subject, dose=dose, what=what, form=form
    )
