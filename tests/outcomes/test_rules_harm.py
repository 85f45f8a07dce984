"""Adverse events by arm, grade and relation; the worst laboratory grade (DOMAIN 8, 10)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.rules.harm import (
    RELATIONS,
    SHIFT_GRADES,
    EventFact,
    Tally,
    Worst,
    as_treated,
    by_grade,
    by_relation,
    by_term,
    shift_rows,
    summary,
    worst_grade,
)
from trial_site.protocol import current

GROUPS = {"il2_gcv": frozenset({"A1", "A2", "A3"}), "gcv": frozenset({"B1", "B2"})}
EVERYBODY = [subject for people in GROUPS.values() for subject in sorted(people)]


def event(subject: str = "A1", **changes: Any) -> EventFact:
    """A fever of grade 2 that nobody assessed."""
    values: dict[str, Any] = {
        "term": "Fever",
        "grade": 2,
        "serious": False,
        "fatal": False,
        "relation": {"il2": "", "ganciclovir": ""},
        "action": {"il2": "", "ganciclovir": ""},
    }
    return EventFact(subject, **values | changes)


def related(il2: str = "unrelated", ganciclovir: str = "unrelated") -> dict[str, str]:
    return {"il2": il2, "ganciclovir": ganciclovir}


def line(code: str, *events: EventFact) -> tuple[Tally, ...]:
    return next(row.tallies for row in summary(events, GROUPS) if row.code == code)


# --- who is analysed where ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drugs", "arm"),
    [
        ([], None),
        (["ganciclovir"], "gcv"),
        (["ganciclovir", "il2"], "il2_gcv"),
        (["il2"], "il2_gcv"),
        (["ganciclovir", "ganciclovir", "il2"], "il2_gcv"),
    ],
)
def test_safety_counts_what_was_received(drugs: list[str], arm: str | None) -> None:
    assert as_treated(drugs, current()) == arm


# --- events ------------------------------------------------------------------------------------


def test_events_and_participants_are_counted_apart() -> None:
    assert line("any", event("A1"), event("A1"), event("B1")) == (Tally(2, 1, 3), Tally(1, 1, 2))


def test_a_share_has_its_denominator_and_none_without_anybody() -> None:
    assert Tally(2, 1, 3).percent == Fraction(100, 3)
    assert Tally(0, 0, 5).percent == 0
    assert Tally(0, 0, 0).percent is None


def test_who_is_in_no_group_is_in_no_number() -> None:
    assert line("any", event("Z9")) == (Tally(0, 0, 3), Tally(0, 0, 2))


@pytest.mark.parametrize(("grade", "counts"), [(2, 0), (3, 1), (4, 1), (5, 1)])
def test_severe_begins_at_grade_3(grade: int, counts: int) -> None:
    assert line("severe", event(grade=grade))[0].events == counts


@pytest.mark.parametrize(
    ("relation", "counts"),
    [
        ("definite", 1),
        ("probable", 1),
        ("possible", 1),
        ("unlikely", 0),
        ("unrelated", 0),
        ("not_given", 0),
        ("", 0),
    ],
)
def test_possible_and_stronger_is_related(relation: str, counts: int) -> None:
    found = event(relation=related(il2=relation))
    assert line("related_il2", found)[0].events == counts
    assert line("related_ganciclovir", found)[0].events == 0
    serious = event(relation=related(ganciclovir=relation), serious=True)
    assert line("serious_related", serious)[0].events == counts


def test_serious_stands_apart_from_severe() -> None:
    mild_and_serious = event(grade=1, serious=True)
    assert line("serious", mild_and_serious)[0].events == 1
    assert line("severe", mild_and_serious)[0].events == 0


def test_consequences_are_counted() -> None:
    held = event(action={"il2": "none", "ganciclovir": "held"})
    stopped = event("B1", action={"il2": "not_given", "ganciclovir": "withdrawn"}, fatal=True)
    assert line("held", held, stopped) == (Tally(1, 1, 3), Tally(0, 0, 2))
    assert line("withdrawn", held, stopped) == (Tally(0, 0, 3), Tally(1, 1, 2))
    assert line("fatal", held, stopped) == (Tally(0, 0, 3), Tally(1, 1, 2))


def test_an_event_waits_for_its_assessment_until_both_drugs_have_one() -> None:
    one = event(relation={"il2": "possible", "ganciclovir": ""})
    assert line("unassessed", one)[0].events == 1
    assert line("unassessed", event(relation=related()))[0].events == 0


def test_a_participant_stands_once_at_the_worst_grade() -> None:
    rows = by_grade([event(grade=1), event(grade=3), event("A2", grade=1)], GROUPS)
    assert [row.tallies[0] for row in rows] == [
        Tally(2, 1, 3),
        Tally(0, 0, 3),
        Tally(1, 1, 3),
        Tally(0, 0, 3),
        Tally(0, 0, 3),
    ]


def test_a_relation_is_that_to_one_drug() -> None:
    found = event(relation=related(il2="probable", ganciclovir="unlikely"))
    by_il2 = {row.code: row.tallies[0].events for row in by_relation([found], GROUPS, "il2")}
    by_gcv = {
        row.code: row.tallies[0].events for row in by_relation([found], GROUPS, "ganciclovir")
    }
    assert (by_il2["probable"], by_il2["unlikely"]) == (1, 0)
    assert (by_gcv["probable"], by_gcv["unlikely"]) == (0, 1)


def test_spellings_of_a_term_are_one_line_named_as_it_mostly_is() -> None:
    [first, second] = by_term(
        [
            event(term="Rash"),
            event("B1", term="Fever", grade=1),
            event("A2", term="fever ", grade=4, serious=True),
            event("A2", term="Fever"),
        ],
        GROUPS,
    )
    assert (first.term, first.worst, first.serious) == ("Fever", 4, 1)
    assert first.tallies == (Tally(2, 1, 3), Tally(1, 1, 2))
    assert first.subjects == ("A2", "B1")
    assert second.term == "Rash"


events = st.lists(
    st.builds(
        event,
        st.sampled_from(EVERYBODY),
        grade=st.integers(1, 5),
        relation=st.fixed_dictionaries(
            {"il2": st.sampled_from(RELATIONS), "ganciclovir": st.sampled_from(RELATIONS)}
        ),
        term=st.sampled_from(["Fever", "fever", "Rash", "Nausea"]),
    ),
    max_size=12,
)


@given(events)
def test_every_table_has_every_event_once(found: list[EventFact]) -> None:
    for rows in (
        by_grade(found, GROUPS),
        by_relation(found, GROUPS, "il2"),
        by_term(found, GROUPS),
    ):
        assert sum(tally.events for row in rows for tally in row.tallies) == len(found)


@given(events)
def test_nobody_has_two_worst_grades(found: list[EventFact]) -> None:
    counted = sum(t.participants for row in by_grade(found, GROUPS) for t in row.tallies)
    assert counted == len({one.subject for one in found})


# --- laboratory --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grades", "worst"),
    [
        ([], Worst(None)),
        ([0], Worst(0)),
        ([0, 2, 1], Worst(2)),
        ([None], Worst(None, 1)),
        ([0, None], Worst(None, 1)),  # the ungraded one might be worse: no claim of grade 0
        ([1, None], Worst(1, 1)),
        ([None, 4, None], Worst(4, 2)),
    ],
)
def test_the_worst_grade_claims_no_more_than_is_known(
    grades: list[int | None], worst: Worst
) -> None:
    assert worst_grade(grades) == worst


def test_a_shift_has_a_row_for_each_baseline_that_somebody_has() -> None:
    rows = shift_rows([(0, 2), (0, 2), (0, None), (None, 3)])
    assert rows == ((0, (0, 0, 2, 0, 0, 1)), (None, (0, 0, 0, 1, 0, 0)))


@given(st.lists(st.tuples(st.sampled_from(SHIFT_GRADES), st.sampled_from(SHIFT_GRADES))))
def test_a_shift_counts_everybody_once(cells: list[tuple[int | None, int | None]]) -> None:
    assert sum(sum(counts) for _, counts in shift_rows(cells)) == len(cells)
