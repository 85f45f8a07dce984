"""Results of different kits are not held beside each other (DOMAIN 7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.kits import Kit, comparison_problem

NOW = Kit("Architect CMV IgG", "L1", "AU/mL")
told = st.text(min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (NOW, ""),
        (Kit("Architect CMV IgG", "L1", "U/mL"), "measured in AU/mL, the earlier one in U/mL"),
        (Kit("Another kit", "L1", "AU/mL"), "by kit Another kit"),
        (Kit("Architect CMV IgG", "L2", "AU/mL"), "of lot L2"),
        (Kit("Another kit", "L2", "U/mL"), "measured in"),
        (Kit("Architect CMV IgG", "", "AU/mL"), "the earlier one of lot not named"),
    ],
)
def test_the_gravest_difference_is_told(before: Kit, words: str) -> None:
    problem = comparison_problem(NOW, before)
    assert (words in str(problem)) if words else problem is None


def test_what_was_never_told_is_not_taken_for_the_same() -> None:
    nameless = Kit("", "", "AU/mL")
    assert "kit not named" in str(comparison_problem(nameless, nameless))


@given(told, told, told)
def test_a_kit_compares_with_itself(name: str, lot: str, unit: str) -> None:
    assert comparison_problem(Kit(name, lot, unit), Kit(name, lot, unit)) is None


@given(st.builds(Kit, told, told, told), st.builds(Kit, told, told, told))
def test_comparing_goes_both_ways(one: Kit, other: Kit) -> None:
    assert (comparison_problem(one, other) is None) == (comparison_problem(other, one) is None)
