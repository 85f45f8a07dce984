"""What waits in this room: for the laboratory, samples that are missing and results that lack what
their verdict needs; for the investigator, results to look at."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localdate

from labs.alerts import Alert, Subject, open_alerts
from labs.inbox import samples
from labs.inbox_rows import joined, work_rows
from labs.models import Result
from labs.permissions import ACKNOWLEDGE, ENTER_RESULTS
from labs.readings import read
from labs.selectors import incomplete_results
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import WorkRow
from trial_site.protocol.definition import gettext_noop

SOON = dt.timedelta(days=1)
# No day of the trial is earlier: an alert stands before whatever else is late.
BEFORE_EVERYTHING = dt.date(1900, 1, 1)


def rows(user: User) -> list[WorkRow]:
    """The laboratory's samples and undecided results, or the investigator's alerts."""
    if ENTER_RESULTS.allows(user):
        missing = samples(user, closed_by=clock.today() + SOON)
        return [*work_rows(missing), *(_undecided(row) for row in incomplete_results(user))]
    if ACKNOWLEDGE.allows(user):
        return [_to_acknowledge(alert) for alert in open_alerts(user)]
    return []


def _undecided(result: Result) -> WorkRow:
    reading, day = read(result), localdate(result.collected_at)
    subject = result.participant.subject
    return WorkRow(
        state="blocked",
        badge=Message(gettext_noop("Undecided")),
        when=date_format(day, "MONTH_DAY_FORMAT"),
        subject=subject,
        subject_url=f"{reverse('labs:index')}?participant={subject}",
        title=reading.named_value,
        why=reading.why[0],
        action=Message(gettext_noop("Complete")),
        url=reverse("labs:result-correct", args=[result.pk]),
        sort=(day, day, subject),
    )


def _to_acknowledge(alert: Alert) -> WorkRow:
    result, day = alert.result, localdate(alert.result.collected_at)
    subject = result.participant.subject
    place = BEFORE_EVERYTHING + dt.timedelta(days=alert.rank)
    return WorkRow(
        state="late",
        badge=_badge(alert),
        when=date_format(day, "MONTH_DAY_FORMAT"),
        subject=subject,
        subject_url=reverse("outcomes:casebook", args=[subject]),
        title=read(result).named_value,
        why=joined(alert.why, "; "),
        action=Message(gettext_noop("Acknowledge")),
        url=reverse("labs:result-acknowledge", args=[result.pk]),
        sort=(place, day, subject),
    )


def _badge(alert: Alert) -> Message:
    if alert.subjects == (Subject.ELIGIBILITY,):
        return Message(gettext_noop("Eligibility"))
    if alert.result.grade is None:
        return Message(gettext_noop("Look at it"))
    return Message(gettext_noop("Grade %(grade)s"), {"grade": str(alert.result.grade)})
