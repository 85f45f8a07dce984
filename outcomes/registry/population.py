"""Who is analysed, in which arm: the members of one analysis set, and the columns they fill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from enrollment.models import Participant
from outcomes.registry import words
from outcomes.registry.content import Count, Group
from outcomes.rules.sets import AnalysisSet
from outcomes.sets import Analysed
from trial_site.protocol import current

T = TypeVar("T")
ByArm = dict[str, list[T]]


@dataclass(frozen=True)
class Population:
    """The members of ``chosen`` by arm, in the protocol's order of arms."""

    chosen: AnalysisSet
    arms: Mapping[str, tuple[Participant, ...]]

    @property
    def people(self) -> list[Participant]:
        return [person for people in self.arms.values() for person in people]

    def by_arm(self, value_of: Callable[[Participant], T]) -> ByArm[T]:
        """A value for each member."""
        return {arm: [value_of(person) for person in people] for arm, people in self.arms.items()}

    def counts(self, groups: Iterable[Group]) -> tuple[Count, ...]:
        """How many members each of ``groups`` has."""
        return tuple(Count(group.id, len(column)) for group, column in columns(groups, self.arms))


def population(rows: Iterable[Analysed], chosen: AnalysisSet) -> Population:
    """Whoever is known to belong to ``chosen``, in the arm that the set counts them in."""
    arms: dict[str, list[Participant]] = {arm.code.value: [] for arm in current().arms}
    for row in rows:
        membership = row.sets[chosen]
        if membership.included and membership.arm is not None:
            arms[membership.arm].append(row.participant)
    return Population(chosen, {arm: tuple(people) for arm, people in arms.items()})


def arm_groups(letter: str) -> tuple[Group, ...]:
    """A column for each arm in the registry's words, numbered as the registry does."""
    return tuple(
        Group(f"{letter}{number}", arm.registry_label, arm.provenance.quote, arm.code.value)
        for number, arm in enumerate(current().arms, 1)
    )


def with_total(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """The same and a last column over all of them."""
    letter = groups[0].id[0]
    total = Group(f"{letter}{len(groups) + 1}", words.TOTAL, words.TOTAL_DESCRIPTION)
    return (*groups, total)


def columns(
    groups: Iterable[Group], values: Mapping[str, Iterable[T]]
) -> Iterator[tuple[Group, list[T]]]:
    """Each group with its values: those of its arm, or all of them for the total."""
    for group in groups:
        if group.arm:
            yield group, list(values[group.arm])
        else:
            yield group, [value for column in values.values() for value in column]
