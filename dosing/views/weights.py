"""Body weights: recorded, corrected, marked as entered in error."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from dosing.actions.weights import correct_weight, record_weight, retract_weight
from dosing.forms import WeightCorrectionForm, WeightForm
from dosing.models import BodyWeight
from dosing.proposals import basis_of
from dosing.views.common import form_page, page, participant_of, saved, to_orders
from oversight.forms import CorrectionForm, attempt
from trial_site import clock
from trial_site.http import StaffRequest


@form_page
def new(request: StaffRequest, subject: str) -> HttpResponse:
    """A new weight."""
    participant = participant_of(request, subject)
    now = clock.now().replace(second=0, microsecond=0)
    form = WeightForm(request.POST or None, initial={"measured_at": now})
    if form.is_bound and form.is_valid():
        outcome = attempt(
            form, lambda: record_weight(participant, by=request.user, **form.values())
        )
        if outcome:
            saved(request, outcome, _("%(subject)s: weight recorded") % {"subject": subject})
            return to_orders(subject)
    return page(
        request,
        "dosing/weight.html",
        subject,
        participant=participant,
        weight=basis_of(participant).weight,
        form=form,
    )


@form_page
def correct(request: StaffRequest, pk: int) -> HttpResponse:
    """What was recorded was wrong: both are kept, with the reason."""
    weight = _weight(request, pk)
    subject = weight.participant.subject
    form = WeightCorrectionForm.of(weight, request.POST or None)
    if form.is_bound and form.is_valid():
        outcome = attempt(form, lambda: correct_weight(weight, by=request.user, **form.values()))
        if outcome:
            saved(request, outcome, _("%(subject)s: weight corrected") % {"subject": subject})
            return to_orders(subject)
    return page(request, "dosing/weight_correct.html", subject, weight=weight, form=form)


@form_page
def in_error(request: StaffRequest, pk: int) -> HttpResponse:
    """A weight that was never measured like this."""
    weight = _weight(request, pk)
    subject = weight.participant.subject
    form = CorrectionForm(request.POST or None, initial={"record_version": weight.version})
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        outcome = attempt(
            form,
            lambda: retract_weight(
                weight,
                reason=given["reason"],
                version=given["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            done = _("%(subject)s: weight marked as entered in error") % {"subject": subject}
            saved(request, outcome, done)
            return to_orders(subject)
    return page(request, "dosing/weight_in_error.html", subject, weight=weight, form=form)


def _weight(request: StaffRequest, pk: int) -> BodyWeight:
    visible = BodyWeight.objects.in_force().visible_to(request.user)
    weight: BodyWeight = get_object_or_404(visible.select_related("participant"), pk=pk)
    return weight
