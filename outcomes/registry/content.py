"""The results of the trial as the registry asks for them: its data elements, filled.

Source: the registry's public schema of results (``clinical_results`` in ``public.xsd``).  What a
group comes to is rounded here, once: page, CSV and XML show the same numbers.  A text is a
``Message``; those of the registry itself are in no catalogue and stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from trial_site.messages import Message

Texts = tuple[Message, ...]


@dataclass(frozen=True)
class Group:
    """A column: ``id`` is its own within a section, ``arm`` is empty for the total."""

    id: str
    title: str
    description: str
    arm: str = ""


@dataclass(frozen=True)
class Count:
    """So many participants of a group; ``href`` leads to a list of them, if there is one."""

    group: str
    value: int
    href: str = ""


# --- participant flow -------------------------------------------------------------------------


@dataclass(frozen=True)
class Milestone:
    """A point that participants reached, or a reason why they did not complete."""

    title: str
    counts: tuple[Count, ...]


@dataclass(frozen=True)
class ParticipantFlow:
    """``reasons`` add up to those who did not complete."""

    recruitment: Texts
    pre_assignment: Texts
    groups: tuple[Group, ...]
    period: str
    milestones: tuple[Milestone, ...]
    reasons: tuple[Milestone, ...]


# --- measures: baseline characteristics and outcomes ------------------------------------------


@dataclass(frozen=True)
class Measurement:
    """What one group comes to, in the unit of its measure.

    ``spread`` goes with a standard deviation, ``lower`` and ``upper`` with limits.  ``relation`` is
    "<" or ">" where ``value`` is a limit of the assay, and so are those of the limits.  Without a
    value (NA) ``comment`` says why.
    """

    group: str
    value: Decimal | None
    spread: Decimal | None = None
    lower: Decimal | None = None
    upper: Decimal | None = None
    relation: str = ""
    lower_relation: str = ""
    upper_relation: str = ""
    comment: Message | None = None

    @property
    def places(self) -> int:
        """The decimals that all its numbers are rounded to."""
        return _places(self.value, self.lower, self.upper)

    @property
    def has_limits(self) -> bool:
        return self.lower is not None or self.upper is not None


@dataclass(frozen=True)
class Category:
    """``title`` is empty where a class has one category alone."""

    title: Message | None
    measurements: tuple[Measurement, ...]


@dataclass(frozen=True)
class Analysis:
    """The first group against the second.  What is not defined is ``None``, and its comment says
    why.  ``p_relation`` is "<" where ``p`` is but the smallest number that is told."""

    groups: tuple[str, ...]
    about: Message
    method: str
    method_comment: Message
    p: Decimal | None
    p_comment: Message
    p_relation: str = ""
    parameter: str = ""
    estimate: Decimal | None = None
    ci_percent: Decimal | None = None
    ci_lower: Decimal | None = None
    ci_upper: Decimal | None = None
    estimate_comment: Message | None = None

    @property
    def places(self) -> int:
        """The decimals of the estimate and its interval."""
        return _places(self.estimate)


@dataclass(frozen=True)
class MeasureClass:
    """One row or block: ``analysed`` had a value, ``missing`` had none."""

    title: Message | None
    analysed: tuple[Count, ...]
    missing: tuple[Count, ...]
    categories: tuple[Category, ...]
    analyses: tuple[Analysis, ...] = ()


@dataclass(frozen=True)
class Measure:
    """``parameter`` and ``dispersion`` are the registry's names of what is reported."""

    title: Message
    description: Texts
    unit: str
    parameter: str
    dispersion: str
    classes: tuple[MeasureClass, ...]

    @property
    def methods(self) -> list[Analysis]:
        """One analysis of each method; empty where the arms are not compared."""
        analyses = (analysis for row in self.classes for analysis in row.analyses)
        return list({analysis.method: analysis for analysis in analyses}.values())


@dataclass(frozen=True)
class Baseline:
    population: Texts
    groups: tuple[Group, ...]
    analysed: tuple[Count, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class Outcome:
    """One of the registry's outcomes in its own words.

    The registry wants an entry for each measure: one of the same outcome in another unit follows
    with a title of its own.  ``page`` names the page with the rows.
    """

    type: str
    title: str
    description: str
    time_frame: str
    reading: Message
    page: str
    population: Texts
    groups: tuple[Group, ...]
    analysed: tuple[Count, ...]
    measures: tuple[Measure, ...]


def _places(*values: Decimal | None) -> int:
    """Of the first number there is."""
    found = next((value for value in values if value is not None), Decimal(0))
    return max(0, -int(found.as_tuple().exponent))


# --- adverse events ---------------------------------------------------------------------------


@dataclass(frozen=True)
class EventCount:
    """``events`` is empty where people are counted alone."""

    group: str
    affected: int
    at_risk: int
    events: int | None = None


@dataclass(frozen=True)
class Event:
    term: str
    counts: tuple[EventCount, ...]


@dataclass(frozen=True)
class EventTable:
    total: Event
    events: tuple[Event, ...]


@dataclass(frozen=True)
class ReportedEvents:
    """``before`` counts events that began before the first dose, which are in no table."""

    time_frame: Message
    description: Texts
    groups: tuple[Group, ...]
    threshold: Decimal  # percent
    assessment: str
    mortality: Event
    serious: EventTable
    other: EventTable
    before: int


# --- all of it --------------------------------------------------------------------------------


@dataclass(frozen=True)
class RegistryResults:
    """``analysis_set`` is the code of the set, ``set_name`` what it is called."""

    analysis_set: str
    set_name: Message
    flow: ParticipantFlow
    baseline: Baseline
    outcomes: tuple[Outcome, ...]
    events: ReportedEvents
    limitations: Texts

    @property
    def started(self) -> int:
        """Everybody allocated."""
        return sum(count.value for count in self.flow.milestones[0].counts)

    def measures(self) -> Iterator[tuple[Outcome, Measure]]:
        """Every entry of an outcome, in the registry's order."""
        for outcome in self.outcomes:
            for measure in outcome.measures:
                yield outcome, measure
