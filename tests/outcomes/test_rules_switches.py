"""Censoring at a switch of antiviral (DOMAIN 6 and 12)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.rules.survival import Followed
from outcomes.rules.switches import censored_at_switch

DAYS = st.integers(0, 200)


@pytest.mark.parametrize(
    ("followed", "switch", "until"),
    [
        (Followed(14, event=True), None, Followed(14, event=True)),
        (Followed(14, event=True), 13, Followed(13, event=False)),
        (Followed(14, event=True), 14, Followed(14, event=True)),
        (Followed(14, event=True), 15, Followed(14, event=True)),
        (Followed(21, event=False), 20, Followed(20, event=False)),
        (Followed(21, event=False), 21, Followed(21, event=False)),
        (Followed(21, event=False), 22, Followed(21, event=False)),
        (Followed(21, event=False), 0, Followed(0, event=False)),
    ],
)
def test_nobody_is_followed_beyond_the_switch(
    followed: Followed, switch: int | None, until: Followed
) -> None:
    assert censored_at_switch(followed, switch) == until


def test_what_was_taken_before_day_0_is_no_switch() -> None:
    with pytest.raises(ValueError, match="before day 0"):
        censored_at_switch(Followed(14, event=True), -1)


@given(DAYS, st.booleans(), DAYS)
def test_a_switch_only_shortens_and_adds_no_event(days: int, event: bool, switch: int) -> None:
    until = censored_at_switch(Followed(days, event), switch)
    assert until.days == min(days, switch)
    assert until.event is (event and days <= switch)
