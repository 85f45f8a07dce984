"""Consent: what is signed, renewal, withdrawal; and the versions of the form."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enrollment import selectors
from enrollment.actions.consent import (
    record_consent,
    register_consent_version,
    withdraw_consent,
)
from enrollment.actions.gates import consent_problem
from enrollment.forms.consent import ConsentForm, ConsentVersionForm, WithdrawalForm
from enrollment.permissions import MANAGE_CONSENT_FORMS, WITHDRAW_CONSENT
from enrollment.views.common import GET_OR_POST, posted, screening_crumbs, tell
from oversight.forms import attempt
from trial_site import clock
from trial_site.http import StaffRequest


@GET_OR_POST
def consent(request: StaffRequest, number: str) -> HttpResponse:
    """What is signed so far, and the next signature."""
    screening = get_object_or_404(selectors.screenings(request.user), number=number)
    versions = selectors.consent_versions()
    form = ConsentForm(posted(request), versions=versions)
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            form,
            lambda: record_consent(screening, by=request.user, key=form.key, **form.answers),
        )
        if saved:
            tell(request, saved, _("The consent is recorded."))
            return redirect("enrollment:screening", number)
    context = {
        "form": form,
        "screening": screening,
        "consents": screening.consents.all(),
        "problem": consent_problem(screening, clock.today()) if screening.consent else None,
        "versions": versions,
        "takes_more": not screening.withdrawal and len(screening.consents.all()) < len(versions),
        "may_withdraw": WITHDRAW_CONSENT.allows(request.user)
        and screening.consent
        and not screening.withdrawal,
        "crumbs": screening_crumbs(screening),
        "here": _("Consent"),
    }
    return render(request, "enrollment/consent.html", context)


@GET_OR_POST
def withdraw(request: StaffRequest, number: str) -> HttpResponse:
    """The patient took the consent back: what stops, and the record of it."""
    screening = get_object_or_404(selectors.screenings(request.user), number=number)
    form = WithdrawalForm(posted(request))
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        saved = attempt(
            form,
            lambda: withdraw_consent(
                screening,
                withdrawn_at=answers["withdrawn_at"],
                why=answers["why"],
                by=request.user,
                key=form.key,
            ),
        )
        if saved:
            tell(request, saved, _("The withdrawal of the consent is recorded."))
            return redirect("enrollment:screening", number)
    context = {
        "form": form,
        "screening": screening,
        "crumbs": screening_crumbs(screening),
        "here": _("Withdrawal of consent"),
    }
    return render(request, "enrollment/consent_withdraw.html", context)


@require_GET
def versions(request: StaffRequest) -> HttpResponse:
    """The versions of the consent form, and who has to sign again."""
    context = {
        "versions": selectors.consent_versions(),
        "today": clock.today(),
        "may_register": MANAGE_CONSENT_FORMS.allows(request.user),
    }
    return render(request, "enrollment/consent_forms.html", context)


@GET_OR_POST
def version_new(request: StaffRequest) -> HttpResponse:
    form = ConsentVersionForm(posted(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            form,
            lambda: register_consent_version(by=request.user, key=form.key, **form.answers),
        )
        if saved:
            tell(request, saved, _("The version is registered."))
            return redirect("enrollment:consent-forms")
    context = {
        "form": form,
        "crumbs": [(_("Consent forms"), reverse("enrollment:consent-forms"))],
        "here": _("Register a version"),
    }
    return render(request, "enrollment/consent_form_new.html", context)
