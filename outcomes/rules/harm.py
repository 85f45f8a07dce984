"""Adverse events counted by arm, grade and relation, and the worst grade of a laboratory value.

Source: DOMAIN 8 (grades, seriousness) and 10 (safety: as treated).  Events and participants are
counted apart; a participant counts once, by the worst.  What cannot be known is counted as unknown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from trial_site.messages import Message
from trial_site.protocol.definition import Drug, Protocol, gettext_noop

GRADES = (1, 2, 3, 4, 5)
SEVERE_FROM = 3  # CTCAE: grade 3 is "severe"
RELATED = frozenset({"possible", "probable", "definite"})
RELATIONS = ("definite", "probable", "possible", "unlikely", "unrelated", "not_given", "")


@dataclass(frozen=True)
class EventFact:
    """One adverse event of ``subject``.  A relation is empty until somebody assessed it."""

    subject: str
    term: str
    grade: int
    serious: bool
    fatal: bool
    relation: Mapping[str, str]
    action: Mapping[str, str]

    @property
    def assessed(self) -> bool:
        return all(self.relation.values())

    @property
    def related(self) -> bool:
        return any(value in RELATED for value in self.relation.values())


@dataclass(frozen=True)
class Tally:
    """``events`` of ``participants`` out of ``of``."""

    events: int
    participants: int
    of: int

    @property
    def percent(self) -> Fraction | None:
        """Of participants; None where nobody was treated."""
        return Fraction(100 * self.participants, self.of) if self.of else None


@dataclass(frozen=True)
class Line:
    """One row of a table: a tally for each arm, in the order of the arms."""

    code: str
    label: Message
    tallies: tuple[Tally, ...]


@dataclass(frozen=True)
class TermLine:
    """One term.  ``worst`` is its worst grade in anybody, ``serious`` counts serious events, and
    ``subjects`` are who had it."""

    term: str
    tallies: tuple[Tally, ...]
    worst: int
    serious: int
    subjects: tuple[str, ...]

    @property
    def events(self) -> int:
        return sum(tally.events for tally in self.tallies)


Groups = Mapping[str, frozenset[str]]
"""The subjects of each arm as treated, in the order of the arms."""


def as_treated(drugs: Iterable[str], protocol: Protocol) -> str | None:
    """The arm whose treatment was received: with any dose of IL-2 that with it, else that without.

    None for whoever received nothing, who is in no safety table.  Source: DOMAIN 10.
    """
    received = set(drugs)
    if not received:
        return None
    with_il2 = Drug.IL2 in received
    return next(arm.code for arm in protocol.arms if (Drug.IL2 in arm.drugs) is with_il2)


_SUMMARY: tuple[tuple[str, str, Callable[[EventFact], bool]], ...] = (
    ("any", gettext_noop("Any adverse event"), lambda event: True),
    ("serious", gettext_noop("Serious"), lambda event: event.serious),
    ("severe", gettext_noop("Grade 3 or worse"), lambda event: event.grade >= SEVERE_FROM),
    (
        "related_il2",
        gettext_noop("Related to interleukin-2"),
        lambda event: event.relation.get(Drug.IL2) in RELATED,
    ),
    (
        "related_ganciclovir",
        gettext_noop("Related to ganciclovir"),
        lambda event: event.relation.get(Drug.GANCICLOVIR) in RELATED,
    ),
    (
        "serious_related",
        gettext_noop("Serious and related to a drug"),
        lambda event: event.serious and event.related,
    ),
    ("held", gettext_noop("A drug was held"), lambda event: "held" in event.action.values()),
    (
        "withdrawn",
        gettext_noop("A drug was withdrawn"),
        lambda event: "withdrawn" in event.action.values(),
    ),
    ("fatal", gettext_noop("Fatal"), lambda event: event.fatal),
    ("unassessed", gettext_noop("Not assessed yet"), lambda event: not event.assessed),
)


def summary(events: Sequence[EventFact], groups: Groups) -> tuple[Line, ...]:
    """What every report of harm begins with; one participant may stand in several lines."""
    return tuple(
        Line(code, Message(label), _tallies(filter(holds, events), groups))
        for code, label, holds in _SUMMARY
    )


_GRADE = gettext_noop("Grade %(grade)s")


def by_grade(events: Sequence[EventFact], groups: Groups) -> tuple[Line, ...]:
    """Events of each grade; participants once, at the worst grade they had."""
    worst: dict[str, int] = {}
    for event in events:
        worst[event.subject] = max(event.grade, worst.get(event.subject, 0))
    return tuple(
        Line(
            str(grade),
            Message(_GRADE, {"grade": str(grade)}),
            tuple(
                Tally(
                    events=sum(e.grade == grade and e.subject in people for e in events),
                    participants=sum(worst.get(subject) == grade for subject in people),
                    of=len(people),
                )
                for people in groups.values()
            ),
        )
        for grade in GRADES
    )


def by_relation(events: Sequence[EventFact], groups: Groups, drug: str) -> tuple[Line, ...]:
    """Events by their relation to ``drug``; a participant may stand in several lines.

    The code of a line is the relation, empty for events that nobody assessed yet.
    """
    found: dict[str, list[EventFact]] = defaultdict(list)
    for event in events:
        found[event.relation.get(drug, "")].append(event)
    return tuple(
        Line(code, Message(_RELATION_NAMES[code]), _tallies(found[code], groups))
        for code in RELATIONS
    )


_RELATION_NAMES = {
    "definite": gettext_noop("Definite"),
    "probable": gettext_noop("Probable"),
    "possible": gettext_noop("Possible"),
    "unlikely": gettext_noop("Unlikely"),
    "unrelated": gettext_noop("Unrelated"),
    "not_given": gettext_noop("The drug was not given"),
    "": gettext_noop("Not assessed yet"),
}


def by_term(events: Sequence[EventFact], groups: Groups) -> tuple[TermLine, ...]:
    """One line a term, the most frequent first; spellings that differ in case alone are one."""
    found: dict[str, list[EventFact]] = defaultdict(list)
    for event in events:
        found[same_term(event.term)].append(event)
    lines = [
        TermLine(
            term=Counter(event.term for event in of_term).most_common(1)[0][0],
            tallies=_tallies(of_term, groups),
            worst=max(event.grade for event in of_term),
            serious=sum(event.serious for event in of_term),
            subjects=tuple(sorted({event.subject for event in of_term})),
        )
        for of_term in found.values()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.events, same_term(line.term))))


def same_term(term: str) -> str:
    """What two spellings of one term have in common."""
    return " ".join(term.split()).casefold()


def _tallies(events: Iterable[EventFact], groups: Groups) -> tuple[Tally, ...]:
    counted = Counter(event.subject for event in events)
    return tuple(
        Tally(
            events=sum(counted[subject] for subject in people),
            participants=sum(counted[subject] > 0 for subject in people),
            of=len(people),
        )
        for people in groups.values()
    )


# --- laboratory: from baseline to worst --------------------------------------------------------


@dataclass(frozen=True)
class Worst:
    """The worst grade, None where it cannot be known; ``ungraded`` results might be worse."""

    grade: int | None
    ungraded: int = 0


def worst_grade(grades: Iterable[int | None]) -> Worst:
    """The worst of post-baseline ``grades`` (0 to 4; None: this result could not be graded).

    Grade 0 is claimed only where every result is graded; a known grade above 0 stands, although an
    ungraded result might be worse.  Without any result it is unknown.
    """
    found = list(grades)
    known = [grade for grade in found if grade is not None]
    ungraded = len(found) - len(known)
    worst = max(known, default=None)
    if not worst and ungraded:
        return Worst(None, ungraded)
    return Worst(worst, ungraded)


Cell = tuple[int | None, int | None]
SHIFT_GRADES: tuple[int | None, ...] = (0, 1, 2, 3, 4, None)


def shift_rows(
    cells: Iterable[Cell],
) -> tuple[tuple[int | None, tuple[int, ...]], ...]:
    """``(baseline, counts by worst grade)`` for each baseline that somebody has.

    ``cells`` has one ``(baseline, worst)`` a participant; both run over ``SHIFT_GRADES``, the last
    of which is unknown.
    """
    count = Counter(cells)
    rows = (
        (baseline, tuple(count[baseline, worst] for worst in SHIFT_GRADES))
        for baseline in SHIFT_GRADES
    )
    return tuple((baseline, counts) for baseline, counts in rows if any(counts))
