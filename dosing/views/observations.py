"""Vital signs and reactions around a dose: short forms of the bedside."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from dosing.actions import reactions as actions
from dosing.actions.vital_signs import correct_vital_signs, record_vital_signs
from dosing.forms import (
    ReactionCorrectionForm,
    ReactionForm,
    VitalSignsCorrectionForm,
    VitalSignsForm,
)
from dosing.models import Administration, Reaction, VitalSigns
from dosing.views.common import about, dose_of, form_page, page, saved, to_sheet
from dosing.wording import reaction_name, reaction_text, signs_text, what_happened
from oversight.forms import Outcome, attempt
from trial_site import clock
from trial_site.http import StaffRequest
from trial_site.messages import Message
from trial_site.protocol import current


@form_page
def vital_signs(request: StaffRequest, pk: int) -> HttpResponse:
    """What was measured before or after a dose."""
    dose = dose_of(request, pk)
    form = VitalSignsForm(request.POST or None, initial=_begins_with(dose))
    if request.method == "POST" and form.is_valid():
        outcome = attempt(
            form,
            lambda: record_vital_signs(
                dose, measured=form.measured(), by=request.user, key=form.key
            ),
        )
        if outcome:
            return _to_dose(request, dose, outcome, signs_text)
    return _page(request, "dosing/vital_signs.html", dose, form=form)


@form_page
def correct_signs(request: StaffRequest, pk: int) -> HttpResponse:
    """What was recorded of vital signs was wrong: both are kept, with the reason."""
    visible = VitalSigns.objects.in_force().visible_to(request.user)
    signs = get_object_or_404(visible.select_related("administration__participant"), pk=pk)
    dose = signs.administration
    form = VitalSignsCorrectionForm.of(signs, request.POST or None)
    if request.method == "POST" and form.is_valid():
        outcome = attempt(
            form,
            lambda: correct_vital_signs(
                signs,
                measured=form.measured(),
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return _to_dose(request, dose, outcome, signs_text)
    return _page(request, "dosing/vital_signs.html", dose, form=form, saved=signs)


@form_page
def reaction(request: StaffRequest, pk: int) -> HttpResponse:
    """First what was seen, then how bad it is in the words of its own grades."""
    dose = dose_of(request, pk)
    kind = request.GET.get("kind", "")
    names = {row.code: row.name for row in current().safety.reactions}
    if not kind:
        return _page(request, "dosing/reaction_choose.html", dose, kinds=names.items())
    if kind not in names:
        raise Http404
    now = clock.now().replace(second=0, microsecond=0)
    form = ReactionForm(request.POST or None, kind=kind, initial={"onset_at": now})
    if request.method == "POST" and form.is_valid():
        outcome = attempt(
            form,
            lambda: actions.record_reaction(dose, seen=form.seen(), by=request.user, key=form.key),
        )
        if outcome:
            return _to_dose(request, dose, outcome, reaction_text)
    return _page(request, "dosing/reaction.html", dose, form=form, kind=reaction_name(kind))


@form_page
def correct_reaction(request: StaffRequest, pk: int) -> HttpResponse:
    """A reaction that was recorded wrongly, or that has ended."""
    visible = Reaction.objects.in_force().visible_to(request.user)
    seen = get_object_or_404(visible.select_related("administration__participant"), pk=pk)
    dose = seen.administration
    form = ReactionCorrectionForm.of(seen, request.POST or None)
    if request.method == "POST" and form.is_valid():
        outcome = attempt(
            form,
            lambda: actions.correct_reaction(
                seen,
                seen=form.seen(),
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return _to_dose(request, dose, outcome, reaction_text)
    kind = reaction_name(seen.kind)
    return _page(request, "dosing/reaction.html", dose, form=form, kind=kind, saved=seen)


def _begins_with(dose: Administration) -> dict[str, object]:
    """After the dose, now, unless signs from before it are still missing."""
    timing = VitalSigns.Timing
    before = dose.vital_signs.in_force().filter(timing=timing.BEFORE).exists()
    is_next = timing.AFTER if before and dose.delivered else timing.BEFORE
    return {"timing": is_next, "measured_at": clock.now().replace(second=0, microsecond=0)}


def _page(
    request: StaffRequest, template: str, dose: Administration, **context: object
) -> HttpResponse:
    subject = dose.participant.subject
    return page(request, template, subject, dose=dose, was=what_happened(dose), **context)


def _to_dose(
    request: StaffRequest,
    dose: Administration,
    outcome: Outcome[Any],
    in_words: Callable[[Any], Message],
) -> HttpResponse:
    said = about(dose, in_words(outcome.record)) if outcome.record else None
    saved(request, outcome, said)
    return to_sheet(dose.participant.subject, timezone.localdate(dose.slot_at))
