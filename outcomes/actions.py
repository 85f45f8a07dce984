"""Raising and resolving follow-up flags."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from dosing.models import Order
from enrollment.models import Move, Participant
from enrollment.states import ENDED
from outcomes.models import Flag
from outcomes.rules.follow_up import DueFlag, due_flags
from outcomes.rules.unrecorded import unrecorded_doses
from outcomes.schedule import dose_records, schedules
from oversight.recording import recorded
from oversight.records import locked, record_many
from trial_site import clock
from trial_site.models import User
from trial_site.protocol import current

BATCH = 200
# Whoever left within these days is looked at once more: the doses before that may be unrecorded.
LEFT_DAYS_AGO = 7


@dataclass(frozen=True)
class Flagged:
    """How many flags one run raised and resolved."""

    raised: int = 0
    resolved: int = 0

    def __add__(self, other: "Flagged") -> "Flagged":
        return Flagged(self.raised + other.raised, self.resolved + other.resolved)


def flag_due(*, by: User) -> Flagged:
    """Raise what has fallen due, resolve what has been done.  Twice, or twice at once, is once.

    Each participant is its own short transaction under the participant's lock, so that a run that
    dies leaves whole participants behind and the next run goes on.
    """
    total = Flagged()
    keys = _concerned()
    for start in range(0, len(keys), BATCH):
        batch = list(Participant.objects.filter(pk__in=keys[start : start + BATCH]))
        open_flags: dict[int, dict[str, Flag]] = {participant.pk: {} for participant in batch}
        for flag in Flag.objects.open().filter(participant__in=batch):
            open_flags[flag.participant_id][flag.key] = flag
        for participant, due in _due(batch):
            if due.keys() != open_flags[participant.pk].keys():
                total += _settle(participant, by=by)
    return total


def _concerned() -> list[int]:
    """Primary keys of whoever is treated or followed, has open flags, or left a few days ago."""
    with_flags = Flag.objects.open().values("participant")
    a_while_ago = clock.now() - dt.timedelta(days=LEFT_DAYS_AGO)
    left = Move.objects.filter(participant__isnull=False, after__in=ENDED, at__gte=a_while_ago)
    begun = Q(day0_at__isnull=False) | Q(pk__in=Order.objects.values("participant"))
    concerned = Participant.objects.filter(
        begun & ~Q(state__in=ENDED)
        | Q(pk__in=with_flags)
        | Q(pk__in=left.order_by().values("participant"))
    )
    return list(concerned.order_by("pk").values_list("pk", flat=True))


def _due(
    participants: Iterable[Participant],
) -> Iterator[tuple[Participant, dict[str, DueFlag]]]:
    """What each is due for, by key, in a number of queries that does not grow with the batch."""
    batch, today, tz = list(participants), clock.today(), timezone.get_default_timezone()
    doses = dose_records(batch)
    for participant, state in schedules(batch):
        flags = (
            *due_flags(state, today=today, protocol=current()),
            *unrecorded_doses(doses[participant.pk], today=today, tz=tz),
        )
        yield participant, {flag.key: flag for flag in flags}


def _settle(participant: Participant, *, by: User) -> Flagged:
    """Bring one participant's flags in line, from facts read again under the lock."""
    with recorded(by=by):
        participant = locked(Participant.objects.filter(pk=participant.pk))
        [(_, due)] = _due([participant])
        standing = {flag.key: flag for flag in Flag.objects.open().filter(participant=participant)}
        now = clock.now()
        gone = [standing[key] for key in sorted(standing.keys() - due.keys())]
        with recorded(by=by, reason="The fact arrived"):
            for flag in gone:
                flag.resolved_at = now
                flag.save()
        fresh = [due[key] for key in sorted(due.keys() - standing.keys())]
        record_many(Flag, [_row(participant, flag) for flag in fresh])
        return Flagged(raised=len(fresh), resolved=len(gone))


def _row(participant: Participant, flag: DueFlag) -> Flag:
    return Flag(
        participant=participant,
        kind=flag.kind.value,
        key=flag.key,
        title=flag.title,
        rule=flag.rule.to_json(),
        evidence=list(flag.evidence),
        window_opens=flag.window_opens,
        due_on=flag.due_on,
        window_closes=flag.window_closes,
        raised_at=clock.now(),
    )
