"""Screening: the form, the verdict, and the buttons below it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enrollment import selectors
from enrollment.actions.participation import enrol as enrol_patient
from enrollment.actions.screening import (
    SCREENED_AGAIN_FROM,
    judge,
    save_screening,
    start_screening,
    submit_screening,
)
from enrollment.forms.participation import PressForm
from enrollment.forms.screening import EditScreeningForm, NewScreeningForm, ScreeningForm
from enrollment.lists import ScreeningLine
from enrollment.models import Screening
from enrollment.next_step import (
    SUBMISSION,
    Step,
    consequence,
    may_edit,
    save_bar,
    step_today,
)
from enrollment.permissions import END_PARTICIPATION, SCREEN
from enrollment.rules.verdicts import Eligibility
from enrollment.states import BEFORE_ENROLMENT
from enrollment.views.cards import answer_sections, blocking, cards, form_sections
from enrollment.views.common import (
    GET_OR_POST,
    posted,
    screening_crumbs,
    tell,
    tell_errors,
)
from enrollment.views.correction import last_correction
from enrollment.views.evaluation import needs
from oversight.forms import Outcome, attempt
from trial_site import clock
from trial_site.access import may_open
from trial_site.http import StaffRequest
from trial_site.protocol import by_version, current


@GET_OR_POST
def new(request: StaffRequest) -> HttpResponse:
    """The first entry of a screening, saved as a draft or submitted at once."""
    form = NewScreeningForm(posted(request), by=request.user)
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            form,
            lambda: start_screening(
                site=form.cleaned_data["site"],
                facts=form.facts,
                confirmed=form.cleaned_data["confirmed"],
                by=request.user,
                key=form.key,
            ),
        )
        if saved:
            return _after_save(request, form, saved)
    return _form_page(request, form, None)


@GET_OR_POST
def edit(request: StaffRequest, number: str) -> HttpResponse:
    """A draft goes on; what was submitted is corrected with a reason and judged again."""
    screening = get_object_or_404(selectors.screenings(request.user), number=number)
    if request.method == "GET" and not may_edit(ScreeningLine.of(screening), request.user):
        messages.info(request, _("This screening has ended."))
        return _page_of(screening)
    form = EditScreeningForm(posted(request), screening=screening)
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        saved = attempt(
            form,
            lambda: save_screening(
                screening,
                facts=form.facts,
                version=answers["record_version"],
                reason=answers.get("reason", ""),
                confirmed=answers["confirmed"],
                by=request.user,
                key=form.key,
            ),
        )
        if saved:
            return _after_save(request, form, saved, screening)
    return _form_page(request, form, screening)


def _form_page(
    request: StaffRequest, form: ScreeningForm, screening: Screening | None
) -> HttpResponse:
    """The form, with the verdicts of what was last saved beside it."""
    eligibility = _eligibility(screening) if screening else None
    line = ScreeningLine.of(screening) if screening else None
    found = cards(current(), eligibility, screening.answers if screening else None)
    context = {
        "form": form,
        "line": line,
        "sections": form_sections(form, found),
        "needs": needs(form, found),
        "eligibility": eligibility,
        "crumbs": screening_crumbs(screening),
        "here": _("Answers") if screening else _("New"),
        **save_bar(line, eligibility),
    }
    return render(request, "enrollment/screening_form.html", context)


def _after_save(
    request: StaffRequest,
    form: ScreeningForm,
    saved: Outcome[Screening],
    before: Screening | None = None,
) -> HttpResponse:
    """Go on with the draft, or submit it, for which the consent comes first."""
    screening = saved.record
    if screening is None:
        tell(request, saved, "")
        return _page_of(before) if before else redirect("enrollment:screening-log")
    if not screening.is_draft:
        messages.success(request, _("The correction is saved and the screening judged again."))
        return _page_of(screening)
    if "draft" in request.POST:
        messages.success(request, _("The draft is saved."))
        return redirect("enrollment:screening-edit", screening.number)
    return _submit(request, form, screening)


def _submit(request: StaffRequest, form: ScreeningForm, screening: Screening) -> HttpResponse:
    """Submit what was just saved; where that is refused, it stays a draft."""
    submitted = attempt(
        form, lambda: submit_screening(screening, version=screening.version, by=request.user)
    )
    if submitted:
        messages.success(request, _("The screening is submitted."))
        return _page_of(screening)
    messages.info(request, _("Saved as a draft."))
    tell_errors(request, form)
    if screening.consent:
        return _page_of(screening)
    return redirect("enrollment:screening-consent", screening.number)


def _page_of(screening: Screening) -> HttpResponse:
    return redirect("enrollment:screening", screening.number)


def _eligibility(screening: Screening) -> Eligibility:
    """The frozen verdict, or a draft's as of today."""
    return judge(screening, clock.today()) if screening.is_draft else screening.verdict


