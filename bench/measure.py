"""Runs: every page in turn, so that what disturbs the machine disturbs all of them alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median

from bench.pages import BARE, MOST_QUERIES, Page


@dataclass(frozen=True)
class Figure:
    """One page at one size.  ``ratio`` is to the bare view of the same runs; ``most…`` are aims."""

    page: str
    queries: int
    milliseconds: float
    ratio: float
    most: float | None
    most_queries: int | None


@dataclass(frozen=True)
class Memory:
    """Megabytes of the web worker; None on a system that does not tell."""

    after_pages: float | None
    after_drawing: float | None  # one figure as SVG, which a page without scripts needs


@dataclass(frozen=True)
class Import:
    """A laboratory's file: ``results`` with their history and audit entries, ``rows`` in all.

    ``commits_a_second`` are one connection's single-row INSERTs, right before and right after.
    """

    results: int
    rows: int
    seconds: float
    commits_a_second: float

    @property
    def results_a_second(self) -> float:
        return self.results / self.seconds

    @property
    def ratio(self) -> float:
        """Not below 1 is the aim."""
        return self.results_a_second / self.commits_a_second


@dataclass(frozen=True)
class Size:
    """Everything that was measured with so many participants."""

    participants: int
    figures: tuple[Figure, ...]
    memory: Memory
    rows: int
    seconds: float
    rows_a_second: float
    commits_a_second: float
    imported: Import


def measure(pages: Sequence[Page], runs: int) -> list[Figure]:
    """Each page in ``runs`` runs; a run's time is the mean of its requests.  One visit warms up."""
    queries = {page.name: page.ask().queries for page in pages}
    times: dict[str, list[float]] = {page.name: [] for page in pages}
    for _ in range(runs):
        for page in pages:
            answers = [page.ask() for _ in range(page.repeats)]
            times[page.name].append(mean(answer.milliseconds for answer in answers))
            queries[page.name] = max(answer.queries for answer in answers)
    typical = {name: median(found) for name, found in times.items()}
    return [
        Figure(
            page=page.name,
            queries=queries[page.name],
            milliseconds=typical[page.name],
            ratio=typical[page.name] / typical[BARE],
            most=page.most,
            most_queries=None if page.saves else MOST_QUERIES,
        )
        for page in pages
    ]
