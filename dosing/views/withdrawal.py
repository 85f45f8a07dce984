"""Withdrawing the drugs, and ending rescue treatment."""

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dosing.actions.rescue import end_rescue
from dosing.actions.withdrawal import withdraw_drugs, withdrawal_refusal
from dosing.forms import WithdrawForm
from dosing.totals import totals_to_date
from dosing.views.common import form_page, page, participant_of, saved, to_orders
from dosing.withdrawal_facts import withdrawal_facts
from dosing.wording import order_text
from enrollment.forms.participation import ReasonForm
from enrollment.states import State
from oversight.forms import attempt
from oversight.signing import sign
from trial_site.http import StaffRequest


@form_page
def withdraw(request: StaffRequest, subject: str) -> HttpResponse:
    """The decision to stop the drugs of one participant, on what is known, signed (R15)."""
    participant = participant_of(request, subject)
    form = WithdrawForm(request.POST or None)
    if form.is_bound and form.is_valid():
        answers = form.cleaned_data
        outcome = attempt(
            form,
            lambda: withdraw_drugs(
                participant,
                why=answers["why"],
                note=answers["note"],
                signature=sign(request, request.user, answers["password"]),
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            saved(request, outcome, _("%(subject)s: drugs withdrawn") % {"subject": subject})
            return to_orders(subject)
    return page(
        request,
        "dosing/withdraw.html",
        subject,
        participant=participant,
        refusal=withdrawal_refusal(participant),
        facts=withdrawal_facts(participant, request.user),
        form=form,
    )


@form_page
def rescue_end(request: StaffRequest, subject: str) -> HttpResponse:
    """Rescue treatment ends: its orders stop and follow-up goes on."""
    participant = participant_of(request, subject)
    if participant.state != State.RESCUE and request.method == "GET":
        messages.info(request, _("This participant is not under rescue treatment"))
        return to_orders(subject)
    form = ReasonForm(request.POST or None)
    if form.is_bound and form.is_valid():
        why = form.cleaned_data["why"]
        outcome = attempt(
            form, lambda: end_rescue(participant, why=why, by=request.user, key=form.key)
        )
        if outcome:
            done = _("%(subject)s: rescue treatment has ended") % {"subject": subject}
            saved(request, outcome, done)
            return to_orders(subject)
    return page(
        request,
        "dosing/rescue_end.html",
        subject,
        participant=participant,
        stops=[order_text(order) for order in participant.orders.filter(ends_at=None)],
        totals=totals_to_date(participant),
        form=form,
    )
