"""The investigator's signature below an eligible screening; a screening that ends or repeats."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from enrollment import selectors
from enrollment.actions.screening import (
    ENDS_BEFORE_ENROLMENT,
    confirm_eligibility,
    end_screening,
    rescreen,
)
from enrollment.forms.participation import DispositionForm, PressForm, SignForm
from enrollment.lists import ScreeningLine
from enrollment.models import Screening
from enrollment.states import BEFORE_ENROLMENT, State
from enrollment.views.cards import cards
from enrollment.views.common import GET_OR_POST, posted, screening_crumbs, tell, tell_errors
from oversight.forms import attempt
from oversight.signing import sign
from trial_site.http import StaffRequest
from trial_site.protocol import by_version


@GET_OR_POST
def confirm(request: StaffRequest, number: str) -> HttpResponse:
    """What is confirmed, in words, and the password (R15)."""
    screening = get_object_or_404(selectors.screenings(request.user), number=number)
    if screening.status != Screening.Status.ELIGIBLE or screening.confirmed_at:
        messages.info(request, _("There is nothing to confirm."))
        return redirect("enrollment:screening", number)
    form = SignForm(posted(request), initial={"record_version": screening.version})
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        signed = attempt(
            form,
            lambda: confirm_eligibility(
                screening,
                version=answers["record_version"],
                signature=sign(request, request.user, answers["password"]),
                by=request.user,
                key=form.key,
            ),
        )
        if signed:
            tell(request, signed, _("Eligibility is confirmed."))
            return redirect("enrollment:screening", number)
    eligibility = screening.verdict
    found = cards(by_version(eligibility.protocol_version), eligibility)
    context = {
        "form": form,
        "line": ScreeningLine.of(screening),
        "cards": found.values(),
        "judgements": [card for card in found.values() if card.flags],
        "eligibility": eligibility,
        "crumbs": screening_crumbs(screening),
        "here": _("Confirm eligibility"),
    }
    return render(request, "enrollment/confirm.html", context)


@require_POST
def again(request: StaffRequest, number: str) -> HttpResponse:
    """Screen the patient again, and go on to the new form."""
    screening = get_object_or_404(selectors.screenings(request.user), number=number)
    form = PressForm(request.POST)
    if form.is_valid():
        made = attempt(form, lambda: rescreen(screening, by=request.user, key=form.key))
        if made and made.record:
            messages.success(request, _("A new screening of this patient is open."))
            return redirect("enrollment:screening-edit", made.record.number)
        if made:
            tell(request, made, "")
    tell_errors(request, form)
    return redirect("enrollment:screening", number)


@GET_OR_POST
def end(request: StaffRequest, number: str) -> HttpResponse:
    """A screening that leads nowhere."""
    screening = get_object_or_404(selectors.screenings(request.user), number=number)
    if screening.state not in BEFORE_ENROLMENT:
        messages.info(request, _("This screening has ended, or the patient is enrolled."))
        return redirect("enrollment:screening", number)
    form = DispositionForm(posted(request), ends=ENDS_BEFORE_ENROLMENT)
    if request.method == "POST" and form.is_valid():
        after, why = State(form.cleaned_data["after"]), form.cleaned_data["why"]
        saved = attempt(
            form,
            lambda: end_screening(screening, after=after, why=why, by=request.user, key=form.key),
        )
        if saved:
            tell(request, saved, _("The end of the screening is recorded."))
            return redirect("enrollment:screening", number)
    context = {
        "form": form,
        "screening": screening,
        "crumbs": screening_crumbs(screening),
        "here": _("End the screening"),
    }
    return render(request, "enrollment/screening_end.html", context)
