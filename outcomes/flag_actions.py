"""What people say about a flag that only the fact can resolve: seen, later, or ask again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from uuid import UUID

from django.core.exceptions import PermissionDenied

from enrollment.actions.locks import locked_participants
from outcomes.models import Flag
from outcomes.permissions import ANSWER_FLAGS
from outcomes.rules.attention import HARM, Answer, is_quiet, last_snooze
from outcomes.rules.flags import FlagKind
from oversight.recording import recorded
from oversight.records import StaleRecord
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.protocol.definition import gettext_noop
from trial_site.roles import Role

Versions = Mapping[int, int]  # of flags, by primary key, as somebody saw them
# What the laboratory has to do with, none of which shows an arm.
SAMPLES = frozenset(
    {FlagKind.PCR_CHECK, FlagKind.CONFIRMATION, FlagKind.NK_SAMPLE, FlagKind.BLOODS}
)


def may_answer(user: User, flag: Flag) -> bool:
    """Whoever does the work may; what may harm, and what went to the investigator, stays theirs."""
    if not ANSWER_FLAGS.allows(user) or flag.resolved_at is not None:
        return False
    if user.role == Role.INVESTIGATOR:
        return True
    if flag.escalated_at is not None or flag.kind in HARM:
        return False
    return user.role != Role.LAB or flag.kind in SAMPLES


def acknowledge(versions: Versions, *, why: str, by: User, key: UUID | None = None) -> list[Flag]:
    """Say that the flags are known: they stay in the list of flags and leave the worklists.

    What is acknowledged before it is late comes back when it is.  Raises ``Refused`` without a
    reason and for flags that are resolved, ``StaleRecord``, ``AlreadyRecorded``,
    ``PermissionDenied``.  Source: issue 5.
    """
    return _answer(versions, Answer.ACKNOWLEDGED, None, why=why, by=by, key=key)


def snooze(
    versions: Versions, *, until: dt.date, why: str, by: User, key: UUID | None = None
) -> list[Flag]:
    """Keep the flags off the worklists before the day ``until``.

    Raises as ``acknowledge`` does, and ``Refused`` for a day that is not to come or later than the
    rule allows (``last_snooze``).
    """
    return _answer(versions, Answer.SNOOZED, until, why=why, by=by, key=key)


def ask_again(versions: Versions, *, why: str, by: User, key: UUID | None = None) -> list[Flag]:
    """Take back what was said: the flags stand on the worklists as before.

    Raises as ``acknowledge`` does, and ``Refused`` for flags that are not quiet.
    """
    return _answer(versions, None, None, why=why, by=by, key=key)


def _answer(
    versions: Versions,
    answer: Answer | None,
    until: dt.date | None,
    *,
    why: str,
    by: User,
    key: UUID | None,
) -> list[Flag]:
    ANSWER_FLAGS.check(by)
    why = why.strip()
    if not why:
        raise Refused(Message(gettext_noop("Say why")))
    with recorded(by=by, reason=why, key=key):
        flags = _locked(versions, by)
        for flag in flags:
            _check(flag, answer, until)
            if answer:
                flag.give_answer(answer.value, why=why, at=clock.now(), by=by, until=until)
            else:
                flag.take_back_answer()
            flag.save()
        return flags


def _locked(versions: Versions, by: User) -> list[Flag]:
    """The flags as whoever answers saw them, held by the rows that the scheduled task locks too."""
    visible = Flag.objects.visible_to(by).filter(pk__in=versions).select_related("participant")
    whose = list(visible)
    if not versions or len(whose) < len(versions):
        raise PermissionDenied(f"{by} does not work at the site of each of these flags")
    locked_participants((flag.participant for flag in whose if flag.participant), by=by)
    sites = {flag.site_id for flag in whose if not flag.participant}
    list(Site.objects.select_for_update().filter(pk__in=sites).order_by("pk"))
    flags = list(visible.all().order_by("pk"))
    for flag in flags:
        if flag.resolved_at is not None:
            raise Refused(Message(gettext_noop("What this flag asked for is done")))
        if not may_answer(by, flag):
            raise PermissionDenied(f"{by.role} may not answer {flag}")
        if flag.version != versions[flag.pk]:
            raise StaleRecord(flag)
    return flags


def _check(flag: Flag, answer: Answer | None, until: dt.date | None) -> None:
    """Raise ``Refused`` where the flag does not take this answer today."""
    today = clock.today()
    if answer is None and not is_quiet(flag, today):
        raise Refused(Message(gettext_noop("This flag is on the worklists already")))
    if until is not None:
        _check_day(until, last_snooze(flag.kind, flag.window_closes, today), today)


def _check_day(until: dt.date, last: dt.date | None, today: dt.date) -> None:
    if last is None:
        raise Refused(
            Message(gettext_noop("This guards somebody’s safety and is late: it cannot wait"))
        )
    if not today < until <= last:
        words = {"first": (today + dt.timedelta(days=1)).isoformat(), "last": last.isoformat()}
        raise Refused(Message(gettext_noop("Choose a day from %(first)s to %(last)s"), words))
