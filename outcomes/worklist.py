"""Everything that waits for one person, from all rooms."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dosing import worklist as dosing
from dosing.permissions import ADMINISTER
from enrollment import worklist as enrollment
from enrollment.models import Screening
from enrollment.permissions import READ_PARTICIPANTS
from enrollment.selectors import still_screened
from enrollment.states import State
from labs import worklist as labs
from outcomes.flag_rows import flag_rows
from outcomes.follow_up import OpenFlag, folded, open_flags
from outcomes.models import Flag
from outcomes.rules.flags import Urgency
from oversight.kept import kept
from safety import worklist as safety
from trial_site import clock
from trial_site.models import User
from trial_site.presentation import WorkRow
from trial_site.protocol import current
from trial_site.roles import NOBODY, Role

FLAGGED_ROLES = {Role.COORDINATOR, Role.NURSE, Role.INVESTIGATOR, Role.LAB}
GROUPS = {
    "late": _("Late"),
    "blocked": _("Blocked"),
    "due": _("Due today"),
    "soon": _("Next 7 days"),
}
URGENCIES = [(state.value, GROUPS[state.value]) for state in Urgency]

_CARERS = frozenset({Role.COORDINATOR, Role.NURSE, Role.INVESTIGATOR})
_SAMPLED = _CARERS | {Role.LAB}
# Whose worklist each kind of flag stands on, until it is the investigator's: blood is drawn every
# other day, and comes to them only when it is late.  Consents to renew and approvals that run out
# are rows of enrollment already.
ON_WORKLIST: Mapping[str, frozenset[Role]] = {
    Flag.Kind.VISIT: _CARERS,
    Flag.Kind.PCR_CHECK: _SAMPLED,
    Flag.Kind.CONFIRMATION: _SAMPLED,
    Flag.Kind.NK_SAMPLE: _SAMPLED,
    Flag.Kind.BLOODS: _SAMPLED - {Role.INVESTIGATOR},
    Flag.Kind.DOSES: ADMINISTER.roles,
    Flag.Kind.RELAPSE: frozenset({Role.INVESTIGATOR}),
    Flag.Kind.REFRACTORY: frozenset({Role.INVESTIGATOR}),
    Flag.Kind.END: frozenset({Role.COORDINATOR, Role.INVESTIGATOR}),
    Flag.Kind.CONSENT: NOBODY,
    Flag.Kind.APPROVAL: NOBODY,
}

# Where each role's work begins that no date makes due.
WORKPLACES: dict[str, list[tuple[str, Any]]] = {
    Role.COORDINATOR: [
        ("enrollment:screening-log", _("Screening")),
        ("enrollment:participants", _("Participants")),
    ],
    Role.NURSE: [("dosing:sheet", _("Dosing")), ("enrollment:participants", _("Participants"))],
    Role.LAB: [("labs:inbox", _("Inbox")), ("labs:index", _("Labs"))],
    Role.INVESTIGATOR: [
        ("outcomes:dashboard", _("Outcomes")),
        ("enrollment:participants", _("Participants")),
    ],
    Role.MONITOR: [
        ("enrollment:participants", _("Participants")),
        ("oversight:audit", _("Audit trail")),
        ("outcomes:dashboard", _("Outcomes")),
    ],
    Role.DATA_MANAGER: [
        ("enrollment:participants", _("Participants")),
        ("oversight:audit", _("Audit trail")),
        ("outcomes:dashboard", _("Outcomes")),
    ],
    Role.STATISTICIAN: [
        ("outcomes:dashboard", _("Outcomes")),
        ("enrollment:allocation-list", _("Allocation list")),
    ],
    Role.ADMIN: [("oversight:accounts", _("Accounts")), ("oversight:audit", _("Audit trail"))],
}


@dataclass(frozen=True)
class Group:
    """One block of the worklist, the most urgent first; a flag is put into words when shown."""

    state: str
    label: Any
    waiting: Sequence[WorkRow | OpenFlag]

    @property
    def total(self) -> int:
        return len(self.waiting)


def groups(user: User) -> list[Group]:
    """The blocks of the user's worklist, empty ones included, in the order of urgency."""
    waiting: dict[str, list[WorkRow | OpenFlag]] = defaultdict(list)
    for row in (*_standing(user), *dosing.rows_now(user), *safety.rows_now(user)):
        waiting[row.state].append(row)
    if user.role in FLAGGED_ROLES:
        for flag in folded(flag for flag, _ in open_flags(user) if _is_theirs(flag, user)):
            waiting[flag.state.value].append(flag)
    return [
        Group(state, label, sorted(waiting[state], key=lambda item: item.sort))
        for state, label in GROUPS.items()
    ]


def _standing(user: User) -> list[WorkRow]:
    """What only the record and the day decide, worked out once for each state of them."""
    name = f"worklist:{user.pk}:{user.role}:{clock.today()}:{get_language()}"

    def rows() -> list[WorkRow]:
        return [row for room in (enrollment, labs, dosing, safety) for row in room.rows(user)]

    return kept(user, name, rows)


def _is_theirs(flag: OpenFlag, user: User) -> bool:
    """Whether the flag belongs on this worklist and no other row of it says the same."""
    elsewhere = not ON_WORKLIST[flag.kind]
    if user.role == Role.INVESTIGATOR and flag.escalated_at is not None:
        return not elsewhere
    return user.role in ON_WORKLIST[flag.kind] and not _stands_there(flag, user)


def _stands_there(flag: OpenFlag, user: User) -> bool:
    """Yesterday's doses stand slot by slot in dosing's rows; what the laboratory should have, or
    should have by tomorrow, stands in its own."""
    today = clock.today()
    if flag.kind == Flag.Kind.DOSES:
        return flag.due_on >= today - dt.timedelta(days=1)
    is_in_inbox = flag.kind == Flag.Kind.NK_SAMPLE and flag.window_closes <= today + labs.SOON
    return is_in_inbox and user.role == Role.LAB


def in_words(waiting: Iterable[WorkRow | OpenFlag], user: User) -> list[WorkRow]:
    """The rows to show, in the same order."""
    items = list(waiting)
    flags = flag_rows((item for item in items if isinstance(item, OpenFlag)), user)
    return [flags[item.key] if isinstance(item, OpenFlag) else item for item in items]


def first_rows(found: Iterable[Group], user: User, most: int) -> list[tuple[Group, list[WorkRow]]]:
    """The first ``most`` rows of each group that has any, in one query for their flags."""
    filled = [group for group in found if group.total]
    rows = iter(in_words([item for group in filled for item in group.waiting[:most]], user))
    return [(group, [next(rows) for _item in group.waiting[:most]]) for group in filled]


def has_tasks(role: str) -> bool:
    """Whether anything ever falls due for this role."""
    return role in FLAGGED_ROLES


def workplaces(role: str) -> list[tuple[Any, str]]:
    """``(label, url)`` of the pages where this role works."""
    return [(label, reverse(name)) for name, label in WORKPLACES[role]]


def glance(user: User) -> dict[str, int] | None:
    """How far the trial is at the user's sites; None for who has no business with participants."""
    if not READ_PARTICIPANTS.allows(user):
        return None
    counts = Screening.objects.visible_to(user).aggregate(
        screenings=Count("pk", filter=still_screened() & Q(participant=None)),
        allocated=Count("participant__allocation"),
        on_treatment=Count("pk", filter=Q(participant__state=State.ON_TREATMENT)),
        in_follow_up=Count("pk", filter=Q(participant__state=State.FOLLOW_UP)),
    )
    return {"target": current().identification.enrolment_target, **counts}
