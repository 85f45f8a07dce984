"""The dose worked out from the participant's own weight, creatinine, sex and age (DOMAIN 3, 4)."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from dosing.actions.weights import record_weight, retract_weight
from dosing.models import BodyWeight
from dosing.proposals import basis_of, proposal_for
from enrollment.models import Participant
from labs.actions import Entry, Sample, record_results
from tests import factories
from tests.dosing.conftest import Blood, at
from trial_site.models import Site
from trial_site.roles import Role

INDUCTION, MAINTENANCE = "induction", "maintenance"


def test_the_screening_speaks_until_there_is_a_result(
    participant: Participant, blood: Blood
) -> None:
    first = basis_of(participant).creatinine
    assert first is not None
    assert (first.value, first.unit) == (Decimal("62"), "µmol/L")

    blood(participant, creatinine="97")
    second = basis_of(participant).creatinine
    assert second is not None
    assert (second.value, second.collected_on) == (Decimal("97"), dt.date(2026, 3, 18))


def test_a_result_without_a_number_gives_no_proposal(
    participant: Participant, blood: Blood
) -> None:
    blood(participant, creatinine="<40")
    proposal, steps = proposal_for(participant, phase=INDUCTION)
    assert proposal is None
    assert [str(step) for step in steps] == [
        "weight 60\u00a0kg of 2026-03-17, age 1 d",
        "No creatinine result to work the dose out from",
    ]


def test_every_step_is_shown(participant: Participant) -> None:
    """A woman of 41, 60 kg, 62 µmol/L: 99 × 60 × 0.85 ÷ (72 × 62/88.4) = 99.98 mL/min."""
    proposal, steps = proposal_for(participant, phase=INDUCTION)
    assert proposal is not None
    assert (proposal.mg, proposal.frequency) == (Decimal("300"), "q12h")
    assert [str(step) for step in steps] == [
        "weight 60\u00a0kg of 2026-03-17, age 1 d",
        "creatinine 62\u00a0µmol/L of 2026-03-17",
        "62 µmol/L ÷ 88.4 = 0.7014 mg/dL",
        "(140 − 41) × 60.0 × 0.85 ÷ (72 × 0.7014)",
        "creatinine clearance 99.98 mL/min, at least 70: 5 mg/kg q12h",
        "60 kg × 5 mg/kg = 300 mg",
    ]


@pytest.mark.parametrize(
    ("creatinine", "phase", "mg", "frequency"),
    [
        ("62", MAINTENANCE, "300", "q24h"),
        ("88", INDUCTION, "300", "q12h"),  # 70.44 mL/min
        ("89", INDUCTION, "150", "q12h"),  # 69.65 mL/min: not rounded up to 70
        ("150", INDUCTION, "150", "q24h"),  # 41.33 mL/min
        ("150", MAINTENANCE, "75", "q24h"),
        ("300", INDUCTION, "75", "q24h"),  # 20.66 mL/min
    ],
)
def test_kidneys_decide_dose_and_frequency(
    participant: Participant, blood: Blood, creatinine: str, phase: str, mg: str, frequency: str
) -> None:
    blood(participant, creatinine=creatinine)
    proposal, _ = proposal_for(participant, phase=phase)
    assert proposal is not None
    assert (proposal.mg, proposal.frequency) == (Decimal(mg), frequency)


def test_creatinine_in_mg_dl_needs_no_conversion(participant: Participant, site: Site) -> None:
    record_results(
        participant,
        sample=Sample("serum", at(6)),
        entries=[Entry("creatinine", "mg/dL", Decimal("1.0"))],
        by=factories.user(Role.LAB, site),
    )
    proposal, steps = proposal_for(participant, phase=INDUCTION)
    assert proposal is not None
    assert proposal.mg == Decimal("300")  # 70.125 mL/min
    assert len(steps) == 5


def test_an_older_creatinine_that_arrives_late_does_not_replace_the_screening(
    participant: Participant, blood: Blood
) -> None:
    blood(participant, collected_at=at(9, day=16), creatinine="300")
    known = basis_of(participant).creatinine
    assert known is not None
    assert known.value == Decimal("62")


# --- the weight -------------------------------------------------------------------------------


def weigh(participant: Participant, kg: str, when: dt.datetime) -> BodyWeight:
    by = factories.user(Role.NURSE, participant.site)
    return record_weight(participant, kg=Decimal(kg), measured_at=when, by=by)


def test_the_latest_weight_counts_whenever_it_was_entered(participant: Participant) -> None:
    weigh(participant, "72", at(9))
    weigh(participant, "55", at(8))
    weight = basis_of(participant).weight
    assert weight is not None
    assert (weight.kg, weight.measured_on, weight.age_days) == (
        Decimal("72"),
        dt.date(2026, 3, 18),
        0,
    )
    proposal, steps = proposal_for(participant, phase=INDUCTION)
    assert proposal is not None
    assert proposal.mg == Decimal("360")
    assert str(steps[0]) == "weight 72\u00a0kg of 2026-03-18, age 0 d"


def test_a_weight_from_before_the_screening_does_not_replace_it(participant: Participant) -> None:
    weigh(participant, "72", at(9, day=16))
    weight = basis_of(participant).weight
    assert weight is not None
    assert weight.kg == Decimal("60.0")


def test_a_weight_entered_in_error_counts_no_more(participant: Participant) -> None:
    wrong = weigh(participant, "27", at(9))
    by = factories.user(Role.NURSE, participant.site)
    retract_weight(wrong, reason="Digits swapped", version=wrong.version, by=by)
    weight = basis_of(participant).weight
    assert weight is not None
    assert weight.kg == Decimal("60.0")


@pytest.mark.parametrize(("day", "is_old"), [(24, False), (25, True)])
def test_a_weight_of_more_than_seven_days_is_flagged_and_still_used(
    participant: Participant, day: int, is_old: bool
) -> None:
    """The screening weighed on 17 March; DOMAIN 2 takes a weight of at most seven days."""
    with time_machine.travel(at(9, day=day), tick=False):
        weight = basis_of(participant).weight
        assert weight is not None
        assert weight.is_old is is_old
        proposal, steps = proposal_for(participant, phase=INDUCTION)
    assert proposal is not None
    assert str(steps[0]).endswith("older than 7 d, weigh again") is is_old
