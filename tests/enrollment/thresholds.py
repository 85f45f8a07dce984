"""Each boundary of the criteria below, at, above and missing, as answers to the form (DOMAIN 1.1).

The same table is sent to the server and typed in a browser.  ``told`` turns it into what is typed
on the day of the test, for an eligible patient whose consent was signed two days ago.
"""

import datetime as dt
from collections.abc import Callable
from functools import partial

from tests.enrollment.pages import day
from trial_site import clock

Answer = str | Callable[[], str]
Answers = dict[str, Answer]
Badges = dict[str, str]

CONSENT_DAYS_AGO = 2
YESTERDAY = partial(day, 1)

MET_PASSES, MET_BLOCKS = "Met · passes", "Met · blocks"
NOT_PASSES, NOT_BLOCKS = "Not met · passes", "Not met · blocks"
UNKNOWN, NOT_APPLICABLE = "Unknown · blocks", "Not applicable · passes"
WARNS, NO_WARNING = "Warns, does not block", "No warning"

UNASKED: Answers = {"childbearing_potential": "", "hcg": "", "hcg_on": "", "breastfeeding": ""}


def told(answers: Answers) -> dict[str, str]:
    return {
        name: answer if isinstance(answer, str) else answer() for name, answer in answers.items()
    }


def born(years: int, *, later: int = 0) -> Callable[[], str]:
    """So many years before the consent, or some days later."""

    def on() -> str:
        consent = clock.today() - dt.timedelta(days=CONSENT_DAYS_AGO)
        birthday = consent.replace(year=consent.year - years)
        return (birthday + dt.timedelta(days=later)).isoformat()

    return on


def methylprednisolone(mg: str, weight: str = "60") -> Answers:
    return {
        "steroids-0-agent": "methylprednisolone",
        "steroids-0-dose_mg": mg,
        "steroids-0-on": YESTERDAY,
        "no_steroids": "",
        "weight_kg": weight,
    }


def man_of_68(creatinine: str) -> Answers:
    """DOMAIN 3: M 68 y 60 kg 2.0 mg/dL is exactly 30 mL/min."""
    return {
        "birth_date": born(68),
        "sex": "male",
        "weight_kg": "60",
        "creatinine": creatinine,
        "creatinine_unit": "mg/dL",
        **UNASKED,
    }


def man_of_18(weight: str, creatinine: str, unit: str) -> Answers:
    """The float traps of DOMAIN 3."""
    return man_of_68(creatinine) | {
        "birth_date": born(18),
        "weight_kg": weight,
        "creatinine_unit": unit,
    }


