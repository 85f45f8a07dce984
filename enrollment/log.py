"""The screening log: every screening at the reader's sites, narrowed and ordered by the address.

A log counts screenings, the CONSORT flow counts patients: ``flow`` in the address shows the last
screening of each patient only, those who stand in one of its boxes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db.models import Case, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from enrollment import selectors
from enrollment.models import Consent, Screening
from enrollment.rules.places import EXCLUDED, Place, failed_criteria
from enrollment.states import State
from trial_site.models import User
from trial_site.protocol import current

NEWEST_FIRST = "-number"
# What no row of the log shows, and is long to read.
LEFT_OUT = (
    "facts",
    *(
        f"{other}__{column}"
        for other in ("previous", "rescreening")
        for column in ("facts", "eligibility")
    ),
)
# What each heading orders by.  Numbers grow with the rows, but not as text: SCR-1000 < SCR-999.
ORDERS = {
    "number": "pk",
    "status": "status",
    "started": "started_at",
    "consent": "consented_at",
    "days": "waited",
}
ASSESSED, EXCLUDED_FLOW = "assessed", "excluded"
FLOWS: Mapping[str, tuple[Place, ...]] = {
    ASSESSED: tuple(Place),
    EXCLUDED_FLOW: EXCLUDED,
    **{place.value: (place,) for place in Place},
}


@dataclass(frozen=True)
class Wanted:
    """What of the log is asked for; an empty field asks for everything."""

    status: str = ""
    reason: str = ""
    site: str = ""
    flow: str = ""
    text: str = ""
    sort: str = NEWEST_FIRST

    @classmethod
    def read(cls, query: Mapping[str, str], sites: set[str]) -> Wanted:
        """From an address; what means nothing is left out.  ``sites`` are those of the reader."""

        def one_of(name: str, values: Any) -> str:
            value = query.get(name, "")
            return value if value in values else ""

        sort = query.get("sort", "")
        return cls(
            status=one_of("status", Screening.Status.values),
            reason=one_of("reason", {criterion.id for criterion in current().criteria}),
            site=one_of("site", sites),
            flow=one_of("flow", FLOWS),
            text=query.get("q", "").strip(),
            sort=sort if sort.removeprefix("-") in ORDERS else NEWEST_FIRST,
        )


def in_places(screenings: QuerySet[Screening]) -> QuerySet[Any]:
    """The last screening of each patient, with ``place``: where in the flow the patient stands."""
    waiting = When(stands__in=(State.ELIGIBLE, State.ENROLLED), then=Value(Place.WAITING.value))
    allocated = When(participant__allocation__isnull=False, then=Value(Place.ALLOCATED.value))
    last = screenings.filter(rescreening__isnull=True)
    return last.annotate(stands=Coalesce("participant__state", "state")).annotate(
        place=Case(allocated, waiting, default=F("stands"))
    )


def days_to_allocation(screening: Screening) -> int | None:
    """Calendar days at the site from the start of the screening to the allocation."""
    participant = getattr(screening, "participant", None)
    allocation = getattr(participant, "allocation", None)
    if allocation is None:
        return None
    started, allocated = screening.started_at, allocation.allocated_at
    return (timezone.localdate(allocated) - timezone.localdate(started)).days


class ScreeningLog:
    """The screenings of ``user``'s sites that are ``wanted``, and what their facets count."""

    def __init__(self, user: User, wanted: Wanted) -> None:
        self.user, self.wanted = user, wanted

    @property
    def rows(self) -> QuerySet[Any]:
        """The screenings in their order, without their answers."""
        found = self._narrow(selectors.screenings(self.user).defer(*LEFT_OUT), self.wanted)
        signed = Consent.objects.filter(screening=OuterRef("pk")).order_by("signed_at")
        found = found.annotate(
            consented_at=Subquery(signed.values("signed_at")[:1]),
            waited=F("participant__allocation__allocated_at") - F("started_at"),
        )
        name = self.wanted.sort.removeprefix("-")
        column = F(ORDERS[name])
        descending = self.wanted.sort.startswith("-")
        order = column.desc(nulls_last=True) if descending else column.asc(nulls_last=True)
        ordered: QuerySet[Any] = found.order_by(order, "-pk")
        return ordered

    @property
    def statuses(self) -> dict[str, int]:
        """How many each status has; a reason implies one, so it is not held against the others."""
        rest = replace(self.wanted, status="", reason="")
        return selectors.counted(self._visible(rest), "status")

    @property
    def sites(self) -> dict[str, int]:
        return selectors.counted(self._visible(replace(self.wanted, site="")), "site__code")

    @cached_property
    def reasons(self) -> Counter[str]:
        """How many screen failures each criterion speaks against; one may have several."""
        rest = self._visible(replace(self.wanted, reason=""))
        failed = rest.filter(status=Screening.Status.FAILED).order_by()
        return Counter(
            criterion
            for key in failed.values_list("pk", flat=True)
            for criterion in self._failed[key]
        )

    @cached_property
    def days(self) -> list[int]:
        """The days from screening to allocation of those wanted who are allocated."""
        found = self._visible(self.wanted).filter(participant__allocation__isnull=False)
        times = found.order_by().values_list("started_at", "participant__allocation__allocated_at")
        return [
            (timezone.localdate(allocated) - timezone.localdate(started)).days
            for started, allocated in times
        ]

    @cached_property
    def _failed(self) -> dict[int, tuple[str, ...]]:
        """Of each screen failure at the reader's sites: which criteria spoke against it."""
        found = Screening.objects.visible_to(self.user).filter(status=Screening.Status.FAILED)
        verdicts = found.order_by().values_list("pk", "eligibility")
        return {key: failed_criteria(eligibility) for key, eligibility in verdicts}

    def _visible(self, wanted: Wanted) -> QuerySet[Any]:
        return self._narrow(Screening.objects.visible_to(self.user), wanted)

    def _narrow(self, found: QuerySet[Any], wanted: Wanted) -> QuerySet[Any]:
        if wanted.flow:
            found = in_places(found).filter(place__in=FLOWS[wanted.flow])
        if wanted.status:
            found = found.filter(status=wanted.status)
        if wanted.site:
            found = found.filter(site__code=wanted.site)
        if wanted.text:
            found = found.filter(number__icontains=wanted.text) | found.filter(
                participant__subject__icontains=wanted.text
            )
        if wanted.reason:
            keys = [key for key, ids in self._failed.items() if wanted.reason in ids]
            found = found.filter(pk__in=keys)
        return found
