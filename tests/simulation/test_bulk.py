"""The bulk path writes the trial that the real actions would have written."""

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from enrollment.models import Screening
from oversight import verification
from oversight.refusals import Refused
from simulation.bulk import simulate_in_bulk
from simulation.disease import Patient
from simulation.trial import simulate
from tests.simulation.conftest import AS_OF, Content


def test_the_same_seed_gives_the_same_trial_played_or_in_bulk(
    content_of: Callable[..., Content],
) -> None:
    """In bulk everybody here is played once more, so this compares two runs of the actions too."""
    played = content_of(simulate)
    assert len(played["enrollment.Participant"]) == 4  # three, and one who waits for allocation
    assert len(played["trial"]) > 20
    assert content_of(simulate_in_bulk) == played


def test_another_seed_gives_another_trial(demo: None) -> None:
    simulate_in_bulk(participants=1, seed=8, as_of=AS_OF)
    weight = Screening.objects.get(number="SCR-001").answers.weight_kg
    assert weight == Patient.number(0, seed=8).weight_kg
    assert weight != Patient.number(0, seed=7).weight_kg


@pytest.mark.requirement("R02")
def test_the_record_of_a_played_trial_has_no_findings(demo: None) -> None:
    simulate(participants=2, seed=7, as_of=AS_OF)
    assert list(verification.verify()) == []


def test_the_command_belongs_in_a_demo_database(db: None) -> None:
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("simulate", participants=1, bulk=True)


def test_participants_are_simulated_once(demo: None) -> None:
    call_command("simulate", participants=1, as_of=AS_OF.date(), bulk=True, verbosity=0)
    with pytest.raises(CommandError, match="participants already"):
        call_command("simulate", participants=1, as_of=AS_OF.date(), bulk=True)
    with pytest.raises(Refused):
        simulate(participants=1, seed=1, as_of=AS_OF)