AGE: list[tuple[Answers, Badges]] = [
    ({"birth_date": born(18, later=1)}, {"A1": NOT_BLOCKS}),
    ({"birth_date": born(18)}, {"A1": MET_PASSES}),
    ({"birth_date": born(71, later=1)}, {"A1": MET_PASSES}),
    ({"birth_date": born(71)}, {"A1": NOT_BLOCKS}),
    ({"birth_date": ""}, {"A1": UNKNOWN}),
]
VIRUS: list[tuple[Answers, Badges]] = [
    ({"cmv_value": "999"}, {"I2": NOT_BLOCKS, "E1": MET_BLOCKS}),
    ({"cmv_value": "1000"}, {"I2": NOT_BLOCKS, "E1": NOT_PASSES}),
    ({"cmv_value": "1000.01"}, {"I2": MET_PASSES, "E1": NOT_PASSES}),
    ({"cmv_value": ""}, {"I2": UNKNOWN, "E1": UNKNOWN}),
    ({"cmv_operator": "<", "cmv_value": "1000"}, {"I2": NOT_BLOCKS, "E1": MET_BLOCKS}),
    ({"cmv_operator": "<", "cmv_value": "1000.01"}, {"I2": UNKNOWN}),
    ({"cmv_operator": ">", "cmv_value": "1000"}, {"I2": MET_PASSES}),
    (
        {"cmv_operator": "ND", "cmv_value": "", "cmv_lod": "1000"},
        {"I2": NOT_BLOCKS, "E1": MET_BLOCKS},
    ),
    ({"cmv_operator": "ND", "cmv_value": "", "cmv_lod": ""}, {"I2": UNKNOWN}),
    ({"cmv_unit": "IU/mL"}, {"I2": UNKNOWN, "E1": UNKNOWN}),
    ({"cmv_specimen": "whole_blood"}, {"I2": UNKNOWN}),
    ({"cmv_collected_on": partial(day, 7)}, {"I2": MET_PASSES}),
    ({"cmv_collected_on": partial(day, 8)}, {"I2": UNKNOWN}),
]
STEROID: list[tuple[Answers, Badges]] = [
    (methylprednisolone("47.99"), {"I3": MET_PASSES}),
    (methylprednisolone("48"), {"I3": NOT_BLOCKS}),
    (methylprednisolone("48.01"), {"I3": NOT_BLOCKS}),
    (methylprednisolone("48", weight=""), {"I3": UNKNOWN}),
    (methylprednisolone("48") | {"steroids-0-every_days": "2"}, {"I3": MET_PASSES}),
    (methylprednisolone("40") | {"weight_on": partial(day, 8)}, {"I3": UNKNOWN}),
    (  # DOMAIN 2: exactly 1, which floats may miss
        methylprednisolone("6.6", "44.0") | {"steroids-0-agent": "dexamethasone"},
        {"I3": NOT_BLOCKS},
    ),
]
ORGANS: list[tuple[Answers, Badges]] = [
    (man_of_68("2.01"), {"E4b": MET_BLOCKS}),
    (man_of_68("2.0"), {"E4b": MET_BLOCKS, "E7": NOT_APPLICABLE}),
    (man_of_68("1.99"), {"E4b": NOT_PASSES}),
    (man_of_68(""), {"E4b": UNKNOWN}),
    (man_of_18("43.2", "2.44", "mg/dL"), {"E4b": MET_BLOCKS}),
    (man_of_18("40", "200", "µmol/L"), {"E4b": MET_BLOCKS}),
    ({"alt": "119.99", "alt_uln": "40"}, {"E4c": NOT_PASSES}),
    ({"alt": "120", "alt_uln": "40"}, {"E4c": NOT_PASSES}),
    ({"alt": "120.01", "alt_uln": "40"}, {"E4c": MET_BLOCKS}),
    ({"alt": "120.01", "alt_uln": "40", "ast": ""}, {"E4c": MET_BLOCKS}),
    ({"ast": ""}, {"E4c": UNKNOWN}),
    ({"bilirubin": "20.99", "bilirubin_uln": "21.0"}, {"E4d": NOT_PASSES}),
    ({"bilirubin": "21.0", "bilirubin_uln": "21.0"}, {"E4d": NOT_PASSES}),
    ({"bilirubin": "21.01", "bilirubin_uln": "21.0"}, {"E4d": MET_BLOCKS}),
    ({"bilirubin": ""}, {"E4d": UNKNOWN}),
    ({"heart_failure": "yes", "nyha": "2"}, {"E4a": NOT_PASSES}),
    ({"heart_failure": "yes", "nyha": "3"}, {"E4a": MET_BLOCKS}),
    ({"heart_failure": "yes", "nyha": "4"}, {"E4a": MET_BLOCKS}),
    ({"heart_failure": "yes", "nyha": ""}, {"E4a": UNKNOWN}),
]
INFECTIONS: list[tuple[Answers, Badges]] = [
    ({"infection_on_rpr": partial(day, 13)}, {"E2": NOT_PASSES}),
    ({"infection_on_rpr": partial(day, 14)}, {"E2": NOT_PASSES}),
    ({"infection_on_rpr": partial(day, 15)}, {"E2": UNKNOWN}),
    ({"infection_on_rpr": ""}, {"E2": UNKNOWN}),
    ({"infection_hiv_ag_ab": "not_done"}, {"E2": UNKNOWN}),
    ({"infection_hbsag": "positive", "infection_on_hbsag": ""}, {"E2": MET_BLOCKS}),
    (
        {"infection_hbsag": "positive", "infection_reason_hbv": "treated 2015"},
        {"E2": NOT_PASSES},
    ),
]
ANOTHER_REASON: tuple[Answers, Badges] = (  # without scripts: with them it is not in sight
    {"infection_hbsag": "positive", "infection_reason_hcv": "treated 2015"},
    {"E2": MET_BLOCKS},
)
JUDGEMENTS: list[tuple[Answers, Badges]] = [
    ({"other_severe_disease": "yes"}, {"E4e": UNKNOWN}),
    (
        {"other_severe_disease": "yes", "other_severe_disease_text": "COPD, GOLD IV"},
        {"E4e": MET_BLOCKS},
    ),
    ({"malignancy": ""}, {"E5": UNKNOWN}),
    ({"uncontrolled_psychiatric": "yes"}, {"E6": UNKNOWN}),
    (
        {"uncontrolled_psychiatric": "yes", "uncontrolled_psychiatric_text": "psychosis"},
        {"E6": MET_BLOCKS},
    ),
    ({"hcg": "positive"}, {"E7": MET_BLOCKS}),
    ({"hcg_on": partial(day, 6)}, {"E7": NOT_PASSES}),
    ({"hcg_on": partial(day, 7)}, {"E7": NOT_PASSES}),
    ({"hcg_on": partial(day, 8)}, {"E7": UNKNOWN}),
    ({"hcg_on": ""}, {"E7": UNKNOWN}),
    ({"hcg": "", "hcg_on": "", "childbearing_potential": "no"}, {"E7": NOT_APPLICABLE}),
    ({"sex": "male"}, {"E7": UNKNOWN}),  # the answers about pregnancy contradict it
]
THRESHOLDS = [*AGE, *VIRUS, *STEROID, *ORGANS, *INFECTIONS, ANOTHER_REASON, *JUDGEMENTS]

_COUNTS: Answers = {
    "anc_value": "2.1",
    "anc_unit": "10^9/L",
    "hemoglobin_value": "112",
    "hemoglobin_unit": "g/L",
    "platelets_value": "180",
    "platelets_unit": "10^9/L",
}
WARNINGS: list[tuple[Answers, Badges]] = [
    (_COUNTS | changes, {"S1": badge})
    for changes, badge in (
        ({"anc_value": "0.49"}, WARNS),
        ({"anc_value": "0.5"}, NO_WARNING),
        ({"anc_value": "0.51"}, NO_WARNING),
        ({"anc_value": ""}, WARNS),
        ({"hemoglobin_value": "79.9"}, WARNS),
        ({"hemoglobin_value": "80"}, NO_WARNING),
        ({"hemoglobin_value": "80.1"}, NO_WARNING),
        ({"platelets_value": "24.9"}, WARNS),
        ({"platelets_value": "25"}, NO_WARNING),
        ({"platelets_value": "25.1"}, NO_WARNING),
    )
]
