"""What the entry forms begin with, and where what is typed leads."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils.timezone import localdate

from enrollment.models import Participant
from labs.forms import PcrForm, SafetyForm
from labs.models import Assay, Laboratory, ReferenceRange
from labs.prefill import MOST_LISTED
from oversight.accounts import system_actor
from oversight.recording import recorded
from tests import factories
from tests.labs.examples import entered, hours_ago, pcr, pcr_data, safety, typed
from tests.labs.test_forms import bound
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def laboratory(site: Site) -> Laboratory:
    return laboratory_of(site)


def laboratory_of(site: Site, name: str = "Central laboratory") -> Laboratory:
    with recorded(by=system_actor()):
        made = Laboratory(site=site, name=name)
        made.save()
    return made


def ranged(laboratory: Laboratory, low: str, first: int, last: int | None, sex: str = "") -> None:
    """A range of the neutrophils from ``first`` to ``last`` days ago."""
    today = clock.today()
    with recorded(by=system_actor()):
        ReferenceRange(
            laboratory=laboratory,
            analyte="anc",
            sex=sex,
            unit="10^9/L",
            low=Decimal(low),
            high=Decimal("6.3"),
            valid_from=today - dt.timedelta(days=first),
            valid_to=None if last is None else today - dt.timedelta(days=last),
        ).save()


def opened(form_class: Any, lab: User, participant: Participant | None, **address: str) -> Any:
    return form_class(user=lab, participant=participant, address=address)


# --- the laboratory -------------------------------------------------------------------------------


def test_the_only_laboratory_is_chosen(laboratory: Laboratory, lab: User) -> None:
    assert PcrForm(user=lab, participant=None)["laboratory"].value() == laboratory.pk


def test_of_two_laboratories_none_is_chosen(laboratory: Laboratory, lab: User) -> None:
    laboratory_of(laboratory.site, "Night laboratory")
    assert PcrForm(user=lab, participant=None)["laboratory"].value() is None


def test_the_participants_site_chooses_among_sites(
    participant: Participant, laboratory: Laboratory, other_site: Site
) -> None:
    laboratory_of(other_site)
    both = factories.user(Role.LAB, laboratory.site, other_site, username="both")
    assert PcrForm(user=both, participant=None)["laboratory"].value() is None
    assert PcrForm(user=both, participant=participant)["laboratory"].value() == laboratory.pk


def test_the_laboratory_goes_into_the_sample(
    participant: Participant, laboratory: Laboratory, lab: User
) -> None:
    form = bound(PcrForm, pcr_data(participant, "52000", laboratory=str(laboratory.pk)), lab)
    assert form.is_valid(), form.errors
    assert form.sample.laboratory == laboratory


@pytest.mark.requirement("R11")
def test_a_laboratory_of_another_site_measures_nothing_here(
    participant: Participant, other_site: Site, laboratory: Laboratory
) -> None:
    both = factories.user(Role.LAB, laboratory.site, other_site, username="both")
    elsewhere = laboratory_of(other_site)
    form = bound(PcrForm, pcr_data(participant, "52000", laboratory=str(elsewhere.pk)), both)
    assert list(form.errors) == ["laboratory"]


# --- the visit ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "visit"), [(5, ""), (6, "D7"), (7, "D7"), (8, "D7"), (9, "")])
def test_the_visit_is_the_one_whose_window_holds_the_day(
    site: Site, lab: User, day: int, visit: str
) -> None:
    treated = factories.on_treatment(site, days_ago=10)
    assert treated.day0_at is not None
    collected = treated.day0_at + dt.timedelta(days=day)
    moments = {"collected_at": typed(collected), "received_at": ""}
    form = bound(PcrForm, pcr_data(treated, "52000", **moments), lab)
    assert form.is_valid(), form.errors
    assert form.sample.visit == visit
    proposed = opened(PcrForm, lab, treated, collected_at=typed(collected))["visit"].value()
    assert proposed == visit


@pytest.mark.parametrize(("chosen", "visit"), [("none", ""), ("M1", "M1"), ("", "D7")])
def test_another_visit_can_be_chosen(site: Site, lab: User, chosen: str, visit: str) -> None:
    treated = factories.on_treatment(site, days_ago=7)
    form = bound(PcrForm, pcr_data(treated, "52000", visit=chosen, received_at=""), lab)
    assert form.is_valid(), form.errors
    assert form.sample.visit == visit


def test_an_address_can_name_visit_and_moment(participant: Participant, lab: User) -> None:
    at = typed(hours_ago(4))
    form = opened(PcrForm, lab, participant, visit="M1", collected_at=at, kind="whole_blood")
    names = ("visit", "collected_at", "kind")
    assert [form[name].value() for name in names] == ["M1", at, "whole_blood"]


def test_an_address_that_means_nothing_is_passed_over(participant: Participant, lab: User) -> None:
    form = opened(SafetyForm, lab, participant, laboratory="none", collected_at="yesterday")
    assert form["laboratory"].value() is None
    assert form["anc_lln"].value() is None


# --- limits of normal -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days_ago", "low"), [(31, None), (30, "1.5"), (10, "1.5"), (9, "1.8"), (0, "1.8")]
)
def test_limits_are_those_in_force_on_the_day_of_collection(
    participant: Participant, laboratory: Laboratory, lab: User, days_ago: int, low: str | None
) -> None:
    ranged(laboratory, "1.5", 30, 10)
    ranged(laboratory, "1.8", 9, None)
    at = typed(hours_ago(0) - dt.timedelta(days=days_ago))
    assert localdate(hours_ago(0)) == clock.today()
    form = opened(SafetyForm, lab, participant, collected_at=at)
    value = form["anc_lln"].value()
    assert (None if value is None else str(value)) == low


def test_a_range_for_the_sex_comes_first(
    participant: Participant, laboratory: Laboratory, lab: User
) -> None:
    ranged(laboratory, "1.5", 30, None)
    ranged(laboratory, "1.8", 30, None, sex="female")
    ranged(laboratory, "2.0", 30, None, sex="male")
    assert str(opened(SafetyForm, lab, participant)["anc_lln"].value()) == "1.8"


def test_the_laboratorys_range_comes_before_the_last_panel(
    participant: Participant, laboratory: Laboratory, lab: User
) -> None:
    entered(participant, safety("anc", "3200", "/µL", lln="1700"), safety("wbc", "5", "10^9/L"))
    form = opened(SafetyForm, lab, participant)
    assert (form["anc_unit"].value(), str(form["anc_lln"].value())) == ("/µL", "1700")
    ranged(laboratory, "1.8", 30, None)
    form = opened(SafetyForm, lab, participant)
    assert (form["anc_unit"].value(), str(form["anc_lln"].value())) == ("10^9/L", "1.8")


# --- the assay ------------------------------------------------------------------------------------


def test_a_first_result_begins_with_the_only_registered_assay(
    participant: Participant, laboratory: Laboratory, lab: User
) -> None:
    with recorded(by=system_actor()):
        values: dict[str, Any] = {"lod": Decimal(34), "lloq": Decimal(137)}
        Assay(laboratory=laboratory, analyte="cmv_dna", name="PCR-9", unit="IU/mL", **values).save()
    names = ("assay", "unit", "lod", "lloq")
    form = PcrForm(user=lab, participant=participant)
    assert [str(form[name].value()) for name in names] == ["PCR-9", "IU/mL", "34", "137"]
    entered(participant, pcr("52000"))
    assert PcrForm(user=lab, participant=participant)["assay"].value() == "PCR-CMV-2"


# --- many participants, and a slow line -----------------------------------------------------------


def test_the_page_carries_no_option_for_every_participant(
    participant: Participant, lab: User
) -> None:
    form = PcrForm(user=lab, participant=None)
    assert "<option" not in str(form["participant"])
    assert form.subjects == [participant.subject]
    assert MOST_LISTED == 200


def test_a_number_may_be_typed_in_small_letters(participant: Participant, lab: User) -> None:
    data = pcr_data(participant, "52000") | {"participant": f" {participant.subject.lower()} "}
    form = bound(PcrForm, data, lab)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["participant"] == participant


def test_what_was_typed_before_an_error_counts_as_touched(
    participant: Participant, lab: User
) -> None:
    form = bound(PcrForm, pcr_data(participant, "5 2000", lod="77", uloq=""), lab)
    assert 'data-touched="true"' in str(form["lod"])
    assert "data-touched" not in str(form["uloq"])
    assert "data-touched" not in str(PcrForm(user=lab, participant=participant)["lod"])
