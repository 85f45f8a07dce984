"""Reading adverse events: those of a person's sites, what stands beside one, what was given."""

from __future__ import annotations

from typing import Any

from dosing.models import Administration
from enrollment.models import Participant, RetractableQuerySet
from safety.models import AdverseEvent, SafetyQuerySet, SafetyReport
from trial_site.models import User

ENDED = frozenset(
    {
        AdverseEvent.Outcome.RECOVERED,
        AdverseEvent.Outcome.SEQUELAE,
        AdverseEvent.Outcome.FATAL,
    }
)


def events(user: User) -> RetractableQuerySet:
    """Every event of the user's sites, those entered in error included."""
    visible: Any = AdverseEvent.objects.visible_to(user)
    beside = ("participant__site", "participant__allocation", "reported_by", "assessed_by")
    found: RetractableQuerySet = visible.select_related(*beside).prefetch_related("reports")
    return found


def event_pages(user: User) -> RetractableQuerySet:
    """With what the page of one event shows beside it."""
    beside = ("reaction__administration", "result", "retracted_by")
    rows: Any = events(user).select_related(*beside)
    found: RetractableQuerySet = rows.prefetch_related("reports__reported_by", "escalations")
    return found


def reports(user: User) -> SafetyQuerySet:
    visible: Any = SafetyReport.objects.visible_to(user)
    found: SafetyQuerySet = visible.select_related("event", "participant__site", "reported_by")
    return found


def drugs_given(participant: Participant) -> frozenset[str]:
    """The codes of the drugs of which the participant ever had a dose, whole or in part."""
    doses = Administration.objects.in_force().filter(participant=participant)
    delivered = doses.exclude(status=Administration.Status.NOT_GIVEN)
    return frozenset(delivered.order_by().values_list("drug", flat=True).distinct())


def standing_twin(event: AdverseEvent) -> AdverseEvent | None:
    """An event of the same name that began no later and has not ended."""
    rows = AdverseEvent.objects.in_force().filter(
        participant=event.participant,
        term__iexact=event.term,
        ended_on=None,
        onset_on__lte=event.onset_on,
    )
    found: AdverseEvent | None = rows.exclude(pk=event.pk).exclude(outcome__in=ENDED).first()
    return found
