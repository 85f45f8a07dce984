"""Sites: their ethics approvals, which make them active, and their targets."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enrollment import selectors
from enrollment.actions.sites import correct_approval, record_approval, set_target
from enrollment.forms.sites import ApprovalForm, CorrectApprovalForm, TargetForm
from enrollment.permissions import MANAGE_SITES
from enrollment.views.common import GET_OR_POST, posted, tell
from oversight.forms import attempt
from trial_site.http import StaffRequest
from trial_site.models import Site


@require_GET
def sites(request: StaffRequest) -> HttpResponse:
    """Each site with its approvals and how it stands today."""
    context = {
        "lines": selectors.site_lines(request.user),
        "may_manage": MANAGE_SITES.allows(request.user),
    }
    return render(request, "enrollment/sites.html", context)


def _site(request: StaffRequest, code: str) -> Site:
    for site in selectors.sites(request.user):
        if site.code == code:
            return site
    raise Http404


@GET_OR_POST
def approval_new(request: StaffRequest, code: str) -> HttpResponse:
    site = _site(request, code)
    form = ApprovalForm(posted(request))
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            form, lambda: record_approval(site, by=request.user, key=form.key, **form.answers)
        )
        if saved:
            tell(request, saved, _("The approval is recorded."))
            return redirect("enrollment:sites")
    return _page(request, site, form, _("New ethics approval"))


@GET_OR_POST
def approval_correct(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    site = _site(request, code)
    approval = get_object_or_404(site.approvals, pk=pk)
    initial = {
        name: getattr(approval, name)
        for name in ApprovalForm.base_fields
        if hasattr(approval, name)
    }
    form = CorrectApprovalForm(
        posted(request), initial={**initial, "record_version": approval.version}
    )
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            form,
            lambda: correct_approval(
                approval,
                version=form.cleaned_data["record_version"],
                reason=form.cleaned_data["reason"],
                by=request.user,
                key=form.key,
                **form.answers,
            ),
        )
        if saved:
            tell(request, saved, _("The approval is corrected."))
            return redirect("enrollment:sites")
    return _page(request, site, form, _("Correct ethics approval"))


@GET_OR_POST
def target(request: StaffRequest, code: str) -> HttpResponse:
    site = _site(request, code)
    saved_target = getattr(site, "target", None)
    names = ("participants", "starts_on", "ends_on")
    initial = {name: getattr(saved_target, name) for name in names} if saved_target else {}
    form = TargetForm(posted(request), initial=initial)
    if not saved_target:
        del form.fields["reason"]
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            form, lambda: set_target(site, by=request.user, key=form.key, **form.answers)
        )
        if saved:
            tell(request, saved, _("The target is recorded."))
            return redirect("enrollment:sites")
    return _page(request, site, form, _("Recruitment target"))


def _page(request: StaffRequest, site: Site, form: Any, title: str) -> HttpResponse:
    context = {
        "form": form,
        "site": site,
        "title": title,
        "crumbs": [(_("Sites"), reverse("enrollment:sites"))],
        "here": title,
    }
    return render(request, "enrollment/site_form.html", context)
