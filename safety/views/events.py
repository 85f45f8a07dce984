"""One adverse event: reported, read, corrected, taken back; and offers that are declined."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dosing.models import Reaction
from enrollment.models import Participant
from enrollment.views.common import GET_OR_POST, posted, tell
from oversight.forms import attempt
from safety import offers, selectors
from safety.actions import events as actions
from safety.actions.offers import decline_offer
from safety.clocks import clocks_of, susar_of
from safety.forms.assessment import DeclineForm, InErrorForm
from safety.forms.events import EventCorrectionForm, EventForm, GradeForm
from safety.permissions import ASSESS_EVENT, REPORT_EVENT, SEND_REPORT
from safety.views.common import event_in_force, page, title_of
from safety.wording import serious_because
from trial_site.http import StaffRequest
from trial_site.templatetags.trial import say


@GET_OR_POST
def event_new(request: StaffRequest) -> HttpResponse:
    """Report an event, from nothing or from what a rule offered."""
    source = request.GET.get("offer", "")
    offer = offers.offer_named(request.user, source) if source else None
    if source and offer is None:
        messages.info(request, _("This was taken over or declined already."))
        return redirect("safety:events")
    form = EventForm(posted(request), user=request.user, initial=_begins_with(request, offer))
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            form,
            lambda: actions.report_event(
                form.cleaned_data["participant"],
                facts=form.facts(),
                serious=form.seriousness(),
                offered=_offered(offer),
                by=request.user,
                confirmed=form.cleaned_data["confirmed"],
                key=form.key,
            ),
        )
        if saved:
            tell(request, saved, _("The event is reported"))
            return (
                redirect("safety:event", saved.record.pk)
                if saved.record
                else redirect("safety:events")
            )
    return page(request, "safety/event_new.html", _("New event"), form=form, offer=offer)


@require_GET
def event_criteria(request: StaffRequest) -> HttpResponse:
    """The grades of the term that is being typed, in words; a part of a page."""
    asked = request.GET
    form = GradeForm(term=asked.get("term", ""), initial={"grade": asked.get("grade", "")})
    return render(request, "safety/_grades.html", {"field": form["grade"]})


@require_GET
def event(request: StaffRequest, pk: int) -> HttpResponse:
    """Everything about one event."""
    found = get_object_or_404(selectors.event_pages(request.user), pk=pk)
    return page(
        request,
        "safety/event.html",
        title_of(found),
        event=found,
        clocks=clocks_of(found),
        susar=susar_of(found),
        because=serious_because(found),
        may_report=REPORT_EVENT.allows(request.user),
        may_assess=ASSESS_EVENT.allows(request.user),
        may_send=SEND_REPORT.allows(request.user),
    )


@GET_OR_POST
def event_correct(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct or complete an event, with a reason."""
    found = event_in_force(request, pk)
    form = EventCorrectionForm.of(found, posted(request))
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            form,
            lambda: actions.correct_event(
                found,
                facts=form.facts(),
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if saved:
            tell(request, saved, _("The event is corrected; history keeps what stood before"))
            return redirect("safety:event", pk)
    return page(request, "safety/event_correct.html", _("Correct"), form=form, event=found)


@GET_OR_POST
def event_in_error(request: StaffRequest, pk: int) -> HttpResponse:
    """Take an event out of everything; it stays to be read."""
    found = event_in_force(request, pk)
    form = InErrorForm(posted(request), event=found)
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            form,
            lambda: actions.retract_event(
                found,
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if saved:
            tell(request, saved, _("Marked as entered in error; nothing counts it any more"))
            return redirect("safety:event", pk)
    return page(
        request, "safety/event_in_error.html", _("Entered in error"), form=form, event=found
    )


@GET_OR_POST
def offer_decline(request: StaffRequest, source: str) -> HttpResponse:
    """Say why what a rule offered is no adverse event."""
    offer = offers.offer_named(request.user, source)
    if offer is None:
        if request.method == "GET":
            raise Http404
        messages.info(request, _("This was taken over or declined already."))
        return redirect("safety:events")
    form = DeclineForm(posted(request))
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            form,
            lambda: decline_offer(
                offer.participant,
                source=offer.source,
                why=form.cleaned_data["why"],
                allowed=offer.declining,
                by=request.user,
                key=form.key,
            ),
        )
        if saved:
            tell(request, saved, _("Declined; it is not offered again"))
            return redirect("safety:events")
    return page(request, "safety/offer_decline.html", _("Decline"), form=form, offer=offer)


# --- what an entry begins with ----------------------------------------------------------------


def _begins_with(request: StaffRequest, offer: offers.Offer | None) -> dict[str, Any]:
    """What the address names, or what the offer knows already."""
    if offer is None:
        subject = request.GET.get("participant", "").strip().upper()
        visible = Participant.objects.visible_to(request.user)
        return {"participant": visible.filter(subject=subject).first()}
    onset = timezone.localtime(offer.at)
    return {
        "participant": offer.participant,
        "term": say(offer.name),
        "grade": str(offer.grade),
        "onset_on": onset.date(),
        "onset_time": onset.time().replace(second=0, microsecond=0),
        "ended_on": timezone.localdate(offer.ended_at) if offer.ended_at else None,
        "note": say(offer.why),
    }


def _offered(offer: offers.Offer | None) -> actions.Offered:
    if offer is None:
        return actions.Offered()
    if isinstance(offer.record, Reaction):
        return actions.Offered(reaction=offer.record)
    return actions.Offered(result=offer.record)
