"""Lines, filters and headings of the room's lists.

What narrows and orders a list stands in its address, and every link of the list keeps the rest of
it: ``Address`` is the one way to such a link.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from enrollment.log import days_to_allocation
from enrollment.models import Consent, Participant, Screening
from enrollment.rules.places import blocking_criteria
from trial_site.protocol.definition import AllocationMode

WAITING = {
    Screening.Status.ELIGIBLE: _("Waits for the investigator’s confirmation"),
    Screening.Status.BLOCKED: _("Waits for what is unknown"),
    Screening.Status.FAILED: _("Not eligible"),
}
STATUS_BADGES = {
    Screening.Status.DRAFT: "planned",
    Screening.Status.ELIGIBLE: "met",
    Screening.Status.BLOCKED: "unknown",
    Screening.Status.FAILED: "bad",
}


@dataclass(frozen=True)
class ScreeningLine:
    """A screening with what belongs to it, its badge and what it waits for."""

    screening: Screening
    consent: Consent | None
    participant: Participant | None

    @classmethod
    def of(cls, screening: Screening) -> ScreeningLine:
        return cls(screening, screening.consent, getattr(screening, "participant", None))

    def __str__(self) -> str:
        return self.screening.number

    @property
    def is_assigned(self) -> bool:
        """Whether the investigator assigns the arms: read with the screenings for the pages."""
        return getattr(self.screening, "planned_mode", "") == AllocationMode.ASSIGNED

    @property
    def badge(self) -> str:
        return STATUS_BADGES[Screening.Status(self.screening.status)]

    @property
    def days_to_allocation(self) -> int | None:
        return days_to_allocation(self.screening)

    @property
    def blocking(self) -> str:
        """The criteria that speak against a submitted screening."""
        if self.screening.status not in {Screening.Status.FAILED, Screening.Status.BLOCKED}:
            return ""
        return ", ".join(blocking_criteria(self.screening.eligibility))

    @property
    def waits_for(self) -> Any:
        """Where the patient stands, or whose turn it is."""
        if self.participant or self.screening.has_ended:
            return self.screening.standing.label
        if self.repeated_as:
            return _now("Screened again as %(number)s") % {"number": self.repeated_as}
        if self.screening.confirmed_at:
            return _("Waits for enrolment")
        if self.screening.is_draft:
            return _("Waits for submission") if self.consent else _("Waits for consent")
        return WAITING[Screening.Status(self.screening.status)]

    @property
    def repeated_as(self) -> Screening | None:
        """The screening that repeats this one."""
        return getattr(self.screening, "rescreening", None)


class Address:
    """The query of a list's address; a link changes some of it, and begins at the first page."""

    def __init__(self, query: QueryDict) -> None:
        self._query = query

    def __call__(self, **changes: str) -> str:
        """The query with ``changes``; an empty value leaves the name out."""
        changed = self._query.copy()
        changed.pop("page", None)
        for name, value in changes.items():
            changed.pop(name, None)
            if value:
                changed[name] = value
        return f"?{changed.urlencode()}"


@dataclass(frozen=True)
class Filter:
    """A link that narrows a list to one value; an empty value shows everything."""

    label: Any
    count: int
    chosen: bool
    href: str


def filters(
    name: str,
    choices: Iterable[tuple[str, Any]],
    counts: Mapping[str, int],
    chosen: str,
    address: Address,
    **also: str,
) -> list[Filter]:
    """Everything, then each value of ``name`` that occurs; a link changes ``also`` as well."""
    occurring = [
        Filter(
            label,
            counts.get(value, 0),
            chosen == value,
            address(**{name: value}, **also),
        )
        for value, label in choices
        if value in counts or chosen == value
    ]
    everything = Filter(_("All"), sum(counts.values()), not chosen, address(**{name: ""}, **also))
    return [everything, *occurring]


@dataclass(frozen=True)
class Heading:
    """The heading of a column; ``href`` orders by it, ``aria`` is how it is ordered now."""

    label: Any
    href: str = ""
    aria: str = ""
    is_number: bool = False


def heading(
    name: str, label: Any, order: str, address: Address, *, is_number: bool = False
) -> Heading:
    """A heading that orders; a second click on it reverses the order."""
    aria = {name: "ascending", f"-{name}": "descending"}.get(order, "")
    following = f"-{name}" if order == name else name
    return Heading(label, address(sort=following), aria, is_number)
