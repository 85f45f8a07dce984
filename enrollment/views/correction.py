"""What the last correction of a submitted screening changed: answers, and verdicts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from enrollment.facts import ScreeningFacts
from enrollment.forms.differences import Difference, differences
from enrollment.forms.screening import ScreeningForm
from enrollment.models import Screening
from enrollment.rules.verdicts import Eligibility
from enrollment.views.cards import Card, cards
from oversight.selectors import entry_of
from trial_site.protocol import by_version


@dataclass(frozen=True)
class Correction:
    """From the verdict before to the one in force."""

    at: dt.datetime
    by: str
    why: str
    answers: list[Difference]
    verdicts: list[tuple[Card, Card]]


def last_correction(screening: Screening) -> Correction | None:
    """The last one, or ``None`` for a screening that was submitted once or never."""
    if screening.submitted_at is None:
        return None
    submitted: Any = screening.history.exclude(submitted_at=None).order_by("-history_id")
    versions = list(submitted)
    # Later versions may only add the confirmation: the first of a submission has its verdict.
    same = [version for version in versions if version.submitted_at == screening.submitted_at]
    if len(same) == len(versions):
        return None
    now, before = same[-1], versions[len(same)]
    entry = entry_of("enrollment.screening", now.history_id)
    return Correction(
        at=entry.at,
        by=entry.actor_name,
        why=entry.reason,
        answers=differences(
            ScreeningForm(),
            ScreeningFacts.from_json(before.facts),
            ScreeningFacts.from_json(now.facts),
        ),
        verdicts=[
            (was, found)
            for was, found in zip(_cards(before), _cards(now), strict=False)
            if was.badge != found.badge
        ],
    )


def _cards(version: Any) -> list[Card]:
    eligibility = Eligibility.from_json(version.eligibility)
    return list(cards(by_version(eligibility.protocol_version), eligibility).values())
