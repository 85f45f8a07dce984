"""Raising, escalating and resolving follow-up flags."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone

from enrollment.models import Move, Participant, SiteApproval
from enrollment.selectors import APPROVAL_WARNING_DAYS
from enrollment.states import ENDED
from outcomes.models import Flag
from outcomes.rules.attention import has_to_escalate
from outcomes.rules.endings import Approval, expiring_approval
from outcomes.rules.flags import DueFlag
from outcomes.rules.follow_up import due_flags
from outcomes.rules.unrecorded import unrecorded_doses
from outcomes.schedule import dose_records, schedules
from oversight.recording import recorded
from oversight.records import locked, record_many
from trial_site import clock
from trial_site.models import Site, User
from trial_site.protocol import current

BATCH = 200
# Whoever left within these days is looked at once more: the doses before that may be unrecorded.
LEFT_DAYS_AGO = 7


@dataclass(frozen=True)
class Flagged:
    """How many flags one run raised, resolved and sent to the investigator."""

    raised: int = 0
    resolved: int = 0
    escalated: int = 0

    def __add__(self, other: "Flagged") -> "Flagged":
        return Flagged(
            self.raised + other.raised,
            self.resolved + other.resolved,
            self.escalated + other.escalated,
        )


Due = dict[str, DueFlag]


def flag_due(*, by: User) -> Flagged:
    """Raise what has fallen due, resolve what has been done, escalate what is late for too long.

    Twice, or twice at once, is once.  Each participant, and each site, is its own short transaction
    under its lock, so that a run that dies leaves whole ones behind and the next run goes on.
    """
    total = Flagged()
    keys = _concerned()
    for start in range(0, len(keys), BATCH):
        batch = list(Participant.objects.filter(pk__in=keys[start : start + BATCH]))
        standing: dict[int, list[Flag]] = {participant.pk: [] for participant in batch}
        for flag in Flag.objects.open().filter(participant__in=batch):
            standing[flag.participant_id].append(flag)
        for participant, due in _due(batch):
            if _differs(standing[participant.pk], due):
                total += _settle_participant(participant, by=by)
    return total + _flag_sites(by=by)


def _concerned() -> list[int]:
    """Primary keys of whoever takes part, has open flags, or left a few days ago."""
    with_flags = Flag.objects.open().exclude(participant=None).values("participant")
    a_while_ago = clock.now() - dt.timedelta(days=LEFT_DAYS_AGO)
    left = Move.objects.filter(participant__isnull=False, after__in=ENDED, at__gte=a_while_ago)
    concerned = Participant.objects.filter(
        ~Q(state__in=ENDED) | Q(pk__in=with_flags) | Q(pk__in=left.order_by().values("participant"))
    )
    return list(concerned.order_by("pk").values_list("pk", flat=True))


def _due(participants: Iterable[Participant]) -> Iterator[tuple[Participant, Due]]:
    """What each is due for, by key, in a number of queries that does not grow with the batch."""
    batch, today, tz = list(participants), clock.today(), timezone.get_default_timezone()
    doses = dose_records(batch)
    for participant, state in schedules(batch):
        flags = (
            *due_flags(state, today=today, protocol=current()),
            *unrecorded_doses(doses[participant.pk], today=today, tz=tz),
        )
        yield participant, {flag.key: flag for flag in flags}


def _settle_participant(participant: Participant, *, by: User) -> Flagged:
    """Bring one participant's flags in line, from facts read again under the lock."""
    with recorded(by=by):
        participant = locked(Participant.objects.filter(pk=participant.pk))
        [(_, due)] = _due([participant])
        standing = Flag.objects.open().filter(participant=participant)
        blank = Flag(participant=participant, site_id=participant.site_id)
        return _settle(list(standing), due, blank, by=by)


def _flag_sites(*, by: User) -> Flagged:
    """The approvals of each active site that run out."""
    total = Flagged()
    standing: dict[int, list[Flag]] = {}
    for flag in Flag.objects.open().filter(participant=None):
        standing.setdefault(flag.site_id, []).append(flag)
    approvals = _approvals(SiteApproval.objects.all())
    for site in Site.objects.order_by("pk"):
        if _differs(standing.get(site.pk, []), _expiring(approvals.get(site.pk, []))):
            total += _settle_site(site, by=by)
    return total


