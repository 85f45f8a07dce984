"""The room's lists as CSV: numbers, codes and times with their offset; no names (R05, R27)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from enrollment.log import days_to_allocation
from enrollment.models import Participant, ParticipantQuerySet, Screening
from enrollment.rules.places import failed_criteria, undecided_criteria
from oversight.downloads import csv_lines

ROWS_AT_ONCE = 500
LOG_COLUMNS = (
    "number", "repeats", "site", "verdict", "stands", "started_at", "consent_signed_at",
    "submitted_at", "confirmed_at", "failed_criteria", "undecided_criteria", "protocol_version",
    "subject", "allocated_at", "days_to_allocation",
)  # fmt: skip
PARTICIPANT_COLUMNS = (
    "subject", "site", "screening", "state", "enrolled_at", "allocated_at", "first_dose_at",
    "drug_withdrawal_on",
)  # fmt: skip


def log_lines(screenings: QuerySet[Screening]) -> Iterator[str]:
    """One line a screening.  The arm is no part of a screening log."""
    rows = screenings.iterator(ROWS_AT_ONCE)
    return csv_lines(LOG_COLUMNS, (_screening(row) for row in rows))


def participant_lines(participants: ParticipantQuerySet, *, shows_arm: bool) -> Iterator[str]:
    """One line a participant; the arm for those who may see it."""
    rows = participants.select_related("screening").iterator(ROWS_AT_ONCE)
    header = (*PARTICIPANT_COLUMNS, "arm") if shows_arm else PARTICIPANT_COLUMNS
    return csv_lines(header, (_participant(row, shows_arm=shows_arm) for row in rows))


def _screening(row: Screening) -> tuple[Any, ...]:
    participant = getattr(row, "participant", None)
    consent = row.consent
    return (
        row.number,
        row.previous.number if row.previous else None,
        row.site.code,
        row.status,
        row.standing.value,
        _moment(row.started_at),
        _moment(consent.signed_at if consent else None),
        _moment(row.submitted_at),
        _moment(row.confirmed_at),
        " ".join(failed_criteria(row.eligibility)),
        " ".join(undecided_criteria(row.eligibility)),
        row.protocol_version,
        participant.subject if participant else None,
        _allocated_at(participant),
        days_to_allocation(row),
    )


def _participant(row: Participant, *, shows_arm: bool) -> tuple[Any, ...]:
    cells = (
        row.subject,
        row.site.code,
        row.screening.number,
        row.state,
        _moment(row.enrolled_at),
        _allocated_at(row),
        _moment(row.day0_at),
        row.withdrawn_on.isoformat() if row.withdrawn_on else None,
    )
    return (*cells, row.arm) if shows_arm else cells


def _allocated_at(participant: Participant | None) -> str | None:
    allocation = getattr(participant, "allocation", None)
    return _moment(allocation.allocated_at if allocation else None)


def _moment(at: dt.datetime | None) -> str | None:
    """On the site's clock, with its offset."""
    return timezone.localtime(at).isoformat(timespec="seconds") if at else None
