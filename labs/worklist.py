"""What waits for the laboratory: saved results that lack what their verdict needs."""

from __future__ import annotations

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localdate

from labs.models import Result
from labs.permissions import ENTER_RESULTS
from labs.readings import read
from labs.selectors import incomplete_results
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import WorkRow
from trial_site.protocol.definition import gettext_noop


def rows(user: User) -> list[WorkRow]:
    """The results at the user's sites that a missing limit keeps undecided."""
    if not ENTER_RESULTS.allows(user):
        return []
    return [_row(result) for result in incomplete_results(user)]


def _row(result: Result) -> WorkRow:
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