def _settle_site(site: Site, *, by: User) -> Flagged:
    with recorded(by=by):
        site = Site.objects.select_for_update().get(pk=site.pk)
        approvals = _approvals(SiteApproval.objects.filter(site=site))
        standing = Flag.objects.open().filter(site=site, participant=None)
        due = _expiring(approvals.get(site.pk, []))
        return _settle(list(standing), due, Flag(site=site), by=by)


def _approvals(rows: Iterable[SiteApproval]) -> dict[int, list[Approval]]:
    """Those of the protocol in force, by site."""
    found: dict[int, list[Approval]] = {}
    for row in rows:
        if row.protocol_version == current().version:
            approval = Approval(row.number, row.expires_on, f"approval:{row.pk}")
            found.setdefault(row.site_id, []).append(approval)
    return found


def _expiring(approvals: Iterable[Approval]) -> Due:
    flags = expiring_approval(approvals, today=clock.today(), warn_days=APPROVAL_WARNING_DAYS)
    return {flag.key: flag for flag in flags}


# --- one set of flags -------------------------------------------------------------------------


def _differs(standing: Iterable[Flag], due: Due) -> bool:
    flags = list(standing)
    return {flag.key for flag in flags} != due.keys() or any(
        _escalates(flag) or _is_outdated(flag, due[flag.key]) for flag in flags
    )


def _escalates(flag: Flag) -> bool:
    return flag.escalated_at is None and has_to_escalate(flag, clock.today())


def _settle(standing: list[Flag], due: Due, blank: Flag, *, by: User) -> Flagged:
    """Resolve, tell anew, escalate and raise; ``blank`` says whose flags they are."""
    now, kept = clock.now(), [flag for flag in standing if flag.key in due]
    gone = sorted((flag for flag in standing if flag.key not in due), key=lambda flag: flag.key)
    for flag in gone:
        flag.resolved_at = now
    _save(gone, "The fact arrived", by=by)
    outdated = [flag for flag in kept if _is_outdated(flag, due[flag.key])]
    for flag in outdated:
        _tell_anew(flag, due[flag.key])
    _save(outdated, "The record that it rests on changed", by=by)
    late = [flag for flag in kept if _escalates(flag)]
    for flag in late:
        flag.escalated_at = now
    _save(late, "Late for too long", by=by)
    fresh = [_row(due[key], blank) for key in sorted(due.keys() - {flag.key for flag in kept})]
    record_many(Flag, fresh)
    escalated = len(late) + sum(flag.escalated_at is not None for flag in fresh)
    return Flagged(raised=len(fresh), resolved=len(gone), escalated=escalated)


def _save(flags: Iterable[Flag], reason: str, *, by: User) -> None:
    with recorded(by=by, reason=reason):
        for flag in flags:
            flag.save()


def _row(flag: DueFlag, blank: Flag) -> Flag:
    row = Flag(
        site_id=blank.site_id,
        participant=blank.participant,
        kind=flag.kind.value,
        key=flag.key,
        raised_at=clock.now(),
        **_dates(flag),
        **_words(flag),
    )
    if _escalates(row):
        row.escalated_at = row.raised_at
    return row


def _dates(flag: DueFlag) -> dict[str, Any]:
    dates = ("window_opens", "due_on", "window_closes")
    return {name: getattr(flag, name) for name in dates}


def _words(flag: DueFlag) -> dict[str, Any]:
    return {"title": flag.title, "rule": flag.rule.to_json(), "evidence": list(flag.evidence)}


def _is_outdated(row: Flag, flag: DueFlag) -> bool:
    return _says_otherwise(row, _dates(flag) | _words(flag))


def _says_otherwise(row: Flag, facts: Mapping[str, Any]) -> bool:
    return any(getattr(row, name) != value for name, value in facts.items())


def _tell_anew(row: Flag, flag: DueFlag) -> None:
    """What the record says now.  Once its dates moved it counts as raised anew, so that what was
    said of the earlier ones, and their escalation, hold no longer."""
    if _says_otherwise(row, _dates(flag)):
        row.raised_at, row.escalated_at = clock.now(), None
        row.take_back_answer()
    for name, value in (_dates(flag) | _words(flag)).items():
        setattr(row, name, value)
