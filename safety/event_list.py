"""The list of adverse events: what the address asks for, and how many there are of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from safety import selectors
from safety.models import AdverseEvent
from safety.rules.grades import GRADES
from trial_site.models import User

_HAS_ENDED = Q(ended_on__isnull=False) | Q(outcome__in=selectors.ENDED)
STATES: dict[str, tuple[Any, Q]] = {
    "open": (_("Open"), Q(retracted_at=None) & ~_HAS_ENDED),
    "ended": (_("Ended"), Q(retracted_at=None) & _HAS_ENDED),
    "assess": (_("To assess"), Q(retracted_at=None, assessed_at=None)),
    "in_error": (_("Entered in error"), Q(retracted_at__isnull=False)),
}
IN_FORCE = Q(retracted_at=None)
SERIOUS: dict[str, tuple[Any, Q]] = {
    "yes": (_("Serious"), Q(serious_aware_at__isnull=False)),
    "no": (_("Not serious"), Q(serious_aware_at=None)),
}
ORDERS = {
    "participant": ("participant__subject", "onset_on", "pk"),
    "term": ("term", "participant__subject", "pk"),
    "began": ("onset_on", "onset_time", "pk"),
    "grade": ("grade", "onset_on", "pk"),
    "outcome": ("outcome", "onset_on", "pk"),
}
USUAL_ORDER = "-began"


@dataclass(frozen=True)
class Wanted:
    """What narrows and orders the list; what the address says and nothing knows is left out."""

    text: str = ""
    state: str = ""
    grade: str = ""
    serious: str = ""
    sort: str = USUAL_ORDER

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Wanted:
        grades = {str(grade) for grade in GRADES}
        orders = {*ORDERS, *(f"-{name}" for name in ORDERS)}
        return cls(
            text=query.get("q", "").strip(),
            state=_known(query.get("state", ""), STATES),
            grade=_known(query.get("grade", ""), grades),
            serious=_known(query.get("serious", ""), SERIOUS),
            sort=_known(query.get("sort", ""), orders) or USUAL_ORDER,
        )


def _known(value: str, values: Any) -> str:
    return value if value in values else ""


def found(user: User, wanted: Wanted) -> Any:
    """The events that are asked for, in the order that is asked for."""
    rows: Any = selectors.events(user).filter(_asked(wanted))
    name = wanted.sort.removeprefix("-")
    order: tuple[str, ...] = ORDERS[name]
    if wanted.sort.startswith("-"):
        order = tuple(f"-{column}" for column in order)
    return rows.order_by(*order)


def _asked(wanted: Wanted) -> Q:
    state = STATES[wanted.state][1] if wanted.state else IN_FORCE
    return state & _narrowed(wanted)


def _narrowed(wanted: Wanted) -> Q:
    """What is asked for besides the state."""
    asked = Q()
    if wanted.text:
        asked &= Q(participant__subject__icontains=wanted.text) | Q(term__icontains=wanted.text)
    if wanted.grade:
        asked &= Q(grade=int(wanted.grade))
    if wanted.serious:
        asked &= SERIOUS[wanted.serious][1]
    return asked


def counts(user: User, wanted: Wanted) -> dict[str, dict[str, int]]:
    """How many there are of each state, grade and seriousness among what the rest asks for, in one
    query; the empty state counts those that were not entered in error.  What does not occur is
    left out."""
    grades = {str(grade): Q(grade=grade) for grade in GRADES}
    asked = {
        "state": (_narrowed(wanted), {"": IN_FORCE, **_queries(STATES)}),
        "grade": (_asked(replace(wanted, grade="")), grades),
        "serious": (_asked(replace(wanted, serious="")), _queries(SERIOUS)),
    }
    named = {
        f"{name}_of_{value}": Count("pk", filter=rest & query)
        for name, (rest, values) in asked.items()
        for value, query in values.items()
    }
    visible: Any = AdverseEvent.objects.visible_to(user)
    found: dict[str, int] = visible.order_by().aggregate(**named)
    return {
        name: {value: number for value in values if (number := found[f"{name}_of_{value}"])}
        for name, (_rest, values) in asked.items()
    }


def _queries(choices: dict[str, tuple[Any, Q]]) -> dict[str, Q]:
    return {name: query for name, (_label, query) in choices.items()}
