"""Outcomes measured in analytes: which sample counts at which visit, the arms compared, and the
investigator's choice against the rule."""

import csv
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from enrollment.models import Participant
from labs.actions import Entry, Sample, record_results
from labs.models import Result, Specimen
from outcomes.analysis import allocated, nk_rows
from outcomes.levels import Course, Point, courses
from outcomes.models import SampleOverrule
from outcomes.sample_actions import choose_sample, follow_the_rule
from oversight.recording import AlreadyRecorded
from oversight.refusals import Refused
from oversight.trail import AuditEntry
from tests import factories
from tests.outcomes.courses import day0, plated_lysis, with_lysis
from trial_site.models import Site
from trial_site.protocol import current
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
CYTOKINES = "/outcomes/cytokines/"


def cytokine(value: str, operator: str = "=", assay: str = "ELISA-1", **changes: Any) -> Entry:
    return Entry(
        "tnf_alpha", "pg/mL", Decimal(value), operator, assay=assay, kit_lot="L1", **changes
    )


def measured(participant: Participant, at: dt.datetime, *entries: Entry) -> list[Result]:
    return record_results(
        participant,
        sample=Sample(Specimen.Kind.SERUM, at),
        entries=entries,
        confirmed=True,
        by=factories.user(Role.LAB, participant.site),
        key=uuid4(),
    )


def morning_of(participant: Participant, days: int) -> dt.datetime:
    """An hour before that day's first dose, ``days`` after the first dose."""
    return day0(participant) + dt.timedelta(days=days, hours=-1)


def course(*people: Participant, outcome: str = "cytokines") -> Course:
    return courses(current().outcome(outcome), people)[0]


def point(participant: Participant, visit: str) -> Point:
    [at] = [one for one in course(participant).visits if one.visit.code == visit]
    return at.points[0]


def choose(participant: Participant, record: str, **changes: Any) -> SampleOverrule:
    values: dict[str, Any] = {
        "measure": "tnf_alpha",
        "visit": "D7",
        "why": "The other tube was haemolysed",
        "by": factories.user(Role.INVESTIGATOR, participant.site),
    }
    return choose_sample(participant, record=record, **values | changes)


# --- by the rule ------------------------------------------------------------------------------


def test_the_sample_of_the_window_counts_and_the_change_follows(treated: Participant) -> None:
    measured(treated, morning_of(treated, 0), cytokine("4.2"))
    [result] = measured(treated, morning_of(treated, 7), cytokine("11.9"))
    found = point(treated, "D7")
    assert found.result == result
    assert found.change is not None
    assert found.change.value == Decimal("7.7")
    assert "the nearest to 2026-03-17" in str(found.choice.why)


@pytest.mark.parametrize(("days", "counts"), [(5, False), (6, True), (8, True)])
def test_outside_the_window_nothing_counts(treated: Participant, days: int, counts: bool) -> None:
    measured(treated, morning_of(treated, days), cytokine("11.9"))
    assert (point(treated, "D7").result is not None) is counts


def test_below_the_limit_is_a_value_without_a_change(treated: Participant) -> None:
    measured(treated, morning_of(treated, 0), cytokine("1.5", "<"))
    measured(treated, morning_of(treated, 7), cytokine("3"))
    baseline, later = point(treated, "D0"), point(treated, "D7")
    assert baseline.level is not None
    assert baseline.level.operator == "<"
    assert later.change is not None
    assert later.change.value is None
    assert str(later.change.why) == "a value beyond the limit of its assay has no exact change"


def test_kits_are_not_compared(treated: Participant) -> None:
    measured(treated, morning_of(treated, 0), cytokine("4"))
    measured(treated, morning_of(treated, 7), cytokine("5", assay="ELISA-2"))
    found = point(treated, "D7")
    assert found.change is not None
    assert found.change.value is None
    assert course(treated).kits == 1  # each visit by one kit
    assert "kit ELISA-2" in str(found.change.why)


def test_before_withdrawal_its_visits_have_no_window(treated: Participant) -> None:
    assert "has not happened yet" in str(point(treated, "M3").choice.why)


def test_the_arms_are_compared(treated: Participant, control: Participant) -> None:
    for person, value in ((treated, "12"), (control, "5")):
        measured(person, morning_of(person, 0), cytokine("4"))
        measured(person, morning_of(person, 7), cytokine(value))
    [at] = [one for one in course(treated, control).visits if one.visit.code == "D7"]
    first, second = (description for _, _, description in at.rows)
    assert first is not None
    assert second is not None
    assert (first.median, second.median) == (8, 1)


