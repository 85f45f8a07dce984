"""Visits: planned from the anchors, recorded as done or missed, added unscheduled, corrected.

The screening visit is the screening itself: it has happened when the allocation it is counted from
is made, and a second record of it could only contradict the first.
"""

import datetime as dt
from uuid import UUID

from django.utils import timezone

from enrollment.actions.locks import locked_participant
from enrollment.models import Participant, Visit
from enrollment.models.visits import UNSCHEDULED
from enrollment.permissions import RECORD_VISIT
from enrollment.rules.calendar import plan
from enrollment.visits import end_day, protocol_of
from oversight.recording import recorded
from oversight.records import locked, record_many
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import Anchor, gettext_noop

Status = Visit.Status


def plan_visits(participant: Participant, anchor: Anchor, day: dt.date, *, by: User) -> list[Visit]:
    """Plan the protocol's visits that count from ``anchor``, which fell on ``day``, each once."""
    present = set(participant.visits.values_list("code", flat=True))
    rules = [
        rule
        for rule in protocol_of(participant).visits
        if rule.anchor is anchor and rule.code not in present
    ]
    windows = [(rule.code, plan(rule, day)) for rule in rules]
    with recorded(by=by):
        return record_many(
            Visit,
            [
                Visit(
                    participant=participant,
                    code=code,
                    target=window.target,
                    opens=window.opens,
                    closes=window.closes,
                )
                for code, window in windows
            ],
        )


def replan(participant: Participant, anchor: Anchor, day: dt.date) -> None:
    """Move the planned visits that count from ``anchor``; what has happened stays.

    Called inside ``recorded`` with ``participant`` locked, which keeps a visit from being recorded
    meanwhile.
    """
    for visit in participant.visits.filter(status=Status.PLANNED):
        if not visit.is_unscheduled:
            rule = protocol_of(participant).visit(visit.code)
            if rule.anchor is anchor:
                _aim(visit, day)
                visit.save()


def record_visit(
    visit: Visit, *, done_on: dt.date | None, by: User, why: str = "", key: UUID | None = None
) -> Visit:
    """Record a visit as done on a day, or as missed (``done_on`` None), once.

    Outside its window it is recorded all the same, with a reason, and shows by how many days.
    Raises ``Refused`` for a day in the future, before the enrolment or after the end, a visit that
    is never accepted early, a missing reason, or one that is recorded already; ``AlreadyRecorded``;
    ``PermissionDenied``.
    """
    RECORD_VISIT.check(by)
    said = "Visit done" if done_on else "Visit missed"
    with recorded(by=by, reason=why.strip() or said, key=key):
        visit = _locked_visit(visit, by)
        if visit.status != Status.PLANNED or visit.is_unscheduled:
            raise Refused(Message(gettext_noop("This visit is recorded already")))
        _write(visit, Status.DONE if done_on else Status.MISSED, done_on, why)
        return visit


def add_unscheduled_visit(
    participant: Participant, *, done_on: dt.date, why: str, by: User, key: UUID | None = None
) -> Visit:
    """Record a visit that nobody planned: U1, U2 and on, in the order of their entry.

    Raises ``Refused`` for a day in the future, before the enrolment or after the end, or without a
    reason; ``AlreadyRecorded``; ``PermissionDenied``.
    """
    RECORD_VISIT.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        # No visit is ever deleted, so the next number is one more than there are.
        number = sum(visit.is_unscheduled for visit in participant.visits.all()) + 1
        visit = Visit(participant=participant, code=f"{UNSCHEDULED}{number}")
        _write(visit, Status.DONE, done_on, why)
        return visit


