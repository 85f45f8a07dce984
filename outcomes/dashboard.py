"""What the outcome pages show, computed once for each state of the record.

The computed page data is cached under the number of the newest audit entry: any recorded write
makes a new number, so nothing stale can be shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import Max

from outcomes.analysis import (
    ConversionRow,
    NkRow,
    allocated,
    by_arm,
    conversion_rows,
    nk_comparison,
    nk_rows,
    total_rows,
    viral_load_points,
)
from outcomes.figures.primary import PairedResult, primary
from outcomes.figures.theme import Theme
from outcomes.figures.viral_load import viral_load
from outcomes.rules.statistics import Description, describe
from oversight.trail import AuditEntry
from trial_site.models import User
from trial_site.protocol import current

T = TypeVar("T")
CACHE_SECONDS = 3600
CASEBOOK_HREF = "/participants/%s/"


def cached(user: User, name: str, compute: Callable[[], T]) -> T:
    """``compute()``, kept until a fact changes; apart for each set of sites."""
    sites = ",".join(map(str, user.sites.order_by("pk").values_list("pk", flat=True)))
    newest = AuditEntry.objects.aggregate(newest=Max("pk"))["newest"]
    found: T = cache.get_or_set(f"outcomes:{name}:{sites}:{newest}", compute, CACHE_SECONDS)
    return found


def overview(user: User) -> dict[str, Any]:
    """The dashboard's context."""
    return cached(user, "overview", lambda: _overview(user))


def _overview(user: User) -> dict[str, Any]:
    people = allocated(user)
    nk, totals, conversions = nk_rows(people), total_rows(people), conversion_rows(people)
    return {
        "allocated": len(people),
        "target": current().identification.enrolment_target,
        "nk": nk,
        "comparison": nk_comparison(nk),
        "totals": totals,
        "totals_by_arm": describe_by_arm((row.participant, row.mg) for row in totals),
        "conversions": conversions,
        "conversions_by_arm": _converted_by_arm(conversions),
    }


def describe_by_arm(values: Any) -> list[tuple[str, int, Description]]:
    """``(arm, missing, description)`` in the protocol's order of arms."""
    grouped = by_arm(values)
    return [
        (arm, found.count(None), describe([value for value in found if value is not None]))
        for arm, found in grouped.items()
    ]


def _converted_by_arm(rows: list[ConversionRow]) -> list[dict[str, Any]]:
    summary = []
    for arm in current().arms:
        of_arm = [row for row in rows if row.participant.allocation.arm == arm.code]
        followed = [row.conversion for row in of_arm if row.conversion]
        summary.append(
            {
                "arm": arm.code.value,
                "allocated": len(of_arm),
                "converted": sum(c.converted for c in followed),
                "confirmed": sum(c.confirmed is not None for c in followed),
                "censored": sum(not c.converted for c in followed),
                "relapsed": sum(bool(c.relapse and c.relapse.confirmed) for c in followed),
            }
        )
    return summary


def figure_spec(
    user: User, name: str, *, theme: Theme, narrow: bool, translate: Callable[[str], str]
) -> dict[str, Any]:
    """The Vega-Lite specification of one figure of the dashboard.  Raises ``KeyError``."""
    data = overview(user)
    return FIGURES[name](data, theme, narrow, translate)


def _primary(data: dict[str, Any], theme: Theme, narrow: bool, translate: Any) -> dict[str, Any]:
    rows: list[NkRow] = data["nk"]
    results = [
        PairedResult(
            subject=row.participant.subject,
            arm=row.participant.allocation.arm,
            baseline=row.baseline.value,
            day7=row.day7.value if row.day7 else None,
            href=CASEBOOK_HREF % row.participant.subject,
        )
        for row in rows
    ]
    return primary(
        results,
        data["comparison"],
        protocol=current(),
        theme=theme,
        narrow=narrow,
        translate=translate,
    )


def _viral_load(data: dict[str, Any], theme: Theme, narrow: bool, translate: Any) -> dict[str, Any]:
    points = viral_load_points(data["conversions"], CASEBOOK_HREF)
    return viral_load(points, protocol=current(), theme=theme, narrow=narrow, translate=translate)


FIGURES: dict[str, Callable[..., dict[str, Any]]] = {
    "primary": _primary,
    "viral-load": _viral_load,
}
