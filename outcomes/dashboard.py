"""What the dashboard and its figures show, computed once for each state of the record.

It is cached under ``state_of_record``: nothing stale can be shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.translation import get_language, gettext

from enrollment.models import Participant
from outcomes.analysis import (
    ConversionRow,
    NkRow,
    TotalRow,
    by_arm,
    casebook_url,
    conversion_rows,
    conversion_times,
    cumulated,
    nk_comparison,
    nk_rows,
    total_rows,
)
from outcomes.cuts.changes import since_latest
from outcomes.figures.conversion import conversion
from outcomes.figures.cumulative import cumulative
from outcomes.figures.levels import LevelPanel, LevelPoint, levels
from outcomes.figures.primary import PairedResult, primary
from outcomes.figures.specification import Spec
from outcomes.figures.theme import Theme
from outcomes.figures.viral_load import viral_load
from outcomes.levels import BASELINE, Course, courses, visit_label
from outcomes.members import members
from outcomes.rules.endpoints import ArmComparison, compare
from outcomes.rules.missing import Missing, counted
from outcomes.rules.sets import AnalysisSet
from outcomes.rules.statistics import Description, describe
from outcomes.rules.survival import Followed, TimeComparison, compare_times
from outcomes.sets import set_name
from outcomes.viral_loads import dose_spans, results_not_drawn, viral_load_points
from oversight.kept import kept
from trial_site import clock
from trial_site.look_back import is_looking_back
from trial_site.models import User
from trial_site.protocol import current

# The trial has ten participants.  With very many, the rows behind a figure have a page of their
# own, so that the dashboard stays as quick as with ten.
MOST_TABLED = 50


def overview(user: User, chosen: AnalysisSet = AnalysisSet.ALLOCATED) -> dict[str, Any]:
    """The dashboard's context, of one set; under the day, because windows close without a write."""
    key = f"overview:{chosen}:{clock.today()}"

    def compute() -> dict[str, Any]:
        since = None if is_looking_back() else since_latest(user)
        return {**_overview(members(user, chosen), chosen), "since": since}

    return kept(user, key, compute)


def _overview(people: list[Participant], chosen: AnalysisSet) -> dict[str, Any]:
    nk, totals, conversions = nk_rows(people), total_rows(people), conversion_rows(people)
    is_tabled = len(people) <= MOST_TABLED
    return {
        "chosen": chosen,
        "set_name": set_name(chosen),
        "analysed": len(people),
        "missing": missing_by_arm(nk),
        "target": current().identification.enrolment_target,
        "comparison": nk_comparison(nk),
        "totals_by_arm": totals_by_arm(totals),
        "total_comparison": total_comparison(totals),
        "conversions_by_arm": _converted_by_arm(conversions),
        "times": time_comparison(conversions),
        "not_drawn": results_not_drawn(conversions),
        "is_tabled": is_tabled,
        "nk": nk if is_tabled else [],
        "totals": totals if is_tabled else [],
        "conversions": conversions if is_tabled else [],
    }


def missing_by_arm(rows: list[NkRow]) -> list[tuple[str, tuple[tuple[Missing, int], ...]]]:
    """Each arm with how many changes are missing for each reason, in the protocol's order."""
    reasons: dict[str, list[Missing | None]] = {arm.code.value: [] for arm in current().arms}
    for row in rows:
        reasons[row.participant.allocation.arm].append(row.missing)
    return [(arm, counted(found)) for arm, found in reasons.items()]


@dataclass(frozen=True)
class ArmTotals:
    """The final totals of one arm, in mg and in mg per kg of baseline weight."""

    arm: str
    not_final: int
    mg: Description
    mg_per_kg: Description


def totals_by_arm(rows: list[TotalRow]) -> list[ArmTotals]:
    """In the protocol's order of arms; who is not withdrawn yet has no final total."""
    of_arm: dict[str, list[TotalRow]] = {arm.code.value: [] for arm in current().arms}
    for row in rows:
        of_arm[row.participant.allocation.arm].append(row)
    return [
        ArmTotals(
            arm=arm,
            not_final=sum(row.final_mg is None for row in found),
            mg=describe([row.final_mg for row in found if row.final_mg is not None]),
            mg_per_kg=describe(
                [row.final_mg_per_kg for row in found if row.final_mg_per_kg is not None]
            ),
        )
        for arm, found in of_arm.items()
    ]


