"""Sending a report of a serious event: frozen as it is sent, and never changed."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Max

from enrollment.actions.locks import locked_participant
from oversight.recording import recorded
from oversight.records import locked
from oversight.refusals import Refused
from safety.models import AdverseEvent, SafetyReport
from safety.permissions import SEND_REPORT
from safety.report_content import content_of
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop


def send_report(
    event: AdverseEvent,
    *,
    recipient: str,
    narrative: str,
    version: int,
    by: User,
    key: UUID | None = None,
) -> SafetyReport:
    """Freeze what is known of a serious event into the next report to ``recipient``, sent now.

    The first to each recipient is the initial report, every later one a follow-up; the clock that
    asked for it stops.  Raises ``Refused`` for an event that is not serious or was taken back and
    without a narrative; ``StaleRecord`` where the event has changed since it was read;
    ``AlreadyRecorded``, ``PermissionDenied``.  Source: DOMAIN 8.
    """
    SEND_REPORT.check(by)
    if not narrative.strip():
        raise Refused(Message(gettext_noop("Tell in your own words what happened")))
    with recorded(by=by, key=key):
        participant = locked_participant(event.participant, by=by)
        rows = AdverseEvent.objects.filter(pk=event.pk).select_related(
            "participant__site", "participant__screening", "participant__allocation"
        )
        event = locked(rows, version=version)
        if not event.is_serious or event.retracted_at is not None:
            raise Refused(Message(gettext_noop("Only a serious event is reported")))
        number = _next_number(event, recipient)
        report = SafetyReport(
            participant=participant,
            event=event,
            kind=SafetyReport.Kind.INITIAL if number == 1 else SafetyReport.Kind.FOLLOW_UP,
            recipient=recipient,
            number=number,
            content=content_of(event),
            narrative=narrative.strip(),
            sent_at=clock.now(),
            reported_by=by,
        )
        report.full_clean(exclude=["participant", "event"])
        report.save()
        return report


def _next_number(event: AdverseEvent, recipient: str) -> int:
    sent = SafetyReport.objects.filter(event=event, recipient=recipient)
    last: int | None = sent.aggregate(last=Max("number"))["last"]
    return (last or 0) + 1
