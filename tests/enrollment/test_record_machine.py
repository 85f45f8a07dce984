"""No sequence of allowed actions reaches a contradictory record.

A hundred sequences here; ``make validate`` runs more, by ``RECORD_SEQUENCES``, and keeps what they
came to in the file that ``VALIDATION_REPORT`` names.
"""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from enrollment.states import ENDED, State
from tests.enrollment.record_machine import RecordMachine, done

SEQUENCES = int(os.environ.get("RECORD_SEQUENCES", "100"))
STEPS = 10


@pytest.mark.requirement("R10")
@pytest.mark.requirement("R23")
@pytest.mark.requirement("R28")
@pytest.mark.django_db
def test_no_sequence_of_actions_contradicts_the_record() -> None:
    done.clear()
    RecordMachine.prepare()
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        RecordMachine,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert done["sequences"] >= SEQUENCES
    on_the_way = [state for state in State if state not in ENDED]
    assert not [state for state in on_the_way if not done[f"reached {state}"]], "never reached"
    assert sum(done[f"reached {end}"] for end in ENDED) >= SEQUENCES // 10
    if report := os.environ.get("VALIDATION_REPORT"):
        Path(report).write_text(json.dumps(done))
