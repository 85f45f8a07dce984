"""Open flags: which a person sees, how each stands today, and those that belong together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils import timezone

from outcomes.flag_actions import SAMPLES
from outcomes.models import Flag
from outcomes.models.flags import FlagQuerySet
from outcomes.rules.attention import HARM, is_quiet, standing
from outcomes.rules.flags import Urgency
from trial_site import clock
from trial_site.models import User
from trial_site.roles import Role

_COLUMNS = (
    "pk",
    "version",
    "participant__subject",
    "site__code",
    "kind",
    "key",
    "due_on",
    "window_opens",
    "window_closes",
    "escalated_at",
    "answer",
    "answered_at",
    "snoozed_until",
)


@dataclass(frozen=True)
class OpenFlag:
    """What decides where a flag stands in a list.

    ``key`` is its primary key, ``rule_key`` what the rule calls it; ``more`` are later days of the
    same unrecorded drug, which stand in one row with it.
    """

    key: int
    version: int
    participant: str | None
    site: str
    kind: str
    rule_key: str
    due_on: dt.date
    window_opens: dt.date
    window_closes: dt.date
    escalated_at: dt.datetime | None
    answer: str
    answered_at: dt.datetime | None
    snoozed_until: dt.date | None
    more: tuple[OpenFlag, ...] = ()

    @property
    def subject(self) -> str:
        return self.participant or self.site

    @property
    def answered_on(self) -> dt.date | None:
        return timezone.localdate(self.answered_at) if self.answered_at else None

    @property
    def sort(self) -> tuple[dt.date, dt.date, str]:
        """What may harm comes before everything that is merely late."""
        first = dt.date.min if self.kind in HARM else self.window_closes
        return first, self.due_on, self.subject

    @property
    def is_quiet(self) -> bool:
        return is_quiet(self, clock.today())

    @property
    def state(self) -> Urgency:
        return standing(self, self.escalated_at is not None, clock.today())

    @property
    def whole(self) -> tuple[OpenFlag, ...]:
        """Every flag of the row, the earliest first."""
        return (self, *self.more)

    @property
    def versions(self) -> dict[int, int]:
        return {flag.key: flag.version for flag in self.whole}


def seen_by(user: User) -> FlagQuerySet:
    """The flags of the user's sites; the laboratory's are samples, which show no arm."""
    flags = Flag.objects.visible_to(user)
    found: FlagQuerySet = flags.filter(kind__in=SAMPLES) if user.role == Role.LAB else flags
    return found


def all_open(user: User) -> list[OpenFlag]:
    """The open ones as light rows, the most urgent first, quiet ones included."""
    rows = seen_by(user).open().values_list(*_COLUMNS)
    return sorted((OpenFlag(*row) for row in rows), key=lambda flag: flag.sort)


def open_flags(user: User) -> list[tuple[OpenFlag, Urgency]]:
    """Those that wait for somebody: without what was acknowledged or snoozed."""
    return [(flag, flag.state) for flag in all_open(user) if not flag.is_quiet]


def escalated(user: User) -> list[OpenFlag]:
    """Those that went to the investigator and wait there."""
    return [flag for flag, _ in open_flags(user) if flag.escalated_at is not None]


def folded(flags: Iterable[OpenFlag]) -> list[OpenFlag]:
    """The days of one participant's unrecorded drug become one row, in the first one's place."""
    rows: list[OpenFlag] = []
    place: dict[tuple[str, str, bool], int] = {}
    for flag in flags:
        if flag.kind != Flag.Kind.DOSES:
            rows.append(flag)
            continue
        whose = (flag.subject, _drug(flag), flag.is_quiet)
        if whose not in place:
            place[whose] = len(rows)
            rows.append(flag)
        else:
            first = rows[place[whose]]
            rows[place[whose]] = replace(
                first,
                more=(*first.more, flag),
                escalated_at=first.escalated_at or flag.escalated_at,
            )
    return rows


def _drug(flag: OpenFlag) -> str:
    """Of ``doses:ganciclovir:2026-03-17``."""
    return flag.rule_key.split(":")[1]


def row_of(user: User, key: int) -> OpenFlag | None:
    """The row that the flag with this primary key stands in; None where the user sees none."""
    rows = folded(all_open(user))
    return next((row for row in rows if any(flag.key == key for flag in row.whole)), None)


def was_raised(user: User, key: int) -> bool:
    """Whether a flag with this primary key was ever raised that the user might have seen."""
    return bool(seen_by(user).filter(pk=key).exists())
