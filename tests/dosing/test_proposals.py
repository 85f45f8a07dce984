"""The dose worked out from the participant's own weight, creatinine, sex and age (DOMAIN 3, 4)."""

import datetime as dt
from decimal import Decimal

import pytest

from dosing.proposals import latest_creatinine, proposal_for
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
    first = latest_creatinine(participant)
    assert first is not None
    assert (first.value, first.unit) == (Decimal("62"), "µmol/L")

    blood(participant, creatinine="97")
    second = latest_creatinine(participant)
    assert second is not None
    assert (second.value, second.collected_on) == (Decimal("97"), dt.date(2026, 3, 18))


def test_a_result_without_a_number_gives_no_proposal(
    participant: Participant, blood: Blood
) -> None:
    blood(participant, creatinine="<40")
    proposal, steps = proposal_for(participant, weight_kg=Decimal(60), phase=INDUCTION)
    assert proposal is None
    assert [str(step) for step in steps] == ["No creatinine result to work the dose out from"]


def test_every_step_is_shown(participant: Participant) -> None:
    """A woman of 41, 60 kg, 62 µmol/L: 99 × 60 × 0.85 ÷ (72 × 62/88.4) = 99.98 mL/min."""
    proposal, steps = proposal_for(participant, weight_kg=Decimal("60.0"), phase=INDUCTION)
    assert proposal is not None
    assert (proposal.mg, proposal.frequency) == (Decimal("300"), "q12h")
    assert [str(step) for step in steps] == [
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
    proposal, _ = proposal_for(participant, weight_kg=Decimal(60), phase=phase)
    assert proposal is not None
    assert (proposal.mg, proposal.frequency) == (Decimal(mg), frequency)


def test_creatinine_in_mg_dl_needs_no_conversion(participant: Participant, site: Site) -> None:
    record_results(
        participant,
        sample=Sample("serum", at(6)),
        entries=[Entry("creatinine", "mg/dL", Decimal("1.0"))],
        by=factories.user(Role.LAB, site),
    )
    proposal, steps = proposal_for(participant, weight_kg=Decimal(60), phase=INDUCTION)
    assert proposal is not None
    assert proposal.mg == Decimal("300")  # 70.125 mL/min
    assert len(steps) == 4
