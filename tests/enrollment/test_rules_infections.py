"""E2: other active infection (DOMAIN 1.1, 12)."""

from datetime import date, timedelta
from typing import Any

import pytest

from enrollment.rules.verdicts import State
from tests.enrollment.eligible import (
    ELIGIBLE,
    JUDGED_ON,
    NEGATIVE,
    POSITIVE,
    TESTS,
    verdict,
    words,
)
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
        infection_reasons={"syphilis": reason},
    )

    assert found.state is state


def test_discordance_is_named() -> None:
    found = verdict("E2", infections=results(treponemal=POSITIVE))

    assert words(found.needed) == ["Syphilis: the investigator's decision on discordant tests"]


def test_a_decision_about_past_infection_is_flagged_with_its_reason() -> None:
    found = verdict(
        "E2",
        infections=results(anti_hcv=POSITIVE, hcv_rna=NEGATIVE),
        infection_reasons={"hcv": "cured 2018"},
    )

    assert found.state is NOT_MET
    assert words(found.flags) == [
        "Hepatitis C: not active, decided by the investigator: cured 2018"
    ]


def test_a_decision_does_not_answer_for_missing_tests() -> None:
    found = verdict(
        "E2",
        infections=results(anti_hcv=POSITIVE, hiv_ag_ab=None),
        infection_reasons={"hcv": "cured 2018"},
    )

    assert found.state is UNKNOWN


def test_a_reason_without_a_positive_test_flags_nothing() -> None:
    assert verdict("E2", infection_reasons={"hcv": "cured 2018"}).flags == ()


def test_a_reason_clears_its_own_infection_only() -> None:
    found = verdict(
        "E2",
        infections=results(anti_hcv=POSITIVE, hbsag=POSITIVE),
        infection_reasons={"hcv": "cured 2018"},
    )

    assert found.state is MET
    assert len(found.flags) == 1


# --- the day of a test ------------------------------------------------------------------------


def dated(**days_ago: int | None) -> dict[str, date]:
    """The days of the eligible patient's tests with changes; ``None`` takes one away."""
    changed = {
        test: None if ago is None else JUDGED_ON - timedelta(days=ago)
        for test, ago in (dict.fromkeys(ELIGIBLE.infection_dates, 1) | days_ago).items()
    }
    return {test: on for test, on in changed.items() if on is not None}


@pytest.mark.parametrize(
    ("days_ago", "negative", "needed"),
    [
        (-1, UNKNOWN, ["RPR: a date that is not after the day of the decision (not 2026-03-19)"]),
        (0, NOT_MET, []),
        (13, NOT_MET, []),
        (14, NOT_MET, []),
        (15, UNKNOWN, ["RPR: a value at most 14 d old (this one is 15 d old)"]),
        (None, UNKNOWN, ["RPR: the date of the test"]),
    ],
)
def test_a_negative_test_counts_in_the_screening_window(
    days_ago: int | None, negative: State, needed: list[str]
) -> None:
    found = verdict("E2", infection_dates=dated(rpr=days_ago))

    assert found.state is negative
    assert words(found.needed) == needed


@pytest.mark.parametrize("days_ago", [-1, 0, 14, 15, 3000, None])
def test_a_positive_test_counts_whatever_its_date(days_ago: int | None) -> None:
    found = verdict("E2", infections=results(hbsag=POSITIVE), infection_dates=dated(hbsag=days_ago))

    assert found.state is MET


@pytest.mark.parametrize(
    ("igm", "days", "needed"),
    [
        (NEGATIVE, {"ebv_dna": 15, "ebv_vca_igm": 14}, []),
        (None, {"ebv_dna": None}, ["EBV DNA: the date of the test or EBV VCA-IgM"]),
        (
            NEGATIVE,
            {"ebv_dna": None, "ebv_vca_igm": 15},
            [
                "EBV DNA: the date of the test or "
                "EBV VCA-IgM: a value at most 14 d old (this one is 15 d old)"
            ],
        ),
    ],
)
def test_one_ebv_test_with_its_day_is_enough(
    igm: str | None, days: dict[str, int | None], needed: list[str]
) -> None:
    found = verdict("E2", infections=results(ebv_vca_igm=igm), infection_dates=dated(**days))

    assert words(found.needed) == needed
    assert found.state is (UNKNOWN if needed else NOT_MET)


def test_an_undated_negative_test_makes_no_discordance() -> None:
    found = verdict(
        "E2",
        infections=results(treponemal=POSITIVE),
        infection_dates=dated(rpr=None),
        infection_reasons={"syphilis": "treated 2015"},
    )

    assert found.state is UNKNOWN
    assert words(found.needed) == ["RPR: the date of the test"]


@pytest.mark.parametrize(
    ("febrile", "days_ago", "state"),
    [(True, 1, NOT_MET), (True, None, UNKNOWN), (True, 15, UNKNOWN), (False, None, NOT_MET)],
)
def test_a_blood_culture_counts_with_its_day(
    febrile: bool, days_ago: int | None, state: State
) -> None:
    found = verdict(
        "E2",
        infections=results(blood_culture=NEGATIVE),
        infection_dates=dated(blood_culture=days_ago),
        febrile=febrile,
    )

    assert found.state is state


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
        ({"other_infection": True, "infection_reasons": {"other": "treated"}}, MET),
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
