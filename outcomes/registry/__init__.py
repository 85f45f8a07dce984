"""The results of the trial in the form in which the registry asks for them.

Everything is computed from the record by the rules of the outcomes; here it is put in the
registry's own tables, once for page, files and report.
"""

from __future__ import annotations

from outcomes.analysis import allocated, conversion_rows, total_rows
from outcomes.exposure import events_of, exposures
from outcomes.levels import courses_of
from outcomes.registry.baseline import baseline
from outcomes.registry.content import RegistryResults
from outcomes.registry.events import reported_events
from outcomes.registry.flow import participant_flow
from outcomes.registry.outcome_measures import Builder
from outcomes.registry.population import population
from outcomes.rules.sets import AnalysisSet
from outcomes.sets import analysed, set_name
from oversight.kept import kept
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

__all__ = ["RegistryResults", "registry_results"]

_SET = gettext_noop("Analysis set: %(name)s.")
_LIMITATIONS = (
    gettext_noop(
        "Exploratory. Ten participants give no power and no multiplicity claim; no p value is "
        "adjusted."
    ),
    gettext_noop("An open trial: those who assessed it knew the treatment."),
)


def registry_results(
    user: User, analysis_set: AnalysisSet = AnalysisSet.ALLOCATED
) -> RegistryResults:
    """All four sections for the sites of ``user``; kept until the record or the day changes."""
    key = f"registry:{analysis_set}:{clock.today()}"
    return kept(user, key, lambda: _results(user, analysis_set))


def _results(user: User, analysis_set: AnalysisSet) -> RegistryResults:
    people = allocated(user)
    rows = analysed(people)
    chosen = population(rows, analysis_set)
    told = (Message(_SET, {"name": Message(set_name(analysis_set))}),)
    conversions = conversion_rows(people)
    build = Builder(chosen, told)
    found = {
        "nk_cytotoxicity": build.lysis(rows),
        "total_ganciclovir": build.totals(total_rows(people)),
        "conversion_day": build.conversions(conversions),
    }
    of_analytes = [rule for rule in current().outcomes if rule.analytes]
    for rule, measured in courses_of(of_analytes, people):
        found[rule.code] = build.measured(rule, measured)
    events = events_of(people)
    return RegistryResults(
        analysis_set=analysis_set.value,
        set_name=Message(set_name(analysis_set)),
        flow=participant_flow(user, rows, population(rows, AnalysisSet.ALLOCATED)),
        baseline=baseline(chosen, told, rows, conversions),
        outcomes=tuple(found[rule.code] for rule in current().outcomes),
        events=reported_events(people, exposures(people, events), events),
        limitations=tuple(map(Message, _LIMITATIONS)),
    )
