"""The page on which an investigator decides which sample counts."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enrollment.models import Participant
from outcomes import sample_actions
from outcomes.analysis import allocated
from outcomes.choices import candidates, outcome_of, standing
from outcomes.forms import NONE, RULE, SampleForm
from outcomes.overrules import LYSIS, overrule_in_force
from outcomes.pages import name_of
from oversight.forms import attempt
from trial_site.http import StaffRequest
from trial_site.protocol import current


@require_http_methods(["GET", "POST"])
def sample(request: StaffRequest, subject: str, measure: str, visit: str) -> HttpResponse:
    """Which sample of one participant counts for one time point, and why."""
    participant = next((one for one in allocated(request.user) if one.subject == subject), None)
    outcome = outcome_of(measure, visit)
    if participant is None or outcome is None:
        raise Http404
    decided = overrule_in_force(participant, measure, visit)
    form = SampleForm(
        request.POST or None,
        candidates=candidates(participant, measure),
        initial={"sample": (decided.record or NONE) if decided else RULE},
    )
    back = reverse("outcomes:endpoint", args=[name_of(outcome)])
    is_sent = request.method == "POST" and form.is_valid()
    if is_sent and attempt(form, lambda: _decide(request, participant, measure, visit, form)):
        messages.success(request, _("%(subject)s: the choice is kept") % {"subject": subject})
        return redirect(back)
    context = {
        "participant": participant,
        "measured": current().outcome("nk_cytotoxicity").short_title
        if measure == LYSIS
        else current().analyte(measure).name,
        "visit": current().visit(visit),
        "standing": standing(participant, measure, visit),
        "decided": decided,
        "form": form,
        "crumbs": [(_("Outcomes"), reverse("outcomes:dashboard")), (outcome.short_title, back)],
        "here": subject,
        "back_url": back,
    }
    return render(request, "outcomes/sample.html", context)


def _decide(
    request: StaffRequest, participant: Participant, measure: str, visit: str, form: SampleForm
) -> None:
    about = {"measure": measure, "visit": visit, "why": form.cleaned_data["why"]}
    if form.follows_rule:
        sample_actions.follow_the_rule(participant, **about, by=request.user, key=form.key)
    else:
        sample_actions.choose_sample(
            participant, **about, record=form.record, by=request.user, key=form.key
        )