def test_many_people_cost_no_more_questions(
    site: Site, treated: Participant, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    people = [treated, *(factories.on_treatment(site, days_ago=8) for _ in range(5))]
    for person in people:
        measured(person, morning_of(person, 0), cytokine("4"))
    outcome = current().outcome("cytokines")
    people = allocated(factories.user(Role.INVESTIGATOR, site))
    with django_assert_max_num_queries(3):
        assert len(courses(outcome, people)) == len(outcome.analytes)


# --- by decision ------------------------------------------------------------------------------


def test_the_investigator_chooses_another_sample(treated: Participant) -> None:
    measured(treated, morning_of(treated, 7), cytokine("11.9"))
    [late] = measured(treated, morning_of(treated, 8), cytokine("9"))
    choose(treated, f"labs.result:{late.pk}")
    found = point(treated, "D7")
    assert found.result == late
    assert found.overruled
    assert str(found.choice.why) == "chosen by investigator-pku: The other tube was haemolysed"


def test_the_investigator_may_let_none_count(treated: Participant) -> None:
    measured(treated, morning_of(treated, 7), cytokine("11.9"))
    choose(treated, "", why="Drawn from the arm with the infusion")
    found = point(treated, "D7")
    assert found.result is None
    assert "Drawn from the arm with the infusion" in str(found.choice.why)


def test_the_primary_endpoint_follows_a_choice_too(treated: Participant) -> None:
    with_lysis(treated, "18.4", "27.9")
    plated_lysis(treated, "30.0", morning_of(treated, 8))
    record = f"labs.cytotoxicityassay:{treated.cytotoxicity_assays.latest('pk').pk}"
    choose(treated, record, measure="nk_cytotoxicity")
    [row] = nk_rows([treated])
    assert row.change == Decimal("30.0") - Decimal("18.4")


def test_a_new_choice_replaces_the_old_one_and_both_are_kept(treated: Participant) -> None:
    [first] = measured(treated, morning_of(treated, 7), cytokine("11.9"))
    choose(treated, f"labs.result:{first.pk}")
    choose(treated, "", why="On second thought")
    assert SampleOverrule.objects.count() == 2
    assert SampleOverrule.objects.in_force().get().record == ""
    entries = AuditEntry.objects.filter(model="outcomes.sampleoverrule")
    assert [entry.action for entry in entries.order_by("pk")] == ["created", "changed", "created"]


def test_the_rule_decides_again(treated: Participant) -> None:
    [result] = measured(treated, morning_of(treated, 7), cytokine("11.9"))
    choose(treated, "")
    follow_the_rule(
        treated,
        measure="tnf_alpha",
        visit="D7",
        why="The tube was found",
        by=factories.user(Role.INVESTIGATOR, treated.site),
    )
    assert point(treated, "D7").result == result


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"why": " "}, "Say why this sample counts"),
        ({"measure": "cmv_dna"}, "No outcome reads this measure at this visit"),
        ({"visit": "M1"}, "No outcome reads this measure at this visit"),
        ({"record": "labs.result:999"}, "This is no result in force of the participant"),
    ],
)
def test_what_cannot_be_chosen_is_refused(
    treated: Participant, changes: dict[str, Any], says: str
) -> None:
    values = {"record": ""} | changes
    with pytest.raises(Refused, match=says):
        choose(treated, **values)
    assert not SampleOverrule.objects.exists()


def test_somebody_elses_result_cannot_be_chosen(treated: Participant, control: Participant) -> None:
    [foreign] = measured(control, morning_of(control, 7), cytokine("5"))
    with pytest.raises(Refused, match="no result in force of the participant"):
        choose(treated, f"labs.result:{foreign.pk}")


def test_without_a_decision_there_is_nothing_to_take_back(treated: Participant) -> None:
    with pytest.raises(Refused, match="The rule decides already"):
        follow_the_rule(
            treated,
            measure="tnf_alpha",
            visit="D7",
            why="?",
            by=factories.user(Role.INVESTIGATOR, treated.site),
        )


def test_a_choice_is_made_once_however_often_it_is_sent(treated: Participant) -> None:
    key = uuid4()
    choose(treated, "", key=key)
    with pytest.raises(AlreadyRecorded):
        choose(treated, "", key=key)


