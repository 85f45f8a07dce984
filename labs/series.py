"""One participant's CMV-DNA results as the rules of conversion read them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.utils import timezone

from enrollment.models import Participant
from labs.models import Result
from labs.rules.conversion import Conversion, PcrObservation, assess_conversion
from trial_site.protocol import current


def conversion_of(participant: Participant, results: Iterable[Result]) -> Conversion | None:
    """The conversion of one participant; None before the first dose."""
    if participant.day0_at is None:
        return None
    zone = timezone.get_default_timezone()
    withdrawn = participant.withdrawn_on
    return assess_conversion(
        [PcrObservation(row.collected_at, row.pcr, row.pk) for row in results],
        day0=participant.day0_at,
        rule=current().pcr,
        tz=zone,
        withdrawal=_noon(withdrawn, zone) if withdrawn else None,
    )


def _noon(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """A moment that falls on ``day`` at the site: only the day counts."""
    return dt.datetime.combine(day, dt.time(12), zone)
