"""Open flags as rows of work: the light facts of all of them, the words of those shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format

from outcomes.models import Flag
from outcomes.permissions import READ_CASEBOOK
from outcomes.rules.follow_up import Urgency, urgency
from trial_site import clock
from trial_site.access import may_open
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import WorkRow
from trial_site.protocol.definition import gettext_noop
from trial_site.roles import Role

RECORD_DOSES = gettext_noop("Record the doses")
SEE_DOSES = gettext_noop("See the doses")
SAMPLES = (Flag.Kind.PCR_CHECK, Flag.Kind.CONFIRMATION)


@dataclass(frozen=True)
class OpenFlag:
    """What decides where a flag stands in a list."""

    key: int
    subject: str
    kind: str
    due_on: dt.date
    window_opens: dt.date
    window_closes: dt.date

    @property
    def sort(self) -> tuple[dt.date, dt.date, str]:
        return self.window_closes, self.due_on, self.subject


def open_flags(user: User) -> list[tuple[OpenFlag, Urgency]]:
    """The open flags of the user's sites, the most urgent first; the laboratory's are samples."""
    flags = Flag.objects.visible_to(user).open()
    if user.role == Role.LAB:
        flags = flags.filter(kind__in=SAMPLES)
    columns = ("pk", "participant__subject", "kind", "due_on", "window_opens", "window_closes")
    found = sorted((OpenFlag(*row) for row in flags.values_list(*columns)), key=lambda f: f.sort)
    today = clock.today()
    return [(flag, urgency(flag, today)) for flag in found]


def flag_rows(keys: Iterable[int], user: User) -> dict[int, WorkRow]:
    """The flags with these primary keys, as rows of work for ``user``."""
    flags = Flag.objects.visible_to(user).filter(pk__in=list(keys)).select_related("participant")
    return {flag.pk: flag_row(flag, user) for flag in flags}


def flag_row(flag: Flag, user: User) -> WorkRow:
    """How urgent the flag is today, and the one thing to do about it."""
    state = urgency(flag, clock.today())
    subject = flag.participant.subject
    action, url = _action(flag, state, user)
    return WorkRow(
        state=state.value,
        badge=_badge(flag, state),
        when=_when(flag, state),
        subject=subject,
        subject_url=_subject_url(subject, user),
        title=Message(flag.title),
        why=Message.from_json(flag.rule),
        action=action,
        url=url,
        sort=(flag.window_closes, flag.due_on, subject),
    )


def _badge(flag: Flag, state: Urgency) -> Message:
    late = str((clock.today() - flag.window_closes).days)
    return {
        Urgency.LATE: Message(gettext_noop("Late %(days)s d"), {"days": late}),
        Urgency.DUE: Message(gettext_noop("Due")),
        Urgency.SOON: Message(gettext_noop("Planned")),
    }[state]


def _when(flag: Flag, state: Urgency) -> Message:
    closes = {"day": date_format(flag.window_closes, "MONTH_DAY_FORMAT")}
    if state is Urgency.LATE:
        return Message(gettext_noop("closed %(day)s"), closes)
    if state is Urgency.DUE:
        return Message(gettext_noop("until %(day)s"), closes)
    return Message("%(day)s", {"day": date_format(flag.due_on, "MONTH_DAY_FORMAT")})


def _subject_url(subject: str, user: User) -> str:
    if READ_CASEBOOK.allows(user):
        return reverse("outcomes:casebook", args=[subject])
    return f"{reverse('labs:index')}?participant={subject}"


def _action(flag: Flag, state: Urgency, user: User) -> tuple[Message, str]:
    """Doing it, once its window is open and for whoever may; else reading what is known."""
    subject = flag.participant.subject
    if flag.kind == Flag.Kind.DOSES and may_open(user, "dosing:sheet"):
        url = f"{reverse('dosing:sheet')}?date={flag.due_on}#{subject}"
        label = RECORD_DOSES if may_open(user, "dosing:record") else SEE_DOSES
        return Message(label), url
    if flag.kind in SAMPLES and may_open(user, "labs:pcr-new"):
        url = f"{reverse('labs:pcr-new')}?participant={subject}"
        return Message(gettext_noop("Enter result")), url
    is_open_visit = flag.kind == Flag.Kind.VISIT and state is not Urgency.SOON
    if is_open_visit and may_open(user, "enrollment:visit-record"):
        code = flag.key.partition(":")[2]
        url = reverse("enrollment:visit-record", args=[subject, code])
        return Message(gettext_noop("Record visit")), url
    return Message(gettext_noop("Open casebook")), reverse("outcomes:casebook", args=[subject])