@pytest.mark.parametrize("role", sorted(PEOPLE - {Role.INVESTIGATOR}))
def test_only_the_investigator_chooses(treated: Participant, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        choose(treated, "", by=factories.user(role, treated.site))


def test_another_sites_investigator_does_not_choose(treated: Participant, other_site: Site) -> None:
    with pytest.raises(PermissionDenied):
        choose(treated, "", by=factories.user(Role.INVESTIGATOR, other_site))


# --- the pages --------------------------------------------------------------------------------


def page_of(participant: Participant, visit: str = "D7", measure: str = "tnf_alpha") -> str:
    return reverse("outcomes:sample", args=[participant.subject, measure, visit])


def text(client: Client, url: str) -> str:
    return " ".join(client.get(url).content.decode().split())


def test_the_page_shows_values_changes_and_why(
    login: Login, treated: Participant, control: Participant
) -> None:
    for person, value in ((treated, "12"), (control, "5")):
        measured(person, morning_of(person, 0), cytokine("4"))
        measured(person, morning_of(person, 7), cytokine(value))
    page = text(login(Role.INVESTIGATOR), CYTOKINES)
    assert "Exploratory." in page
    assert ">+8.00</td>" in page
    assert "exact Wilcoxon–Mann–Whitney p = 1.0000 (U = 1, 2 of 2)" in page
    assert "choose another" in page
    assert "choose another" not in text(login(Role.MONITOR), CYTOKINES)


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_the_figure_is_data_for_the_browser(login: Login, treated: Participant, size: str) -> None:
    measured(treated, morning_of(treated, 0), cytokine("1.5", "<"))
    client, address = login(Role.INVESTIGATOR), "/outcomes/figures/cytokines.json"
    drawn = client.get(address, {"size": size}).content.decode()
    assert reverse("outcomes:casebook", args=[treated.subject]) in drawn
    assert "triangle-down" in drawn
    dark = client.get(address, {"size": size, "theme": "dark"}).content.decode()
    assert dark != drawn


def test_below_the_limit_is_printed_as_such(login: Login, treated: Participant) -> None:
    measured(treated, morning_of(treated, 0), cytokine("1.5", "<"))
    page = text(login(Role.STATISTICIAN), CYTOKINES)
    assert ">&lt;1.50</td>" in page
    assert ">0.75 *</td>" in page


def test_two_kits_at_one_visit_are_warned_about(
    login: Login, treated: Participant, control: Participant
) -> None:
    measured(treated, morning_of(treated, 0), cytokine("4"))
    measured(control, morning_of(control, 0), cytokine("4", assay="ELISA-2"))
    assert "Measured with 2 kits or lots" in text(login(Role.MONITOR), CYTOKINES)


def test_the_download_has_every_visit_of_everybody(login: Login, treated: Participant) -> None:
    measured(treated, morning_of(treated, 0), cytokine("1.5", "<"))
    response = login(Role.STATISTICIAN).get("/outcomes/cytokines/rows.csv")
    rows = list(csv.DictReader(StringIO(response.content.decode())))
    assert len(rows) == 2 * 4  # two analytes, baseline and three visits
    assert (rows[0]["reported"], rows[0]["unit"]) == ("<1.5", "pg/mL")


def test_a_choice_is_made_in_the_browser(login: Login, treated: Participant) -> None:
    [result] = measured(treated, morning_of(treated, 8), cytokine("9"))
    client = login(Role.INVESTIGATOR)
    shown = text(client, page_of(treated))
    assert "9 pg/mL" in shown.replace("\N{NO-BREAK SPACE}", " ")
    data = {"entry_key": str(uuid4()), "sample": f"labs.result:{result.pk}", "why": "Agreed"}
    assert client.post(page_of(treated), data).status_code == 302
    assert SampleOverrule.objects.get().why == "Agreed"
    # Sent twice it is kept once, and then taken back.
    assert client.post(page_of(treated), data).status_code == 302
    again = {"entry_key": str(uuid4()), "sample": "rule", "why": "By the book"}
    assert client.post(page_of(treated), again).status_code == 302
    assert not SampleOverrule.objects.in_force().exists()


def test_bad_input_keeps_what_was_typed(login: Login, treated: Participant) -> None:
    client = login(Role.INVESTIGATOR)
    response = client.post(
        page_of(treated), {"entry_key": str(uuid4()), "sample": "", "why": "A long thought"}
    )
    assert response.status_code == 200
    assert "A long thought" in response.content.decode()
    assert not SampleOverrule.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "/outcomes/samples/PKU-999/tnf_alpha/D7/",
        "/outcomes/samples/{subject}/cmv_dna/D7/",
        "/outcomes/samples/{subject}/tnf_alpha/M1/",
    ],
)
def test_what_no_outcome_reads_has_no_page(
    login: Login, treated: Participant, address: str
) -> None:
    url = address.format(subject=treated.subject)
    assert login(Role.INVESTIGATOR).get(url).status_code == 404


def test_another_sites_participant_has_no_page(login: Login, other_site: Site) -> None:
    foreign = factories.on_treatment(other_site, days_ago=8)
    assert login(Role.INVESTIGATOR).get(page_of(foreign)).status_code == 404
