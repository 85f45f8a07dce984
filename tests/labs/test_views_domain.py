"""DOMAIN 6 and 8, row by row, as the laboratory types them: from the form to the saved result.

The rules have tests of their own; here the same numbers go through the browser's form.
"""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from enrollment.models import Participant
from labs.models import Result
from labs.readings import read
from tests import factories
from tests.labs.examples import hours_ago, pcr_data, safety_data, typed
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]

# DOMAIN 6, threshold logic: printed, limit of detection, verdict.
COPIES = [
    ("999", "200", "Negative"),
    ("1000", "200", "At threshold: repeat"),
    ("1001", "200", "Above threshold"),
    ("52000", "200", "Above threshold"),
    ("<500", "200", "Negative"),
    ("<1000", "200", "Negative"),
    ("<1001", "200", "Unknown"),
    ("not detected", "200", "Negative"),
    ("not detected", "1000", "Negative"),
    ("not detected", "1001", "Unknown"),
    ("not detected", "", "Unknown"),
    (">1000", "200", "Above threshold"),
    (">9100000", "200", "Above threshold"),
    (">999", "200", "Unknown"),
]
# DOMAIN 8: analyte, unit, printed, LLN, ULN, grade.  The lower bound belongs to the milder grade.
GRADES = [
    ("anc", "10^9/L", "1.8", "1.8", "", 0),
    ("anc", "10^9/L", "1.5", "1.8", "", 1),
    ("anc", "10^9/L", "1.0", "1.8", "", 2),
    ("anc", "10^9/L", "0.5", "1.8", "", 3),
    ("anc", "10^9/L", "0.49", "1.8", "", 4),
    ("anc", "10^9/L", "1.5", "", "", None),
    ("anc", "10^9/L", "1.4", "", "", 2),
    ("wbc", "10^9/L", "3.0", "3.5", "", 1),
    ("wbc", "10^9/L", "2.0", "3.5", "", 2),
    ("wbc", "10^9/L", "1.0", "3.5", "", 3),
    ("wbc", "10^9/L", "0.99", "3.5", "", 4),
    ("platelets", "10^9/L", "75", "125", "", 1),
    ("platelets", "10^9/L", "50", "125", "", 2),
    ("platelets", "10^9/L", "25", "125", "", 3),
    ("platelets", "10^9/L", "24", "125", "", 4),
    ("hemoglobin", "g/L", "100", "115", "", 1),
    ("hemoglobin", "g/L", "80", "115", "", 2),
    ("hemoglobin", "g/L", "79", "115", "", 3),
    ("hemoglobin", "g/dL", "7.9", "11.5", "", 3),
    ("bilirubin", "µmol/L", "21", "", "21", 0),
    ("bilirubin", "µmol/L", "31.5", "", "21", 1),
    ("bilirubin", "µmol/L", "32", "", "21", 2),
    ("bilirubin", "mg/dL", "1.2", "", "1.3", 0),
    ("alt", "U/L", "40", "", "40", 0),
    ("alt", "U/L", "120", "", "40", 1),
    ("alt", "U/L", "200", "", "40", 2),
    ("alt", "U/L", "800", "", "40", 3),
    ("alt", "U/L", "801", "", "40", 4),
    ("ast", "U/L", "36", "", "35", 1),
    ("creatinine", "µmol/L", "97", "", "97", 0),
    ("creatinine", "µmol/L", "145.5", "", "97", 1),
    ("creatinine", "µmol/L", "146", "", "97", 2),
    ("creatinine", "µmol/L", "292", "", "97", 3),
    ("creatinine", "µmol/L", "583", "", "97", 4),
]
# DOMAIN 8, with a baseline: analyte, its ULN, baseline, value, grade.
OVER_BASELINE = [
    ("alt", "40", "80", "110", 0),
    ("alt", "40", "80", "130", 1),
    ("alt", "40", "80", "250", 2),
    ("creatinine", "97", "60", "95", 2),
]


def at(hours: int) -> str:
    return typed(hours_ago(hours))


def send(client: Client, panel: str, data: dict[str, str]) -> None:
    """A limit may ask; what was printed is confirmed as printed."""
    url = f"/labs/{panel}/new/"
    response = client.post(url, data)
    if response.status_code == 200:
        form = response.context["form"]
        assert not form.errors, form.errors
        again = data | {"confirmed": "on", "asked": form["asked"].value()}
        response = client.post(url, again)
    assert response.status_code == 302


def test_each_row_of_the_threshold_through_the_form(participant: Participant, login: Login) -> None:
    client, found = login(Role.LAB), []
    for row, (printed, lod, _) in enumerate(COPIES):
        moment = {"collected_at": at(100 - row), "received_at": at(3)}
        send(client, "pcr", pcr_data(participant, printed, lod=lod, lloq="", **moment))
        result = Result.objects.latest("pk")
        badge = read(result).badge
        assert badge is not None
        found.append((printed, lod, str(badge[1])))
        assert result.printed == printed
    assert found == COPIES


def test_each_bound_of_a_grade_through_the_form(participant: Participant, login: Login) -> None:
    client, found = login(Role.LAB), []
    for row, (analyte, unit, printed, lln, uln, _) in enumerate(GRADES):
        values = {"printed": printed, "unit": unit, "lln": lln, "uln": uln}
        data = {f"{analyte}_{name}": value for name, value in values.items()}
        moment = {"collected_at": at(100 - row), "received_at": at(3)}
        send(client, "safety", safety_data(participant, **data, **moment))
        found.append((analyte, unit, printed, lln, uln, Result.objects.latest("pk").grade))
    assert found == GRADES


def test_grades_over_a_baseline_through_the_form(site: Site, login: Login) -> None:
    client, found = login(Role.LAB), []
    for analyte, uln, baseline, printed, _ in OVER_BASELINE:
        who = factories.on_treatment(site, days_ago=8)
        before = typed(who.day0_at - dt.timedelta(hours=2))
        limits = {f"{analyte}_uln": uln}
        for moment, value in ((before, baseline), (at(4), printed)):
            data = {f"{analyte}_printed": value, "collected_at": moment, **limits}
            send(client, "safety", safety_data(who, **data, received_at=at(3)))
        found.append((analyte, uln, baseline, printed, Result.objects.latest("pk").grade))
    assert found == OVER_BASELINE


def test_a_value_within_normal_that_is_graded_over_its_baseline_is_flagged(
    site: Site, login: Login
) -> None:
    """Creatinine 95 with a baseline of 60 and an ULN of 97 is literally grade 2."""
    client, who = login(Role.LAB), factories.on_treatment(site, days_ago=8)
    before = typed(who.day0_at - dt.timedelta(hours=2))
    for moment, value in ((before, "60"), (at(4), "95")):
        data = {"creatinine_printed": value, "creatinine_uln": "97", "collected_at": moment}
        send(client, "safety", safety_data(who, **data, received_at=at(3)))
    page = client.get(f"/labs/results/{Result.objects.latest('pk').pk}/").content.decode()
    assert "although the value is within normal" in page
