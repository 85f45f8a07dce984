"""Adverse events as CSV: numbers, codes and times with their offset; no names (R05, R27)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone

from oversight.downloads import csv_lines
from safety.models import AdverseEvent

COLUMNS = (
    "event", "participant", "site", "term", "ctcae_term", "meddra_code", "onset_on", "onset_time",
    "ended_on", "ctcae_version", "grade", "serious_criteria", "serious_aware_at", "outcome",
    "treatment", "relation_il2", "relation_ganciclovir", "action_il2", "action_ganciclovir",
    "expected", "assessed_at", "reported_at", "entered_in_error_at",
)  # fmt: skip
CTCAE = "5.0"


def event_lines(events: Iterable[AdverseEvent]) -> Iterator[str]:
    """One line an event."""
    return csv_lines(COLUMNS, (_line(event) for event in events))


def _line(event: AdverseEvent) -> tuple[Any, ...]:
    return (
        event.pk,
        event.participant.subject,
        event.participant.site.code,
        event.term,
        event.criteria_code,
        event.meddra_code,
        event.onset_on.isoformat(),
        f"{event.onset_time:%H:%M}" if event.onset_time else None,
        event.ended_on.isoformat() if event.ended_on else None,
        CTCAE,
        event.grade,
        " ".join(event.serious),
        _moment(event.serious_aware_at),
        event.outcome,
        event.treatment,
        event.relation_il2,
        event.relation_ganciclovir,
        event.action_il2,
        event.action_ganciclovir,
        {True: "yes", False: "no", None: ""}[event.is_expected],
        _moment(event.assessed_at),
        _moment(event.reported_at),
        _moment(event.retracted_at),
    )


def _moment(at: dt.datetime | None) -> str | None:
    """On the site's clock, with its offset."""
    return timezone.localtime(at).isoformat(timespec="seconds") if at else None
