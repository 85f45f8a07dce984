"""Recruitment of each site and of all together: what was promised, and what came of it."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any, TypeVar

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext as _

from enrollment.log import in_places
from enrollment.models import Allocation, RecruitmentTarget, Screening
from enrollment.rules.places import EXCLUDED, Place
from enrollment.selectors import SiteLine, site_lines
from outcomes.figures.recruitment import Course, recruitment_figure
from outcomes.figures.specification import Spec
from outcomes.figures.theme import Theme
from outcomes.rules.recruitment import Target, cumulative, expected_end, promised
from oversight.kept import kept
from trial_site import clock
from trial_site.models import User

T = TypeVar("T")


@dataclass(frozen=True)
class SiteCourse:
    """One site, or all of them where ``line`` is ``None``.

    ``days`` are calendar days from the start of a screening to the allocation that followed it.
    """

    line: SiteLine | None
    targets: tuple[Target, ...]
    allocated_on: tuple[dt.date, ...]
    days: tuple[int, ...]
    places: Counter[str]
    today: dt.date

    @property
    def target(self) -> int:
        return sum(one.participants for one in self.targets)

    @property
    def starts_on(self) -> dt.date | None:
        """The first day of recruitment that was promised."""
        return min((one.starts_on for one in self.targets), default=None)

    @property
    def ends_on(self) -> dt.date | None:
        """The last day of recruitment that was promised."""
        return max((one.ends_on for one in self.targets), default=None)

    @property
    def assessed(self) -> int:
        return sum(self.places.values())

    @property
    def excluded(self) -> int:
        return sum(self.places[place] for place in EXCLUDED)

    @property
    def in_screening(self) -> int:
        return self.places[Place.SCREENING]

    @property
    def waiting(self) -> int:
        return self.places[Place.WAITING]

    @property
    def median_days(self) -> float | None:
        return median(self.days) if self.days else None

    @cached_property
    def expected_end(self) -> dt.date | None:
        starts = self.starts_on
        if starts is None:
            return None
        return expected_end(
            self.allocated_on, target=self.target, starts_on=starts, today=self.today
        )

    @property
    def is_reached(self) -> bool:
        return bool(self.targets) and len(self.allocated_on) >= self.target

    @property
    def is_late(self) -> bool:
        """Whether the estimate lies behind the last day that was promised."""
        last = self.ends_on
        return last is not None and self.expected_end is not None and self.expected_end > last


@dataclass(frozen=True)
class Recruitment:
    sites: tuple[SiteCourse, ...]
    whole: SiteCourse

    @property
    def shown(self) -> tuple[SiteCourse, ...]:
        """All sites together come first where there are several."""
        return (self.whole, *self.sites) if len(self.sites) > 1 else self.sites

    @property
    def is_drawn(self) -> bool:
        return any(one.targets or one.allocated_on for one in self.sites)


def recruitment(user: User) -> Recruitment:
    """The sites that ``user`` may read of; the administrator reads of all."""
    lines, today = site_lines(user), clock.today()
    keys = [line.site.pk for line in lines]
    times, places = _allocations(keys), _places(keys)
    sites = tuple(
        SiteCourse(
            line,
            _targets(line),
            tuple(sorted(timezone.localdate(at) for _, at in times[line.site.pk])),
            tuple(sorted(_days(started, at) for started, at in times[line.site.pk])),
            places[line.site.pk],
            today,
        )
        for line in lines
    )
    return Recruitment(sites, _whole(sites, today))


def _whole(sites: Sequence[SiteCourse], today: dt.date) -> SiteCourse:
    return SiteCourse(
        None,
        tuple(target for one in sites for target in one.targets),
        tuple(sorted(day for one in sites for day in one.allocated_on)),
        tuple(sorted(days for one in sites for days in one.days)),
        sum((one.places for one in sites), Counter()),
        today,
    )


def _targets(line: SiteLine) -> tuple[Target, ...]:
    found: RecruitmentTarget | None = getattr(line.site, "target", None)
    return (Target(found.participants, found.starts_on, found.ends_on),) if found else ()


def _allocations(sites: Sequence[int]) -> dict[int, list[tuple[dt.datetime, dt.datetime]]]:
    """Of each site: when the screening started, and when the allocation was made."""
    times: dict[int, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
    found = Allocation.objects.filter(participant__site__in=sites).order_by()
    columns = ("participant__site", "participant__screening__started_at", "allocated_at")
    for site, started, at in found.values_list(*columns):
        times[site].append((started, at))
    return times


def _places(sites: Sequence[int]) -> dict[int, Counter[str]]:
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    screened = in_places(Screening.objects.filter(site__in=sites)).order_by()
    for site, place in screened.values_list("site", "place"):
        counts[site][place] += 1
    return counts


def _days(started: dt.datetime, allocated: dt.datetime) -> int:
    return (timezone.localdate(allocated) - timezone.localdate(started)).days


# --- the figure -------------------------------------------------------------------------------


def drawing(user: User, write: Callable[[Any], T], *, theme: Theme, narrow: bool) -> T:
    """The figure as ``write`` makes it, kept until a fact or the day changes."""
    sites = ",".join(line.site.code for line in site_lines(user))
    look = f"{theme}:{narrow}:{get_language()}"
    key = f"recruitment:{write.__name__}:{look}:{clock.today()}:{sites}"
    return kept(user, key, lambda: write(figure(recruitment(user), theme, narrow=narrow)))


def figure(found: Recruitment, theme: Theme, *, narrow: bool) -> Spec:
    courses = [
        Course(
            title=one.line.site.code if one.line else _("All sites"),
            promised=promised(one.targets),
            steps=cumulative(one.allocated_on, since=one.starts_on, until=one.today),
            today=one.today,
        )
        for one in found.shown
    ]
    return recruitment_figure(courses, theme=theme, narrow=narrow, translate=gettext)


def figure_card() -> dict[str, Any]:
    """What ``components/figure_card.html`` needs."""

    def url(form: str, query: str = "") -> str:
        return reverse("outcomes:recruitment-figure", args=[form]) + query

    return {
        "title": _("Recruitment over time"),
        "caption": _(
            "Steps: participants allocated. Dashed line: the target, evenly from its first to "
            "its last day."
        ),
        "alt": _("Participants allocated over time as steps, and the target as a straight line."),
        "is_wide": True,
        "spec_url": url("json"),
        "light": url("svg", "?theme=light"),
        "light_narrow": url("svg", "?theme=light&size=narrow"),
        "dark": url("svg", "?theme=dark"),
        "dark_narrow": url("svg", "?theme=dark&size=narrow"),
        "downloads": [("SVG", url("svg")), ("PDF", url("pdf"))],
    }
