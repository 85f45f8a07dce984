"""E2: other active infection (DOMAIN 1.1, 12)."""

from typing import Any

import pytest

from enrollment.rules.verdicts import State
from tests.enrollment.eligible import NEGATIVE, POSITIVE, TESTS, verdict, words
from trial_site.protocol import current

MET, NOT_MET, UNKNOWN = State.MET, State.NOT_MET, State.UNKNOWN


def results(**changes: str | None) -> dict[str, str]:
    """The eligible patient's tests with ``changes`` put in, or taken out by ``None``."""
    changed = {**TESTS, **changes}
    return {test: result for test, result in changed.items() if result is not None}


def test_all_required_tests_negative_is_not_met() -> None:
    assert verdict("E2").state is NOT_MET


@pytest.mark.parametrize(
    "test",
    [
        "blood_culture",
        "hbsag",
        "hbv_dna",
        "anti_hcv",
        "hcv_rna",
        "hiv_ag_ab",
        "ebv_dna",
        "ebv_vca_igm",
    ],
)
def test_one_positive_test_excludes(test: str) -> None:
    assert verdict("E2", infections=results(**{test: POSITIVE})).state is MET


@pytest.mark.parametrize("result", [None, "not_done"])
@pytest.mark.parametrize("test", ["hbsag", "anti_hcv", "hiv_ag_ab", "treponemal", "rpr"])
def test_a_missing_required_test_is_unknown_and_named(test: str, result: str | None) -> None:
    found = verdict("E2", infections=results(**{test: result}))
    name = next(row.name for row in current().infection_tests if row.code == test)

    assert found.state is UNKNOWN
    assert words(found.needed) == [name]


@pytest.mark.parametrize("test", ["hbv_dna", "hcv_rna"])
def test_confirmation_tests_are_optional(test: str) -> None:
    assert verdict("E2", infections=results(**{test: "not_done"})).state is NOT_MET


def test_a_positive_test_decides_although_another_is_missing() -> None:
    found = verdict("E2", infections=results(hbsag=POSITIVE, hiv_ag_ab=None))

    assert found.state is MET
    assert found.needed == ()


@pytest.mark.parametrize(
    ("dna", "igm", "state"),
    [
        (NEGATIVE, None, NOT_MET),
        (None, NEGATIVE, NOT_MET),
        (NEGATIVE, NEGATIVE, NOT_MET),
        (POSITIVE, NEGATIVE, MET),
        (NEGATIVE, POSITIVE, MET),
        (None, POSITIVE, MET),
        (None, None, UNKNOWN),
        ("not_done", None, UNKNOWN),
    ],
)
def test_one_negative_ebv_test_is_enough(dna: str | None, igm: str | None, state: State) -> None:
    assert verdict("E2", infections=results(ebv_dna=dna, ebv_vca_igm=igm)).state is state


def test_either_ebv_test_is_asked_for() -> None:
    found = verdict("E2", infections=results(ebv_dna=None))

    assert words(found.needed) == ["EBV DNA or EBV VCA-IgM"]


@pytest.mark.parametrize(
    ("treponemal", "rpr", "reason", "state"),
    [
        (NEGATIVE, NEGATIVE, "", NOT_MET),
        (POSITIVE, POSITIVE, "", MET),
        (POSITIVE, NEGATIVE, "", UNKNOWN),
        (NEGATIVE, POSITIVE, "", UNKNOWN),
        (POSITIVE, None, "", UNKNOWN),
        (POSITIVE, NEGATIVE, "   ", UNKNOWN),
        (POSITIVE, NEGATIVE, "treated 2015, RPR negative since", NOT_MET),
        (NEGATIVE, POSITIVE, "biological false positive", NOT_MET),
        (POSITIVE, POSITIVE, "serofast after treatment", NOT_MET),
        (POSITIVE, None, "treated 2015", UNKNOWN),
    ],
)
def test_discordant_syphilis_tests_wait_for_the_investigator(
    treponemal: str, rpr: str | None, reason: str, state: State
) -> None:
    found = verdict(
        "E2",
        infections=results(treponemal=treponemal, rpr=rpr),
        infection_override_reason=reason,
    )

    assert found.state is state


def test_discordance_is_named() -> None:
    found = verdict("E2", infections=results(treponemal=POSITIVE))

    assert words(found.needed) == ["Syphilis: the investigator's decision on discordant tests"]


def test_a_decision_about_past_infection_is_flagged_with_its_reason() -> None:
    found = verdict(
        "E2",
        infections=results(anti_hcv=POSITIVE, hcv_rna=NEGATIVE),
        infection_override_reason="cured 2018",
    )

    assert found.state is NOT_MET
    assert words(found.flags) == [
        "Hepatitis C: not active, decided by the investigator: cured 2018"
    ]


def test_a_decision_does_not_answer_for_missing_tests() -> None:
    found = verdict(
        "E2",
        infections=results(anti_hcv=POSITIVE, hiv_ag_ab=None),
        infection_override_reason="cured 2018",
    )

    assert found.state is UNKNOWN


def test_a_reason_without_a_positive_test_flags_nothing() -> None:
    assert verdict("E2", infection_override_reason="cured 2018").flags == ()


@pytest.mark.parametrize(
    ("febrile", "culture", "state"),
    [
        (False, None, NOT_MET),
        (True, None, UNKNOWN),
        (True, "not_done", UNKNOWN),
        (True, NEGATIVE, NOT_MET),
        (True, POSITIVE, MET),
        (False, POSITIVE, MET),
        (None, None, UNKNOWN),
        (None, NEGATIVE, NOT_MET),
    ],
)
def test_blood_culture_while_febrile(
    febrile: bool | None, culture: str | None, state: State
) -> None:
    found = verdict("E2", infections=results(blood_culture=culture), febrile=febrile)

    assert found.state is state


@pytest.mark.parametrize(
    ("febrile", "needed"), [(None, "whether the patient has fever"), (True, "Blood culture")]
)
def test_what_bacteremia_needs_is_named(febrile: bool | None, needed: str) -> None:
    assert words(verdict("E2", febrile=febrile).needed) == [needed]


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"other_infection": True}, MET),
        ({"other_infection": True, "infection_override_reason": "treated"}, MET),
        ({"other_infection": False}, NOT_MET),
        ({"other_infection": None}, UNKNOWN),
    ],
)
def test_the_open_question(changes: dict[str, Any], state: State) -> None:
    assert verdict("E2", **changes).state is state


def test_steps_list_positive_tests_first_and_the_open_text_last() -> None:
    found = verdict(
        "E2",
        infections=results(rpr=POSITIVE, treponemal=POSITIVE),
        other_infection=True,
        other_infection_text="herpes zoster",
    )

    assert words(found.steps)[:3] == [
        "Treponemal antibody positive",
        "RPR positive",
        "Other active infection positive",
    ]
    assert words(found.steps)[3] == "HBsAg negative"
    assert words(found.steps)[-1] == "“herpes zoster”"
