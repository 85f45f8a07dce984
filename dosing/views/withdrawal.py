"""Withdrawing the drugs."""

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dosing.actions.withdrawal import withdraw_drugs, withdrawal_refusal
from dosing.forms import WithdrawForm
from dosing.selectors import totals_to_date
from dosing.views.common import form_page, page, participant_of, to_sheet
from oversight.forms import attempt
from trial_site import clock
from trial_site.http import StaffRequest


@form_page
def withdraw(request: StaffRequest, subject: str) -> HttpResponse:
    """Stop the drugs of one participant; follow-up begins."""
    participant = participant_of(request, subject)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        outcome = attempt(
            form,
            lambda: withdraw_drugs(
                participant,
                reason=form.cleaned_data["reason"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            messages.success(request, _("%(subject)s: drugs withdrawn") % {"subject": subject})
            return to_sheet(subject, clock.today())
    return page(
        request,
        "dosing/withdraw.html",
        subject,
        participant=participant,
        refusal=withdrawal_refusal(participant),
        totals=totals_to_date(participant),
        form=form,
    )
