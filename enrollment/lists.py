"""Lines, filters and headings of the room's lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from enrollment.models import Consent, Participant, Screening
from trial_site import clock

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
COLUMNS = {
    "subject": _("Subject"),
    "state": _("State"),
    "arm": _("Arm"),
    "first-dose": _("First dose"),
    "site": _("Site"),
}


@dataclass(frozen=True)
class ScreeningLine:
    """A screening with what belongs to it, its badge and what it waits for."""

    screening: Screening
    consent: Consent | None
    participant: Participant | None

    @classmethod
    def of(cls, screening: Screening) -> ScreeningLine:
        consent = getattr(screening, "consent", None)
        return cls(screening, consent, getattr(screening, "participant", None))

    def __str__(self) -> str:
        return self.screening.number

    @property
    def badge(self) -> str:
        return STATUS_BADGES[Screening.Status(self.screening.status)]

    @property
    def days(self) -> int | None:
        """Days since consent."""
        return (clock.today() - self.consent.signed_on).days if self.consent else None

    @property
    def blocking(self) -> str:
        """The criteria that speak against a submitted screening."""
        if self.screening.status not in {Screening.Status.FAILED, Screening.Status.BLOCKED}:
            return ""
        verdicts = self.screening.verdict.verdicts
        return ", ".join(verdict.criterion_id for verdict in verdicts if verdict.blocks)

    @property
    def waits_for(self) -> Any:
        if self.participant:
            return self.participant.get_state_display()
        if self.screening.confirmed_at:
            return _("Waits for enrolment")
        if self.screening.is_draft:
            return _("Waits for submission") if self.consent else _("Waits for consent")
        return WAITING[Screening.Status(self.screening.status)]


@dataclass(frozen=True)
class Filter:
    """A link that narrows a list to one value; an empty value shows everything."""

    value: str
    label: Any
    count: int
    chosen: bool


def filters(
    choices: Iterable[tuple[str, Any]], counts: Mapping[str, int], chosen: str
) -> list[Filter]:
    """Everything, then each value that occurs."""
    occurring = [
        Filter(value, label, counts.get(value, 0), chosen == value)
        for value, label in choices
        if value in counts or chosen == value
    ]
    return [Filter("", _("All"), sum(counts.values()), not chosen), *occurring]


@dataclass(frozen=True)
class Column:
    """A heading that sorts; ``sort`` is what its link asks for, ``aria`` how it is sorted now."""

    label: Any
    sort: str
    aria: str


def columns(order: str, *, shows_arm: bool) -> list[Column]:
    """The headings of the list of participants; a second click on one reverses the order."""
    return [
        Column(label, f"-{name}" if order == name else name, _aria_sort(order or "subject", name))
        for name, label in COLUMNS.items()
        if shows_arm or name != "arm"
    ]


def _aria_sort(order: str, name: str) -> str:
    return {name: "ascending", f"-{name}": "descending"}.get(order, "")
