"""Raising and resolving follow-up flags."""

from dataclasses import dataclass

from enrollment.models import Participant
from enrollment.states import ENDED
from outcomes.models import Flag
from outcomes.rules.follow_up import DueFlag, ParticipantSchedule, due_flags
from outcomes.schedule import schedules
from oversight.recording import recorded
from oversight.records import locked, record_many
from trial_site import clock
from trial_site.models import User
from trial_site.protocol import current

BATCH = 200


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
    with_flags = Flag.objects.open().values("participant")
    concerned = Participant.objects.exclude(day0_at=None).exclude(state__in=ENDED)
    concerned = concerned | Participant.objects.filter(pk__in=with_flags)
    keys = list(concerned.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        batch = list(Participant.objects.filter(pk__in=keys[start : start + BATCH]))
        open_flags: dict[int, dict[str, Flag]] = {participant.pk: {} for participant in batch}
        for flag in Flag.objects.open().filter(participant__in=batch):
            open_flags[flag.participant_id][flag.key] = flag
        for participant, state in schedules(batch):
            due = {flag.key: flag for flag in _due(state)}
            if due.keys() != open_flags[participant.pk].keys():
                total += _settle(participant, by=by)
    return total


def _due(state: ParticipantSchedule) -> tuple[DueFlag, ...]:
    return due_flags(state, today=clock.today(), protocol=current())


def _settle(participant: Participant, *, by: User) -> Flagged:
    """Bring one participant's flags in line, from facts read again under the lock."""
    with recorded(by=by):
        participant = locked(Participant.objects.filter(pk=participant.pk))
        [(_, state)] = schedules([participant])
        due = {flag.key: flag for flag in _due(state)}
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
