"""Recording a dose that no slot was planned for."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from dosing.actions.doses import record_unplanned_dose
from dosing.forms import UnplannedForm
from dosing.models import DrugChoice
from dosing.views.common import done, form_page, page, participant_of
from dosing.wording import drug_name, order_text, route
from enrollment.models import Participant
from oversight.forms import attempt
from trial_site import clock
from trial_site.http import StaffRequest
from trial_site.protocol import current


@require_GET
def choose(request: StaffRequest, subject: str) -> HttpResponse:
    """Which drug was given."""
    participant = _treated(request, subject)
    drugs = [(drug, drug_name(drug)) for drug in DrugChoice.values]
    return page(
        request, "dosing/unplanned_choose.html", subject, participant=participant, drugs=drugs
    )


@form_page
def record(request: StaffRequest, subject: str, drug: str) -> HttpResponse:
    """What was given without a plan, and when."""
    if drug not in DrugChoice.values:
        raise Http404
    participant = _treated(request, subject)
    form = UnplannedForm(
        request.POST or None,
        participant=participant,
        drug=drug,
        initial={"given_at": clock.now().replace(second=0, microsecond=0)},
    )
    if request.method == "POST" and form.is_valid():
        outcome = attempt(
            form,
            lambda: record_unplanned_dose(
                participant,
                drug=drug,
                given=form.given(),
                confirmed=form.cleaned_data["confirmed"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return done(request, outcome, subject, form.given().minute)
    order = participant.orders.filter(drug=drug, ends_at=None).first()
    return page(
        request,
        "dosing/unplanned.html",
        subject,
        participant=participant,
        drug=drug_name(drug),
        route=route(drug),
        ordered=order and order_text(order),
        is_of_arm=drug in current().arm(participant.allocation.arm).drugs,
        form=form,
    )


def _treated(request: StaffRequest, subject: str) -> Participant:
    """Whoever is allocated; for anybody else there is no dose to record."""
    participant = participant_of(request, subject)
    if participant.arm is None:
        raise Http404
    return participant
