"""The corticosteroid window day by day, beside the verdict that its highest day decides."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from enrollment.facts import SteroidDose
from enrollment.rules.steroid_diary import Diary, diary
from tests.enrollment.eligible import ELIGIBLE, JUDGED_ON, verdict, words
from trial_site.protocol import current


def dose(days_ago: int, agent: str, mg: str, every_days: int = 1) -> SteroidDose:
    return SteroidDose(JUDGED_ON - timedelta(days=days_ago), agent, Decimal(mg), every_days)


def of(*doses: SteroidDose, weight: str | None = "60") -> Diary | None:
    weight_kg = None if weight is None else Decimal(weight)
    facts = replace(ELIGIBLE, steroids=doses, weight_kg=weight_kg)
    return diary(facts, JUDGED_ON, current())


def shown(*doses: SteroidDose, weight: str | None = "60") -> Diary:
    found = of(*doses, weight=weight)
    assert found is not None
    return found


PULSE = (
    dose(7, "methylprednisolone", "500"),
    *(dose(ago, "methylprednisolone", "40") for ago in range(1, 7)),
)


def test_every_day_of_the_window_with_its_doses_and_the_highest_marked() -> None:
    """DOMAIN 2: 500 mg once and 40 mg six times, 60 kg."""
    found = shown(*PULSE)

    assert [day.on for day in found.days] == [
        JUDGED_ON - timedelta(days=ago) for ago in range(7, 0, -1)
    ]
    assert [day.is_highest for day in found.days] == [True, *[False] * 6]
    assert [day.intake.ped for day in found.days] == ["625", *["50"] * 6]
    assert [day.intake.per_kg for day in found.days] == ["10.42", *["0.83"] * 6]
    assert words(found.days[0].doses) == ["Methylprednisolone 500 mg"]
    assert (found.highest.ped, found.highest.per_kg) == ("625", "10.42")
    assert (found.mean.ped, found.mean.per_kg) == ("132.14", "2.20")


def test_several_agents_of_a_day_are_added() -> None:
    """DOMAIN 2: prednisone 20 with hydrocortisone 100, 50 kg."""
    day = shown(dose(1, "prednisone", "20"), dose(1, "hydrocortisone", "100"), weight="50").days[-1]

    assert words(day.doses) == ["Prednisone 20 mg", "Hydrocortisone 100 mg"]
    assert (day.intake.ped, day.intake.per_kg) == ("45", "0.90")


def test_alternate_days_are_shown_on_both() -> None:
    days = shown(dose(2, "prednisone", "60", every_days=2), weight="55").days[-2:]

    assert [words(day.doses) for day in days] == [["Prednisone 60 mg over 2 days"]] * 2
    assert [day.intake.per_kg for day in days] == ["0.55", "0.55"]


def test_a_rate_near_the_limit_does_not_read_like_it() -> None:
    assert shown(dose(1, "methylprednisolone", "47.9999")).highest.per_kg == "0.999998"


@pytest.mark.parametrize("weight", [None, "19.9", "0"])
def test_without_a_weight_that_is_possible_there_is_no_rate(weight: str | None) -> None:
    found = shown(dose(1, "prednisone", "20"), weight=weight)

    assert (found.highest.ped, found.highest.per_kg) == ("20", "")


def test_a_window_of_zero_has_no_highest_day() -> None:
    assert not any(day.is_highest for day in shown(dose(1, "prednisone", "0")).days)


@pytest.mark.parametrize(
    "doses",
    [
        (),
        (dose(8, "prednisone", "20"),),
        (dose(0, "prednisone", "20"),),
        (dose(1, "prednisone", "20"), dose(1, "cortisol", "20")),
        (dose(1, "prednisone", "-5"),),
    ],
)
def test_without_a_dose_that_can_be_read_in_the_window_there_is_none(
    doses: tuple[SteroidDose, ...],
) -> None:
    assert of(*doses) is None


def test_the_verdict_rests_on_the_highest_day_and_not_on_the_mean() -> None:
    doses = (dose(3, "methylprednisolone", "48"),)

    assert shown(*doses).mean.per_kg == "0.14"
    assert verdict("I3", steroids=doses, weight_kg=Decimal("60")).passes is False
    assert date(2026, 3, 15) in {day.on for day in shown(*doses).days if day.is_highest}
