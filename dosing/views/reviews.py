"""An order whose creatinine clearance has moved to another band."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from dosing.actions.reviews import keep_order
from dosing.forms import KeepForm
from dosing.models import Order
from dosing.orders_page import OrderLine
from dosing.reviews import review_of
from dosing.views.common import form_page, page, saved, to_orders
from oversight.forms import attempt
from trial_site.http import StaffRequest


@form_page
def review(request: StaffRequest, order: int) -> HttpResponse:
    """What the order rests on beside what would be proposed now; change it, or keep it and say
    why."""
    visible = Order.objects.visible_to(request.user).select_related("participant__allocation")
    reviewed = get_object_or_404(visible, pk=order)
    subject = reviewed.participant.subject
    found = review_of(reviewed)
    form = KeepForm(request.POST or None, initial={"band": found.proposal.band if found else ""})
    if form.is_bound and form.is_valid():
        band, why = form.cleaned_data["band"], form.cleaned_data["why"]
        outcome = attempt(
            form,
            lambda: keep_order(reviewed, band=band, why=why, by=request.user, key=form.key),
        )
        if outcome:
            saved(request, outcome, _("%(subject)s: the order stays") % {"subject": subject})
            return to_orders(subject)
    if found is None:
        messages.info(request, _("Nothing asks for a review of this order"))
        return to_orders(subject)
    form.show_band(found.proposal.band)
    return page(
        request,
        "dosing/review.html",
        subject,
        line=OrderLine(reviewed, ()),
        review=found,
        form=form,
    )
