"""Everything that waits for one person, from all rooms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dosing import worklist as dosing
from enrollment import worklist as enrollment
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

ROWS_A_GROUP = 50
FLAGGED_ROLES = {Role.COORDINATOR, Role.NURSE, Role.INVESTIGATOR, Role.LAB}
GROUPS = {
    "late": _("Late"),
    "blocked": _("Blocked"),
    "due": _("Due today"),
    "soon": _("Next 7 days"),
}
URGENCIES = [(state.value, GROUPS[state.value]) for state in Urgency]


@dataclass(frozen=True)
class Group:
    """One block of the worklist; ``total`` counts also the rows that are not shown."""

    state: str
    label: str
    rows: tuple[WorkRow, ...]
    total: int


def groups(user: User) -> list[Group]:
    """The blocks of the user's worklist, empty ones included, in the order of urgency."""
    rows: dict[str, list[WorkRow]] = {state: [] for state in GROUPS}
    for row in _rows(user):
        rows[row.state].append(row)
    return [
        Group(
            state=state,
            label=str(label),
            rows=tuple(sorted(rows[state], key=lambda row: row.sort)[:ROWS_A_GROUP]),
            total=len(rows[state]),
        )
        for state, label in GROUPS.items()
    ]


def _rows(user: User) -> Iterable[WorkRow]:
    yield from enrollment.rows(user)
    yield from dosing.rows(user)
    if user.role in FLAGGED_ROLES:
        for flag in open_flags(user):
            yield flag_row(flag, user)


def open_flags(user: User) -> list[Flag]:
    """The open flags of the user's sites, the most urgent first; the laboratory's are samples."""
    flags = Flag.objects.visible_to(user).open().select_related("participant")
    if user.role == Role.LAB:
        flags = flags.exclude(kind=Flag.Kind.VISIT)
    return list(flags)


def flag_row(flag: Flag, user: User) -> WorkRow:
    """A flag as a row of work: how urgent it is today, and the one thing to do about it."""
    today = clock.today()
    state = urgency(flag, today)
    subject = flag.participant.subject
    action, url = _action(flag, user)
    return WorkRow(
        state=state.value,
        badge=_badge(flag, state),
        when=_when(flag, state),
        subject=subject,
        subject_url=reverse("outcomes:casebook", args=[subject])
        if READ_CASEBOOK.allows(user)
        else "",
        title=flag.title,
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


def _when(flag: Flag, state: Urgency) -> str:
    if state is Urgency.LATE:
        day = date_format(flag.window_closes, "MONTH_DAY_FORMAT")
        return gettext("closed %(day)s") % {"day": day}
    if state is Urgency.DUE:
        day = date_format(flag.window_closes, "MONTH_DAY_FORMAT")
        return gettext("until %(day)s") % {"day": day}
    return date_format(flag.due_on, "MONTH_DAY_FORMAT")


def _action(flag: Flag, user: User) -> tuple[Message | str, str]:
    subject = flag.participant.subject
    if flag.kind == Flag.Kind.VISIT:
        name, label = "enrollment:visit-record", gettext_noop("Record visit")
        url = reverse(name, args=[subject, flag.key.partition(":")[2]])
    else:
        name, label = "labs:pcr-new", gettext_noop("Enter result")
        url = f"{reverse(name)}?participant={subject}"
    return (Message(label), url) if may_open(user, name) else ("", "")
