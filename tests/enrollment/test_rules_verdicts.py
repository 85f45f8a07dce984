"""Three states and their consequence; unknown never passes."""

import json
from datetime import date

import pytest

from enrollment.rules.verdicts import Counts, CriterionVerdict, Eligibility, State
from tests.enrollment.eligible import ELIGIBLE, judge
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import Criterion

INCLUSION, EXCLUSION = current().criterion("A1"), current().criterion("E3")


@pytest.mark.parametrize(
    ("criterion", "answer", "state", "passes"),
    [
        (INCLUSION, True, State.MET, True),
        (INCLUSION, False, State.NOT_MET, False),
        (INCLUSION, None, State.UNKNOWN, False),
        (EXCLUSION, True, State.MET, False),
        (EXCLUSION, False, State.NOT_MET, True),
        (EXCLUSION, None, State.UNKNOWN, False),
    ],
)
def test_consequence_of_each_state(
    criterion: Criterion, answer: bool | None, state: State, passes: bool
) -> None:
    verdict = CriterionVerdict.of(criterion, answer)

    assert verdict.state is state
    assert verdict.passes is passes
    assert verdict.blocks is not passes


def eligibility(*verdicts: CriterionVerdict) -> Eligibility:
    return Eligibility(verdicts, (), "1.0", date(2026, 3, 18))


def test_nothing_judged_is_not_eligible() -> None:
    assert not eligibility().eligible


def test_one_unknown_blocks() -> None:
    passing, unknown = CriterionVerdict.of(INCLUSION, True), CriterionVerdict.of(EXCLUSION, None)

    assert eligibility(passing).eligible
    assert not eligibility(passing, unknown).eligible


def test_counts_tell_failed_from_unknown() -> None:
    judged = eligibility(
        CriterionVerdict.of(INCLUSION, True),
        CriterionVerdict.of(INCLUSION, False),
        CriterionVerdict.of(EXCLUSION, True),
        CriterionVerdict.of(EXCLUSION, None),
    )

    assert judged.counts == Counts(passed=1, failed=2, unknown=1)
    assert [v.state for v in judged.failed] == [State.NOT_MET, State.MET]
    assert [v.state for v in judged.unknown] == [State.UNKNOWN]


def test_verdict_of_a_criterion_that_was_not_judged() -> None:
    with pytest.raises(LookupError, match="E9"):
        judge(ELIGIBLE).verdict("E9")


def test_json_round_trip() -> None:
    nested = Message("%(agent)s %(dose)s mg", {"agent": Message("Prednisone"), "dose": "5"})
    verdict = CriterionVerdict.of(
        INCLUSION, None, steps=[nested], needed=[Message("a")], flags=[Message("b")]
    )
    judged = Eligibility((verdict,), (Message("c"),), "1.0", date(2026, 3, 18))

    assert Eligibility.from_json(json.loads(json.dumps(judged.to_json()))) == judged


def test_a_real_evaluation_survives_storage() -> None:
    judged = judge(ELIGIBLE)

    assert Eligibility.from_json(json.loads(json.dumps(judged.to_json()))) == judged


def test_not_applicable_passes_and_says_so() -> None:
    found = CriterionVerdict.not_applicable(EXCLUSION, Message("male at birth"))

    assert (found.state, found.passes, found.applies) == (State.NOT_MET, True, False)
    assert CriterionVerdict.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_a_verdict_from_before_the_question_applied() -> None:
    stored = CriterionVerdict.of(EXCLUSION, False).to_json()
    stored.pop("applies", None)

    assert CriterionVerdict.from_json(stored).applies
