"""The statistics against the truth: trials drawn from known distributions, thousands of times.

``make validate`` draws ``SIMULATED_TRIALS`` of them and asks for the coverage and the size that the
methods promise; the suite draws few, with room for chance.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from outcomes.rules.statistics import (
    Interval,
    RankSum,
    ShiftEstimate,
    describe,
    hodges_lehmann,
    rank_sum_exact,
)
from outcomes.rules.survival import Followed, Permutation, log_rank_permutation

FEW = 200
TRIALS = int(os.environ.get("SIMULATED_TRIALS", FEW))
AN_ARM = 5
ALPHA = 0.05
# What chance may take or give: of 2,000 trials three standard errors are 1.5 points.
LOWEST, HIGHEST, SIZE = (0.93, 0.97, 0.05) if TRIALS > FEW else (0.89, 0.995, 0.09)


def drawn(draw: Random, mean: float, sd: float) -> list[Decimal]:
    """One arm's changes as a laboratory would print them, to a hundredth."""
    return [Decimal(f"{draw.gauss(mean, sd):.2f}") for _ in range(AN_ARM)]


def share(seed: str, trial: Callable[[Random], bool]) -> float:
    draw = Random(seed)  # noqa: S311
    return sum(trial(draw) for _ in range(TRIALS)) / TRIALS


def report(**figures: float) -> None:
    """Add what was found to the file that ``make validate`` reads."""
    target = os.environ.get("VALIDATION_REPORT")
    if target:
        path = Path(target)
        known = json.loads(path.read_text()) if path.exists() else {"trials": TRIALS}
        path.write_text(json.dumps(known | figures))


def test_the_interval_of_the_mean_covers_it() -> None:
    def covers(draw: Random) -> bool:
        found = describe(drawn(draw, 9.3, 3.3))
        assert found.ci_low is not None
        assert found.ci_high is not None
        return found.ci_low <= Decimal("9.3") <= found.ci_high

    found = share("mean", covers)
    report(mean_coverage=100 * found)
    assert LOWEST <= found <= HIGHEST


def test_the_interval_of_the_shift_covers_it() -> None:
    def covers(draw: Random) -> bool:
        found = hodges_lehmann(drawn(draw, 9.3, 3.3), drawn(draw, 1.5, 3.3))
        assert isinstance(found, ShiftEstimate)
        assert isinstance(found.interval, Interval)
        return found.interval.low <= Decimal("7.8") <= found.interval.high

    found = share("shift", covers)
    report(shift_coverage=100 * found)
    assert LOWEST <= found <= HIGHEST


def test_the_rank_test_rejects_a_true_null_no_more_often_than_it_says() -> None:
    def rejects(draw: Random) -> bool:
        found = rank_sum_exact(drawn(draw, 5, 3), drawn(draw, 5, 3))
        assert isinstance(found, RankSum)
        return float(found.p_two_sided) <= ALPHA

    found = share("rank sum", rejects)
    report(rank_size=100 * found)
    assert found <= SIZE


def test_the_rank_test_finds_the_effect_of_the_worked_example() -> None:
    """A test that never rejects would keep its size, too."""

    def rejects(draw: Random) -> bool:
        found = rank_sum_exact(drawn(draw, 9.3, 3.3), drawn(draw, 1.5, 2.6))
        assert isinstance(found, RankSum)
        return float(found.p_two_sided) <= ALPHA

    found = share("power", rejects)
    report(rank_power=100 * found)
    assert found > 0.8


@pytest.mark.parametrize("censoring", [21, 60])
def test_the_permuted_log_rank_test_keeps_its_size(censoring: int) -> None:
    def arm(draw: Random) -> list[Followed]:
        days = [max(1, round(draw.expovariate(1 / 14))) for _ in range(AN_ARM)]
        return [Followed(min(day, censoring), day <= censoring) for day in days]

    def rejects(draw: Random) -> bool:
        found = log_rank_permutation(arm(draw), arm(draw))
        return isinstance(found, Permutation) and float(found.p) <= ALPHA

    found = share(f"log-rank {censoring}", rejects)
    report(**{f"log_rank_size_{censoring}": 100 * found})
    assert found <= SIZE
