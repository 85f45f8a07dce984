"""Which endpoint pages and figure cards there are."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enrollment.models import Participant
from labs.rules.numbers import plain, quantity
from outcomes.analysis import conversion_rows, nk_rows, total_rows
from outcomes.antivirals import switch_sensitivity, valganciclovir_apart
from outcomes.levels import courses
from outcomes.rules.sets import AnalysisSet
from trial_site.protocol import current
from trial_site.protocol.definition import Outcome


@dataclass(frozen=True)
class EndpointPage:
    """``outcome`` is the protocol's code; ``template`` shows the ``rows`` of the participants, and
    what stands ``beside`` them, by name."""

    outcome: str
    template: str
    rows: Callable[[list[Participant]], list[Any]]
    beside: Callable[[list[Any]], dict[str, Any]] = lambda _rows: {}


def _levels(outcome: str) -> EndpointPage:
    """The page of an outcome that is measured in analytes."""
    rows = partial(_courses, outcome)
    return EndpointPage(outcome, "outcomes/endpoint_levels.html", rows)


def _courses(outcome: str, people: list[Participant]) -> list[Any]:
    return courses(current().outcome(outcome), people)


ENDPOINTS = {
    "nk": EndpointPage("nk_cytotoxicity", "outcomes/endpoint_nk.html", nk_rows),
    "ganciclovir": EndpointPage(
        "total_ganciclovir",
        "outcomes/endpoint_ganciclovir.html",
        total_rows,
        valganciclovir_apart,
    ),
    "conversion": EndpointPage(
        "conversion_day",
        "outcomes/endpoint_conversion.html",
        conversion_rows,
        switch_sensitivity,
    ),
    "cytokines": _levels("cytokines"),
    "subsets": _levels("nk_subsets"),
    "igm": _levels("igm"),
    "igg": _levels("igg"),
}


def measured_pages() -> list[tuple[str, str]]:
    """Name and title of each outcome that is measured in analytes."""
    found = ((name, current().outcome(page.outcome)) for name, page in ENDPOINTS.items())
    return [(name, outcome.short_title) for name, outcome in found if outcome.analytes]


def name_of(outcome: Outcome) -> str:
    """The page of an outcome."""
    return next(name for name, page in ENDPOINTS.items() if page.outcome == outcome.code)


def figure_cards(overview: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What ``components/figure_card.html`` needs of each figure, drawn of the overview's set."""
    chosen: AnalysisSet = overview["chosen"]
    return {
        "primary": _card(
            "primary",
            chosen,
            rows="nk",
            title=_("NK cytotoxicity, each participant"),
            caption=_primary_caption(overview),
            alt=_("Paired lines of NK lysis from baseline to day 7, and the change by arm."),
        ),
        "viral_load": _card(
            "viral-load",
            chosen,
            rows="viral-load",
            title=_("Viral load"),
            caption=_viral_load_caption(overview),
            alt=_("CMV-DNA by day since first dose on a log axis, one line a participant."),
        ),
        "conversion": _card(
            "conversion",
            chosen,
            rows="conversion",
            title=_("Days to negative CMV-DNA"),
            caption=_conversion_caption(),
            alt=_("Share converted by day since first dose, one rising line an arm."),
        ),
        "ganciclovir": _card(
            "ganciclovir",
            chosen,
            rows="ganciclovir",
            title=_("Cumulative ganciclovir"),
            caption=_(
                "Milligrams delivered in the first course, day by day; a line ends at the last "
                "dose. Rescue doses are left out."
            ),
            alt=_("Rising lines of milligrams by day since first dose, one line a participant."),
        ),
    }


def levels_card(name: str, chosen: AnalysisSet = AnalysisSet.ALLOCATED) -> dict[str, Any]:
    """The card of the figure beside an outcome that is measured in analytes."""
    outcome = current().outcome(ENDPOINTS[name].outcome)
    return _card(
        name,
        chosen,
        rows=name,
        title=_(outcome.short_title),
        caption=_(
            "One panel an analyte, one line a participant: baseline, then the visits of the "
            "outcome. Every sample is the one that counts for its visit."
        ),
        alt=_("Lines of each participant from visit to visit, one panel an analyte."),
    )


def _conversion_caption() -> str:
    rule = current().pcr
    return _(
        "Kaplan–Meier, drawn as the share converted. The event is the first result below "
        "%(threshold)s; who has none is censored at the last PCR."
    ) % {"threshold": quantity(rule.threshold, rule.unit)}


def _primary_caption(overview: dict[str, Any]) -> str:
    rule, arms = current().cytotoxicity, overview["comparison"].arms
    return _(
        "Specific lysis at %(ratio)s:1, formula %(formula)s. "
        "Baseline and day 7 are known of %(count)s of %(allocated)s."
    ) % {
        "ratio": plain(rule.et_ratio),
        "formula": rule.formula,
        "count": sum(arm.description.n for arm in arms),
        "allocated": overview["analysed"],
    }


def _viral_load_caption(overview: dict[str, Any]) -> str:
    rule, not_drawn = current().pcr, overview["not_drawn"]
    caption = _(
        "CMV-DNA as the laboratory reported it. Dashed line: the threshold, %(threshold)s. "
        "Open marks lie at a limit of that result's assay: triangle down, below quantification; "
        "diamond, not detected. Bars below are the doses."
    ) % {"threshold": quantity(rule.threshold, rule.unit)}
    if not not_drawn:
        return caption
    left_out = ngettext(
        "%(count)s result, in another unit or without a limit, stands in the table only.",
        "%(count)s results, in another unit or without a limit, stand in the table only.",
        not_drawn,
    ) % {"count": not_drawn}
    return f"{caption} {left_out}"


def _card(
    name: str, chosen: AnalysisSet, *, rows: str, title: str, caption: str, alt: str
) -> dict[str, Any]:
    of_set = {"set": chosen.value} if chosen is not AnalysisSet.ALLOCATED else {}
    return figure_card(
        lambda form: reverse("outcomes:figure", args=[name, form], query=of_set),
        title=title,
        caption=caption,
        alt=alt,
        csv=reverse("outcomes:endpoint-download", args=[rows], query=of_set),
    )


def figure_card(
    url: Callable[[str], str], *, title: str, caption: str, alt: str, csv: str
) -> dict[str, Any]:
    """What ``components/figure_card.html`` needs of a figure; ``url`` gives each form's address."""
    drawing = url("svg")
    look = f"{drawing}{'&' if '?' in drawing else '?'}theme="
    return {
        "title": title,
        "caption": caption,
        "alt": alt,
        "is_wide": True,
        "spec_url": url("json"),
        "light": f"{look}light",
        "light_narrow": f"{look}light&size=narrow",
        "dark": f"{look}dark",
        "dark_narrow": f"{look}dark&size=narrow",
        "downloads": [("SVG", drawing), ("PDF", url("pdf")), ("CSV", csv)],
    }
