"""What a demonstration is to show happens to the patients whose fate it is."""

from collections.abc import Callable

import pytest

from dosing.models import Administration, CourseChoice, Hold
from enrollment.models import Move, Participant
from enrollment.states import State
from labs.series import conversion_of
from outcomes.analysis import allocated, total_rows
from outcomes.schedule import pcr_results
from oversight import verification
from safety.models import (
    AdverseEvent,
    ConcomitantMedication,
    Deviation,
    MedicalHistory,
    SafetyReport,
)
from simulation.disease import Fate
from simulation.trial import simulate
from tests.simulation.conftest import AS_OF

pytestmark = pytest.mark.usefixtures("demo")
Play = Callable[[Fate], Participant]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """One patient of this fate, from screening to the end."""

    def one(fate: Fate) -> Participant:
        monkeypatch.setattr("simulation.disease.FATES", (fate,))
        simulate(participants=1, seed=7, as_of=AS_OF)
        return Participant.objects.get(subject="PKU-001")

    return one


def test_everybody_has_a_history_medicines_and_weights(play: Play) -> None:
    participant = play(Fate.COMPLETES)
    assert MedicalHistory.objects.filter(participant=participant).exists()
    medicines = ConcomitantMedication.objects.filter(participant=participant)
    assert {row.agent for row in medicines} >= {"methylprednisolone", "prednisone"}
    assert any(row.interactions for row in medicines)
    assert participant.weights.count() >= 2
    assert Deviation.objects.filter(participant=participant, kind="other").exists()


def test_low_counts_hold_the_drug_until_they_are_back(play: Play) -> None:
    play(Fate.HELD)
    [hold] = Hold.objects.all()
    assert hold.result.analyte == "anc"
    assert hold.resumed_why
    event = AdverseEvent.objects.get(result=hold.result)
    assert (event.grade, event.action_ganciclovir) == (4, "held")
    assert event.outcome == AdverseEvent.Outcome.RECOVERED
    missed = Administration.objects.filter(why=Administration.Reason.LAB_HOLD)
    assert missed.exists()
    assert all(hold.held_at.date() <= dose.slot_at.date() for dose in missed)


def test_pneumonia_is_reported_assessed_and_followed_up(play: Play) -> None:
    play(Fate.OVERDUE)
    event = AdverseEvent.objects.get(term="Pneumonia")
    assert event.serious == ["hospitalisation"]
    assert event.is_expected is False
    sent = [(row.recipient, row.kind) for row in SafetyReport.objects.order_by("sent_at")]
    assert sent == [("sponsor", "initial"), ("authority", "initial"), ("sponsor", "follow_up")]
    assert SafetyReport.objects.first().sent_at > event.serious_aware_at


def test_a_relapse_is_treated_by_a_course_of_its_own(play: Play) -> None:
    participant = play(Fate.RELAPSES)
    rescue = participant.administrations.filter(course=CourseChoice.RESCUE)
    assert rescue.count() > 10
    [row] = total_rows(allocated_people(participant))
    assert row.total is not None
    assert row.total.rescue_mg == sum(dose.amount for dose in rescue if dose.delivered)
    assert row.total.mg > row.total.rescue_mg
    states = Move.objects.filter(participant=participant).values_list("after", flat=True)
    assert list(states)[-3:] == [State.RESCUE, State.FOLLOW_UP, State.COMPLETED]
    assert list(verification.verify()) == []


def allocated_people(participant: Participant) -> list[Participant]:
    [reader] = participant.site.staff.filter(role="statistician")
    return allocated(reader)


def test_a_rise_under_treatment_is_seen_in_the_series(play: Play) -> None:
    participant = play(Fate.RISES)
    conversion = conversion_of(participant, pcr_results([participant])[participant.pk])
    assert conversion is not None
    assert conversion.refractory is not None
    assert conversion.confirmed is None
