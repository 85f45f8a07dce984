"""Deviations as lists read them: what waits, what is recorded, the log as a file."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import RetractableQuerySet
from oversight.downloads import csv_lines
from safety.departures import Conduct, Offer
from safety.models import DeclinedOffer, Deviation
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import DeviationKind

STATES = {
    "to-assess": _("To assess"),
    "assessed": _("Assessed"),
    "in-error": _("Entered in error"),
}
COLUMNS = (
    *("subject", "number", "kind", "severity", "occurred_on", "recorded_at", "recorded_by"),
    *("what_happened", "evidence", "reason_still_holds", "assessment", "corrective_action"),
    *("assessed_at", "assessed_by", "entered_in_error_at"),
)


@dataclass(frozen=True)
class DeviationLine:
    """A deviation with its kind in words and how it stands."""

    deviation: Deviation
    still_holds: bool

    @property
    def name(self) -> str:
        return current().safety.deviation(self.deviation.kind).name

    @property
    def evidence(self) -> list[Message]:
        return [Message.from_json(row) for row in self.deviation.evidence]

    @property
    def state(self) -> str:
        return state_of(self.deviation)

    @property
    def badge(self) -> tuple[str, Any]:
        kind = {"to-assess": "due", "assessed": "done", "in-error": "planned"}[self.state]
        return kind, STATES[self.state]


def state_of(deviation: Deviation) -> str:
    """One of ``STATES``."""
    if deviation.retracted_at:
        return "in-error"
    return "assessed" if deviation.assessed_at else "to-assess"


def deviations(user: User) -> RetractableQuerySet:
    """Those of the user's sites with what a list shows, the latest first."""
    visible: Any = Deviation.objects.visible_to(user)
    beside = ("participant__screening", "recorded_by", "assessed_by", "retracted_by")
    found: RetractableQuerySet = visible.select_related(*beside)
    return found.order_by("-occurred_on", "-pk")


def lines(found: Iterable[Deviation], seen: Conduct) -> list[DeviationLine]:
    return [DeviationLine(one, seen.still_holds(one)) for one in found]


def declined(user: User) -> list[tuple[DeclinedOffer, str]]:
    """Offers of deviations that were declined, with their kind in words, the latest first."""
    names = {kind.code: kind.name for kind in current().safety.deviations}
    rows = DeclinedOffer.objects.visible_to(user).select_related("participant", "declined_by")
    named = ((row, row.source.partition(":")[0]) for row in rows.order_by("-declined_at", "-pk"))
    return [(row, names[kind]) for row, kind in named if kind in names]


@dataclass(frozen=True)
class OfferGroup:
    """What is offered of one kind about one participant, the earliest first."""

    subject: str
    kind: DeviationKind
    offers: tuple[Offer, ...]

    @property
    def first(self) -> dt.date:
        return self.offers[0].found.occurred_on

    @property
    def last(self) -> dt.date:
        return self.offers[-1].found.occurred_on


def grouped(offers: Iterable[Offer]) -> list[OfferGroup]:
    """Major kinds before minor ones, then by the day of the first."""
    groups: dict[tuple[str, str], list[Offer]] = defaultdict(list)
    for offer in offers:
        groups[offer.subject, offer.kind.code].append(offer)
    found = [OfferGroup(of[0].subject, of[0].kind, tuple(of)) for of in groups.values()]
    minor = Deviation.Severity.MINOR
    return sorted(found, key=lambda one: (one.kind.severity == minor, one.first, one.subject))


def csv_of(rows: Iterable[DeviationLine]) -> Iterator[str]:
    return csv_lines(COLUMNS, map(_cells, rows))


def _cells(line: DeviationLine) -> tuple[Any, ...]:
    one = line.deviation
    return (
        one.participant.subject,
        one.pk,
        one.kind,
        one.severity,
        one.occurred_on.isoformat(),
        _moment(one.recorded_at),
        one.recorded_by.get_username(),
        one.description,
        "; ".join(map(str, line.evidence)),
        ("yes" if line.still_holds else "no") if one.source else None,
        one.assessment,
        one.corrective_action,
        _moment(one.assessed_at),
        one.assessed_by.get_username() if one.assessed_by else None,
        _moment(one.retracted_at),
    )


def _moment(at: Any) -> str | None:
    return timezone.localtime(at).isoformat(timespec="seconds") if at else None
