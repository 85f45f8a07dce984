"""I3: corticosteroid as prednisone equivalent, exact at the limit (DOMAIN 2, 12)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.facts import SteroidDose
from enrollment.rules.eligibility import evaluate
from enrollment.rules.steroids import exposure, prednisone_mg, rate, window_days
from enrollment.rules.verdicts import CriterionVerdict, State
from enrollment.rules.wording import rounded
from tests.enrollment.eligible import CONSENT_ON, ELIGIBLE, JUDGED_ON, judge, verdict, words
from trial_site.protocol import current

RULE = current().steroids
DAY = date(2026, 3, 14)


def dose(agent: str, mg: str, *, on: date = DAY, every_days: int = 1) -> SteroidDose:
    return SteroidDose(on, agent, Decimal(mg), every_days)


def treated(*doses: SteroidDose, weight: str = "60", **changes: Any) -> CriterionVerdict:
    return verdict("I3", steroids=doses, weight_kg=Decimal(weight), **changes)


@pytest.mark.parametrize(
    ("agent", "mg_equal_to_prednisone_5"),
    [
        ("prednisone", "5"),
        ("prednisolone", "5"),
        ("methylprednisolone", "4"),
        ("triamcinolone", "4"),
        ("hydrocortisone", "20"),
        ("cortisone", "25"),
        ("dexamethasone", "0.75"),
        ("betamethasone", "0.75"),
        ("deflazacort", "6"),
    ],
)
def test_every_agent_converts_to_five_of_prednisone(
    agent: str, mg_equal_to_prednisone_5: str
) -> None:
    assert prednisone_mg(dose(agent, mg_equal_to_prednisone_5), RULE) == 5


WORKED = [
    ([dose("methylprednisolone", "40")], "60", Fraction(50), State.MET),
    ([dose("methylprednisolone", "48")], "60", Fraction(60), State.NOT_MET),
    ([dose("dexamethasone", "10")], "70", Fraction(200, 3), State.MET),
    (
        [dose("prednisone", "20"), dose("hydrocortisone", "100")],
        "50",
        Fraction(45),
        State.MET,
    ),
    ([dose("betamethasone", "6")], "45", Fraction(40), State.MET),
    ([dose("prednisone", "60", every_days=2)], "55", Fraction(30), State.MET),
    ([dose("dexamethasone", "6.6")], "44.0", Fraction(44), State.NOT_MET),
]


@pytest.mark.parametrize(("doses", "weight", "ped", "_"), WORKED)
def test_prednisone_equivalents(
    doses: list[SteroidDose], weight: str, ped: Fraction, _: State
) -> None:
    assert exposure(doses, JUDGED_ON, RULE).highest_ped_mg == ped


@pytest.mark.parametrize(("doses", "weight", "_", "state"), WORKED)
def test_verdicts_of_the_worked_examples(
    doses: list[SteroidDose], weight: str, _: Fraction, state: State
) -> None:
    assert treated(*doses, weight=weight).state is state


@pytest.mark.parametrize(
    ("ped", "weight", "shown"),
    [
        (Fraction(50), "60", "0.8333"),
        (Fraction(60), "60", "1.0000"),
        (Fraction(200, 3), "70", "0.9524"),
        (Fraction(45), "50", "0.9000"),
        (Fraction(40), "45", "0.8889"),
        (Fraction(30), "55", "0.5455"),
    ],
)
def test_rates_to_four_places(ped: Fraction, weight: str, shown: str) -> None:
    assert rounded(rate(ped, Decimal(weight)), 4) == shown


def test_betamethasone_by_another_table_fails() -> None:
    other_table = tuple(
        replace(agent, equivalent_mg=Decimal("0.6")) if agent.code == "betamethasone" else agent
        for agent in RULE.agents
    )
    rule = replace(RULE, agents=other_table)
    found = exposure([dose("betamethasone", "6")], JUDGED_ON, rule)

    assert found.highest_ped_mg == 50
    assert rate(found.highest_ped_mg, Decimal("45")) == Fraction(10, 9)  # 1.1111


def test_a_pulse_fails_by_its_day_and_by_the_mean() -> None:
    days = window_days(JUDGED_ON, RULE)
    doses = [dose("methylprednisolone", "500", on=days[0])]
    doses += [dose("methylprednisolone", "40", on=day) for day in days[1:]]
    found = exposure(doses, JUDGED_ON, RULE)

    assert found.highest_on == days[0]
    assert found.highest_ped_mg == 625
    assert rounded(found.mean_ped_mg, 2) == "132.14"
    assert rounded(rate(found.mean_ped_mg, Decimal("60")), 4) == "2.2024"
    assert treated(*doses).state is State.NOT_MET


@pytest.mark.parametrize(
    ("mg", "state"),
    [("47.99", State.MET), ("48", State.NOT_MET), ("48.01", State.NOT_MET)],
)
def test_around_the_limit(mg: str, state: State) -> None:
    assert treated(dose("methylprednisolone", mg)).state is state


@pytest.mark.parametrize(
    ("days_before", "state"),
    [
        (-1, State.UNKNOWN),  # after allocation
        (0, State.UNKNOWN),  # the day of allocation itself
        (1, State.NOT_MET),
        (7, State.NOT_MET),
        (8, State.UNKNOWN),  # nothing is said about the window
    ],
)
def test_only_the_seven_days_before_count(days_before: int, state: State) -> None:
    pulse = dose("methylprednisolone", "500", on=JUDGED_ON - timedelta(days=days_before))

    assert treated(pulse).state is state


def test_old_doses_and_an_explicit_none_pass() -> None:
    old = dose("methylprednisolone", "500", on=JUDGED_ON - timedelta(days=8))

    assert treated(old, no_steroids=True).state is State.MET


def test_alternate_days_cover_the_day_without_a_dose() -> None:
    eve_of_window = dose("prednisone", "60", on=JUDGED_ON - timedelta(days=8), every_days=2)

    assert exposure([eve_of_window], JUDGED_ON, RULE).highest_ped_mg == 30


def test_doses_of_one_day_add_up_and_of_two_days_do_not() -> None:
    morning, evening = dose("prednisone", "40"), dose("prednisone", "20")
    next_day = dose("prednisone", "20", on=DAY + timedelta(days=1))

    assert treated(morning, evening).state is State.NOT_MET
    assert treated(morning, next_day).state is State.MET


def test_none_passes_whatever_the_weight_and_is_flagged() -> None:
    found = verdict("I3", steroids=(), no_steroids=True, weight_kg=None, weight_on=None)

    assert found.state is State.MET
    assert words(found.flags) == ["No corticosteroid: the record may mean that it must be taken"]


def test_a_dose_of_zero_in_the_window_is_none() -> None:
    assert treated(dose("prednisone", "0"), weight_on=None).state is State.MET


@pytest.mark.parametrize(
    "changes",
    [
        {"steroids": (), "no_steroids": None},
        {"steroids": (), "no_steroids": False},
        {"steroids": (dose("prednisone", "0"),), "no_steroids": False},
    ],
)
def test_silence_is_not_none(changes: dict[str, Any]) -> None:
    found = verdict("I3", **changes)

    assert found.state is State.UNKNOWN
    assert words(found.needed) == [
        "the doses of the 7 days before allocation, or that there were none"
    ]


def test_a_dose_beside_none_contradicts_itself() -> None:
    assert treated(dose("prednisone", "5"), no_steroids=True).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("weight_age", "state"),
    [(-1, State.UNKNOWN), (0, State.MET), (7, State.MET), (8, State.UNKNOWN)],
)
def test_a_dose_needs_a_weight_of_the_last_seven_days(weight_age: int, state: State) -> None:
    weighed_on = JUDGED_ON - timedelta(days=weight_age)

    assert verdict("I3", weight_on=weighed_on).state is state


@pytest.mark.parametrize(
    ("missing", "needed"),
    [
        ({"weight_kg": None}, "the weight"),
        ({"weight_on": None}, "the date of the weight"),
        ({"weight_kg": Decimal("19.9")}, "a weight that is possible"),
        ({"weight_kg": Decimal("300.1")}, "a weight that is possible"),
    ],
)
def test_what_the_weight_lacks_is_named(missing: dict[str, Any], needed: str) -> None:
    found = verdict("I3", **missing)

    assert found.state is State.UNKNOWN
    assert words(found.needed) == [needed]


def test_even_the_smallest_dose_needs_a_weight() -> None:
    found = verdict("I3", steroids=(dose("prednisone", "0.1"),), weight_kg=None)

    assert found.state is State.UNKNOWN


@pytest.mark.parametrize(("agent", "mg"), [("budesonide", "9"), ("prednisone", "-5")])
def test_a_dose_that_cannot_be_converted_is_unknown(agent: str, mg: str) -> None:
    found = treated(dose("prednisone", "5"), dose(agent, mg))

    assert found.state is State.UNKNOWN
    assert f"{mg} mg {agent}" in words(found.needed)[0]


def test_steps_show_the_whole_computation() -> None:
    found = treated(dose("methylprednisolone", "48.0"), weight="60.0")

    assert words(found.steps) == [
        "Methylprednisolone 48 mg × 5 ÷ 4",
        "60 mg prednisone on the highest day, 2026-03-14",
        "÷ 60.0 kg",
        "1.00 mg/kg/d",
    ]
    assert words(found.flags) == ["for comparison, mean of the 7 days as listed: 0.14 mg/kg/d"]


def test_steps_of_alternate_days_and_of_two_agents() -> None:
    found = treated(dose("prednisone", "60", every_days=2), dose("dexamethasone", "0.50"))

    assert words(found.steps)[:3] == [
        "Prednisone 60 mg × 5 ÷ 5 ÷ 2 days",
        "Dexamethasone 0.5 mg × 5 ÷ 0.75",
        "33.33 mg prednisone on the highest day, 2026-03-14",
    ]


doses_in_mg = st.decimals("0.01", "1000", places=2)
agents = st.sampled_from([agent.code for agent in RULE.agents])


@given(agents, doses_in_mg, st.decimals("20", "300", places=1))
def test_the_verdict_is_the_exact_fraction(agent: str, mg: Decimal, weight: Decimal) -> None:
    equivalent = Fraction(RULE.agent(agent).equivalent_mg)
    passes = Fraction(mg) * 5 < equivalent * Fraction(weight)

    assert treated(dose(agent, str(mg)), weight=str(weight)).passes is passes


@given(agents, doses_in_mg, st.integers(2, 5))
def test_scaling_dose_and_weight_changes_nothing(agent: str, mg: Decimal, times: int) -> None:
    once = rate(prednisone_mg(dose(agent, str(mg)), RULE), Decimal("50"))
    scaled = rate(prednisone_mg(dose(agent, str(mg * times)), RULE), Decimal(50 * times))

    assert once == scaled


@given(st.lists(st.tuples(agents, doses_in_mg, st.integers(1, 7)), min_size=1, max_size=6))
def test_more_corticosteroid_never_lowers_the_exposure(
    rows: list[tuple[str, Decimal, int]],
) -> None:
    doses = [
        dose(agent, str(mg), on=JUDGED_ON - timedelta(days=before)) for agent, mg, before in rows
    ]
    fewer, all_of_them = (exposure(d, JUDGED_ON, RULE) for d in (doses[:-1], doses))

    assert all_of_them.highest_ped_mg >= fewer.highest_ped_mg
    assert all_of_them.mean_ped_mg > fewer.mean_ped_mg
    assert all_of_them.highest_ped_mg >= all_of_them.mean_ped_mg


def test_the_eligible_screening_is_at_0_83() -> None:
    assert "0.83 mg/kg/d" in words(judge(ELIGIBLE).verdict("I3").steps)


# --- answers that grow old --------------------------------------------------------------------


def answered(days_before: int, **changes: Any) -> CriterionVerdict:
    facts = replace(ELIGIBLE, **changes)
    answered_on = JUDGED_ON - timedelta(days=days_before)
    found = evaluate(
        facts,
        consent_on=CONSENT_ON,
        judged_on=JUDGED_ON,
        protocol=current(),
        answered_on=answered_on,
    )
    return found.verdict("I3")


@pytest.mark.parametrize("changes", [{}, {"steroids": (), "no_steroids": True}])
def test_answers_of_the_day_itself_pass(changes: dict[str, Any]) -> None:
    assert answered(0, **changes).state is State.MET


@pytest.mark.parametrize("changes", [{}, {"steroids": (), "no_steroids": True}])
def test_answers_of_the_day_before_leave_that_day_unknown(changes: dict[str, Any]) -> None:
    verdict = answered(1, **changes)
    assert verdict.state is State.UNKNOWN
    assert "from 2026-03-17 on" in str(verdict.needed[0])


def test_a_dose_at_the_limit_fails_however_old_the_answer_is() -> None:
    high = SteroidDose(date(2026, 3, 14), "methylprednisolone", Decimal("48"))
    assert answered(2, steroids=(high,)).state is State.NOT_MET
