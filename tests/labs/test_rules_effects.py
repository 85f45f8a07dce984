"""What a correction changed: findings before it beside findings after it."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from labs.rules.effects import Finding, differences
from trial_site.messages import Message


def finding(what: str, says: str, exact: str | None = None) -> Finding:
    return Finding(Message(what), Message(says), None if exact is None else Decimal(exact))


def texts(before: dict[str, Finding], after: dict[str, Finding]) -> list[str]:
    return [message.render() for message in differences(before, after)]


def test_what_differs_is_told_before_and_after() -> None:
    before = {"a": finding("Conversion", "day 12"), "b": finding("Grade", "2")}
    after = {"a": finding("Conversion", "day 19"), "b": finding("Grade", "2")}
    assert texts(before, after) == ["Conversion: day 12 → day 19"]


def test_what_came_or_went_is_none_on_the_other_side() -> None:
    before = {"a": finding("Confirmed conversion", "day 12")}
    after = {"b": finding("Relapse", "day 30")}
    assert texts(before, after) == [
        "Confirmed conversion: day 12 → none",
        "Relapse: none → day 30",
    ]


def test_a_number_that_reads_the_same_and_is_not_is_told() -> None:
    before = {"a": finding("Lysis", "20.74 %", "20.744")}
    after = {"a": finding("Lysis", "20.74 %", "20.741")}
    assert texts(before, after) == ["Lysis: 20.74 % → 20.74 %"]


FINDINGS = st.dictionaries(
    st.sampled_from("abcdef"), st.builds(finding, st.just("it"), st.sampled_from(["1", "2", "3"]))
)


@given(FINDINGS)
def test_nothing_differs_from_itself(found: dict[str, Finding]) -> None:
    assert differences(found, dict(found)) == ()


@given(FINDINGS, FINDINGS)
def test_each_difference_is_told_once(
    before: dict[str, Finding], after: dict[str, Finding]
) -> None:
    changed = {key for key in before | after if before.get(key) != after.get(key)}
    assert len(differences(before, after)) == len(changed)