@require_GET
def detail(request: StaffRequest, number: str) -> HttpResponse:
    """The verdict, criterion by criterion, with its reasons, and what comes next."""
    screening = get_object_or_404(selectors.screenings(request.user), number=number)
    line, eligibility = ScreeningLine.of(screening), _eligibility(screening)
    found = cards(by_version(eligibility.protocol_version), eligibility, screening.answers)
    step, expired = step_today(line)
    context = {
        "line": line,
        "eligibility": eligibility,
        "blocking": blocking(found),
        "expired": blocking(cards(current(), expired)) if expired else [],
        "sections": answer_sections(screening, found),
        "may_edit": may_edit(line, request.user),
        "correction": last_correction(screening),
        **_ways_out(request, screening),
        "opens_history": may_open(request.user, "oversight:history"),
        "crumbs": screening_crumbs(),
        "here": screening.number,
        **_step_bar(request, line, step, eligibility),
    }
    return render(request, "enrollment/screening.html", context)


def _ways_out(request: StaffRequest, screening: Screening) -> dict[str, Any]:
    """What leads away from the criteria: an end, or a new beginning."""
    goes_on = not screening.has_ended and screening.repeated_as is None
    before_enrolment = screening.state in BEFORE_ENROLMENT
    return {
        "may_end": goes_on and before_enrolment and END_PARTICIPATION.allows(request.user),
        "may_rescreen": screening.state in SCREENED_AGAIN_FROM
        and screening.repeated_as is None
        and SCREEN.allows(request.user),
        "press": PressForm(),
    }


def _step_bar(
    request: StaffRequest, line: ScreeningLine, step: Step | None, eligibility: Eligibility
) -> dict[str, Any]:
    """The button of the next step, for those who may take it."""
    if step is None or not step.permission.allows(request.user):
        return {"step": None}
    return {
        "step": step,
        "step_url": step.url(line),
        "note": consequence(eligibility) if step is SUBMISSION else step.note,
        "form": PressForm(initial={"record_version": line.screening.version}),
    }


@require_POST
def submit(request: StaffRequest, number: str) -> HttpResponse:
    return _press(request, number, submit_screening, _("The screening is submitted."))


def _press(
    request: StaffRequest, number: str, act: Callable[..., Screening], done: str
) -> HttpResponse:
    """Run the action of a button on the version that was shown; come back and say how it went."""
    screening = get_object_or_404(selectors.screenings(request.user), number=number)
    form = PressForm(request.POST)
    if form.is_valid():
        version = form.cleaned_data["record_version"]
        pressed = attempt(
            form, lambda: act(screening, version=version, by=request.user, key=form.key)
        )
        if pressed:
            tell(request, pressed, done)
    tell_errors(request, form)
    return _page_of(screening)


@require_POST
def enrol(request: StaffRequest, number: str) -> HttpResponse:
    """Make the patient a participant, and go on to the allocation."""
    screening = get_object_or_404(selectors.screenings(request.user), number=number)
    form = PressForm(request.POST)
    if form.is_valid():
        enrolled = attempt(form, lambda: enrol_patient(screening, by=request.user, key=form.key))
        if enrolled:
            tell(request, enrolled, _("The patient is enrolled."))
        if enrolled and enrolled.record:
            return redirect("enrollment:allocate", enrolled.record.subject)
    tell_errors(request, form)
    return _page_of(screening)
