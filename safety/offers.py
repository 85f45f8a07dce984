"""Reactions and graded results that may be adverse events: offered, never made into one silently.

An offer is computed: it stands until somebody has taken it over or declined it, and leaves with
what it was made from.  A reaction or result that an event of the same term covers, no worse and
within its dates, is no new one.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from dosing.models import Reaction
from enrollment.models import Participant
from labs.models import Result
from labs.readings import read
from safety.models import AdverseEvent, DeclinedOffer
from safety.permissions import DECLINE_REACTION, DECLINE_RESULT
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.roles import Permission

REACTION, RESULT = "reaction", "result"
DECLINING: dict[str, Permission] = {REACTION: DECLINE_REACTION, RESULT: DECLINE_RESULT}


@dataclass(frozen=True)
class Offer:
    """``name`` is the event's term; ``why`` the words of what it is made from."""

    kind: str
    pk: int
    participant: Participant
    at: dt.datetime
    grade: int
    code: str
    name: Message
    why: Message
    ended_at: dt.datetime | None
    record: Reaction | Result

    @property
    def source(self) -> str:
        return f"{self.kind}:{self.pk}"

    @property
    def declining(self) -> Permission:
        return DECLINING[self.kind]


def open_offers(user: User, kinds: Iterable[str] = (REACTION, RESULT)) -> list[Offer]:
    """What is offered at the user's sites, the earliest first."""
    found = [offer for kind in kinds for offer in _open(kind, user)]
    covering = _events_of(found)
    standing = [offer for offer in found if not _is_covered(offer, covering)]
    return sorted(standing, key=lambda offer: (offer.at, offer.source))


def offer_named(user: User, source: str) -> Offer | None:
    """The open offer ``source`` (``reaction:12``); nothing for one that is not made to ``user``."""
    kind, _, number = source.partition(":")
    if kind not in DECLINING or not number.isdecimal():
        return None
    return next((_offer(kind, row) for row in _rows(kind, user).filter(pk=int(number))), None)


def _open(kind: str, user: User) -> list[Offer]:
    return [_offer(kind, row) for row in _rows(kind, user)]


def _rows(kind: str, user: User) -> Any:
    """The reactions or results that are neither an event nor declined."""
    rows: Any = _reactions(user) if kind == REACTION else _results(user)
    taken = AdverseEvent.objects.in_force().filter(**{kind: OuterRef("pk")})
    source = Concat(Value(f"{kind}:"), Cast(OuterRef("pk"), CharField()), output_field=CharField())
    declined = DeclinedOffer.objects.filter(participant=OuterRef("participant"), source=source)
    return rows.exclude(Exists(taken)).exclude(Exists(declined)).select_related("participant")


def _reactions(user: User) -> Any:
    return Reaction.objects.in_force().visible_to(user)


def _results(user: User) -> Any:
    """Severe results after the first dose: what was there before is the baseline (DOMAIN 8)."""
    return (
        Result.objects.in_force()
        .visible_to(user)
        .filter(
            grade__gte=current().safety.offer_from_grade,
            collected_at__gt=F("participant__day0_at"),
        )
    )


def _offer(kind: str, row: Any) -> Offer:
    return _of_reaction(row) if kind == REACTION else _of_result(row)


def _of_reaction(row: Reaction) -> Offer:
    rule = current().safety.reaction(row.kind)
    term = current().safety.term(rule.term)
    return Offer(
        REACTION,
        row.pk,
        row.participant,
        row.onset_at,
        row.grade,
        rule.term,
        Message(term.name if term else rule.name),
        Message(rule.name),
        row.ended_at,
        row,
    )


def _of_result(row: Result) -> Offer:
    table = current().grade_table(row.analyte)
    name = Message(table.term if table else current().analyte(row.analyte).name)
    return Offer(
        RESULT,
        row.pk,
        row.participant,
        row.collected_at,
        row.grade or 0,
        row.analyte,
        name,
        read(row).named_value,
        None,
        row,
    )


def _events_of(offers: Iterable[Offer]) -> dict[tuple[int, str], list[AdverseEvent]]:
    """The events in force of the same participants, by participant and term."""
    found: dict[tuple[int, str], list[AdverseEvent]] = defaultdict(list)
    people = {offer.participant.pk for offer in offers}
    if people:
        rows = AdverseEvent.objects.in_force().filter(participant__in=people)
        for event in rows.exclude(criteria_code=""):
            found[event.participant_id, event.criteria_code].append(event)
    return found


def _is_covered(offer: Offer, events: dict[tuple[int, str], list[AdverseEvent]]) -> bool:
    day = timezone.localdate(offer.at)
    return any(
        event.grade >= offer.grade
        and event.onset_on <= day
        and (event.ended_on is None or day <= event.ended_on)
        for event in events[offer.participant.pk, offer.code]
    )