def total_comparison(rows: list[TotalRow]) -> ArmComparison:
    """The final totals in mg, the first arm against the second."""
    return compare(by_arm((row.participant, row.final_mg) for row in rows))


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
                "suspected": sum(bool(c.relapse and not c.relapse.confirmed) for c in followed),
            }
        )
    return summary


def time_comparison(rows: list[ConversionRow]) -> TimeComparison:
    """Days to the first negative by arm, in the protocol's order of arms."""
    grouped: dict[str, list[Followed]] = {arm.code.value: [] for arm in current().arms}
    for time in conversion_times(rows):
        grouped[time.arm].append(time.followed)
    return compare_times(grouped)


def figure_json(
    user: User,
    name: str,
    *,
    theme: Theme,
    narrow: bool,
    chosen: AnalysisSet = AnalysisSet.ALLOCATED,
) -> str:
    """The Vega-Lite specification of a figure, in the active language.  Raises ``KeyError``."""
    build = FIGURES[name]
    key = f"figure:{name}:{chosen}:{clock.today()}:{theme}:{narrow}:{get_language()}"
    return kept(user, key, lambda: json.dumps(build(members(user, chosen), theme, narrow)))


def drawing(
    user: User,
    name: str,
    draw: Callable[[Any], bytes],
    *,
    theme: Theme,
    narrow: bool,
    chosen: AnalysisSet = AnalysisSet.ALLOCATED,
) -> bytes:
    """The same figure as ``draw`` makes it (SVG, PDF).  Raises ``KeyError``, ``FigureNotDrawn``."""
    key = f"{draw.__name__}:{name}:{chosen}:{clock.today()}:{theme}:{narrow}:{get_language()}"

    def drawn() -> bytes:
        spec = figure_json(user, name, theme=theme, narrow=narrow, chosen=chosen)
        return draw(json.loads(spec))

    return kept(user, key, drawn)


def _primary(people: list[Participant], theme: Theme, narrow: bool) -> Spec:
    rows = nk_rows(people)
    results = [
        PairedResult(
            subject=row.participant.subject,
            arm=row.participant.allocation.arm,
            baseline=row.baseline.value,
            day7=row.day7.value if row.day7 else None,
            href=casebook_url(row.participant),
        )
        for row in rows
    ]
    return primary(
        results,
        nk_comparison(rows),
        protocol=current(),
        theme=theme,
        narrow=narrow,
        translate=gettext,
    )


def _viral_load(people: list[Participant], theme: Theme, narrow: bool) -> Spec:
    points = viral_load_points(conversion_rows(people))
    return viral_load(
        points,
        protocol=current(),
        theme=theme,
        narrow=narrow,
        translate=gettext,
        doses=dose_spans(people),
    )


def _conversion(people: list[Participant], theme: Theme, narrow: bool) -> Spec:
    times = conversion_times(conversion_rows(people))
    return conversion(times, protocol=current(), theme=theme, narrow=narrow, translate=gettext)


def _ganciclovir(people: list[Participant], theme: Theme, narrow: bool) -> Spec:
    return cumulative(
        cumulated(people), protocol=current(), theme=theme, narrow=narrow, translate=gettext
    )


def _levels(outcome: str, people: list[Participant], theme: Theme, narrow: bool) -> Spec:
    rule = current().outcome(outcome)
    panels = [
        LevelPanel(course.name, course.unit, _level_points(course))
        for course in courses(rule, people)
    ]
    visits = [visit_label(code) for code in (BASELINE, *rule.time_points)]
    return levels(panels, visits, protocol=current(), theme=theme, narrow=narrow, translate=gettext)


def _level_points(course: Course) -> list[LevelPoint]:
    """Everybody's values in one unit: what another kit measured in another has no place here."""
    points = [point for at in course.visits for point in at.points]
    return [
        LevelPoint(
            subject=point.participant.subject,
            arm=point.participant.allocation.arm,
            visit=visit_label(point.visit),
            operator=point.level.operator,
            value=float(point.level.value),
            reported=point.result.text.render(gettext),
            href=casebook_url(point.participant),
        )
        for point in points
        if point.result and point.level and point.level.unit == course.unit
    ]


FIGURES: dict[str, Callable[[list[Participant], Theme, bool], Spec]] = {
    "primary": _primary,
    "viral-load": _viral_load,
    "conversion": _conversion,
    "ganciclovir": _ganciclovir,
    "cytokines": partial(_levels, "cytokines"),
    "subsets": partial(_levels, "nk_subsets"),
    "igm": partial(_levels, "igm"),
    "igg": partial(_levels, "igg"),
}