def correct_visit(
    visit: Visit,
    *,
    status: str,
    done_on: dt.date | None,
    why: str,
    version: int,
    reason: str,
    by: User,
    key: UUID | None = None,
) -> Visit:
    """Correct a recorded visit; ``Status.PLANNED`` takes back one that was recorded by mistake.

    A planned visit that is taken back is aimed anew from its anchor as it stands now.  An
    unscheduled one keeps its number and counts no more.  Raises ``Refused`` as ``record_visit``
    does, and for a visit that nobody recorded; ``StaleRecord``, ``ReasonRequired``,
    ``AlreadyRecorded``, ``PermissionDenied``.
    """
    RECORD_VISIT.check(by)
    with recorded(by=by, reason=reason.strip(), key=key):
        visit = _locked_visit(visit, by, version)
        if visit.status == Status.PLANNED and not visit.is_unscheduled:
            raise Refused(Message(gettext_noop("This visit is not recorded yet")))
        if visit.is_unscheduled and status == Status.MISSED:
            raise Refused(Message(gettext_noop("An unscheduled visit cannot be missed")))
        if status == Status.PLANNED:
            _take_back(visit)
        else:
            _write(visit, Status(status), done_on, why)
        return visit


def _locked_visit(visit: Visit, by: User, version: int | None = None) -> Visit:
    """The visit's row under a lock, its participant's first: the anchors may not move meanwhile."""
    participant = locked_participant(visit.participant, by=by)
    found: Visit = locked(participant.visits.filter(pk=visit.pk), version=version)
    found.participant = participant
    return found


def _write(visit: Visit, status: Visit.Status, done_on: dt.date | None, why: str) -> None:
    if done_on:
        _check_day(visit, done_on)
    else:
        _check_missed(visit)
    if visit.is_unscheduled and done_on:
        visit.target = visit.opens = visit.closes = done_on
    visit.status, visit.done_on, visit.why = status, done_on, why.strip()
    _check_why(visit)
    visit.save()


def _take_back(visit: Visit) -> None:
    visit.status, visit.done_on, visit.why = Status.PLANNED, None, ""
    if not visit.is_unscheduled:
        person, anchor = visit.participant, protocol_of(visit.participant).visit(visit.code).anchor
        day0 = timezone.localdate(person.day0_at) if person.day0_at else None
        if day := {Anchor.DAY0: day0, Anchor.WITHDRAWAL: person.withdrawn_on}.get(anchor):
            _aim(visit, day)
    visit.save()


def _aim(visit: Visit, day: dt.date) -> None:
    window = plan(protocol_of(visit.participant).visit(visit.code), day)
    visit.target, visit.opens, visit.closes = window.target, window.opens, window.closes


def _check_day(visit: Visit, done_on: dt.date) -> None:
    person = visit.participant
    if done_on > clock.today():
        raise Refused(Message(gettext_noop("A visit cannot be done in the future")))
    # A course may be entered late: its first dose then lies before the enrolment of this record.
    if done_on < timezone.localdate(min(filter(None, (person.enrolled_at, person.day0_at)))):
        raise Refused(Message(gettext_noop("A visit cannot be done before the enrolment")))
    ended = end_day(person)
    if ended and done_on > ended:
        raise Refused(
            Message(
                gettext_noop("The participation ended on %(day)s: no visit is done after it"),
                {"day": ended.isoformat()},
            )
        )
    if visit.is_unscheduled:
        return
    if protocol_of(person).visit(visit.code).never_early and done_on < visit.opens:
        raise Refused(
            Message(
                gettext_noop("This visit is never accepted before %(day)s"),
                {"day": visit.opens.isoformat()},
            )
        )


def _check_missed(visit: Visit) -> None:
    ended = end_day(visit.participant)
    if ended and visit.opens > ended:
        raise Refused(
            Message(
                gettext_noop("The participation ended on %(day)s: this visit was not due any more"),
                {"day": ended.isoformat()},
            )
        )
    if visit.opens > clock.today():
        raise Refused(Message(gettext_noop("A visit is not missed before its window opens")))


def _check_why(visit: Visit) -> None:
    if visit.why:
        return
    if visit.is_unscheduled:
        raise Refused(Message(gettext_noop("Say why the visit was made")))
    if visit.status == Status.MISSED:
        raise Refused(Message(gettext_noop("Say why the visit was missed")))
    if visit.deviation_days:
        raise Refused(Message(gettext_noop("Say why the visit was done outside its window")))
