"""The analysis sets from real rows, and their page."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dosing.checks import Given
from dosing.models import Administration, DrugChoice
from dosing.selectors import planned_slots
from enrollment.models import Participant
from outcomes.analysis import allocated
from outcomes.rules.sets import AnalysisSet
from outcomes.sets import Analysed, analysed, set_summaries
from tests import factories
from tests.outcomes.courses import CONTROL, IL2, with_lysis
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
START = dt.date(2026, 3, 9)  # nine days before today


def treated(site: Site, arm: str, *, missed: int = 0) -> Participant:
    """Dosed from ``START`` to today as ordered, but for the last ``missed`` doses before day 7."""
    participant = factories.allocated(site, arm)
    first = factories.local(START)
    orders = [factories.order(participant, starts_at=first)]
    if arm == IL2:
        orders.append(factories.order(participant, DrugChoice.IL2, starts_at=first))
    slots = [
        (slot, order)
        for order in orders
        for number in range(7)
        for slot in planned_slots(order, START + dt.timedelta(days=number))
    ]
    slots.sort(key=lambda pair: pair[0])
    for number, (slot, order) in enumerate(slots):
        refused = number >= len(slots) - missed
        given = Given(Administration.Status.NOT_GIVEN, Decimal(0), why="refusal")
        factories.dose(order, slot, given if refused else None)
    return Participant.objects.get(pk=participant.pk)


def row_of(participant: Participant) -> Analysed:
    user = factories.user(Role.STATISTICIAN, participant.site)
    [row] = [row for row in analysed(allocated(user)) if row.participant == participant]
    return row


def test_who_did_as_planned_is_in_every_set(site: Site) -> None:
    participant = treated(site, IL2)
    with_lysis(participant, "18.4", "27.9")
    found = row_of(participant)
    assert all(found.sets[one].included for one in AnalysisSet)


@pytest.mark.parametrize(("missed", "belongs"), [(2, True), (3, False)])
def test_missed_doses_count_by_what_was_planned_before_day_7(
    site: Site, missed: int, belongs: bool
) -> None:
    """Fourteen infusions before day 7: twelve are 85.7 %, eleven 78.6 %."""
    participant = treated(site, CONTROL, missed=missed)
    with_lysis(participant, "18.4", "27.9")
    assert row_of(participant).per_protocol.included is belongs


def test_doses_that_nobody_recorded_were_not_given(site: Site) -> None:
    participant = factories.on_treatment(site, CONTROL, days_ago=9)
    with_lysis(participant, "18.4", "27.9")
    [reason] = row_of(participant).per_protocol.reasons
    assert "% of the 14 doses planned before day 7" in str(reason)


def test_without_a_day_7_sample_the_reason_is_the_rules_own(site: Site) -> None:
    [reason] = row_of(treated(site, CONTROL)).per_protocol.reasons
    assert "no sample was collected from" in str(reason)


def test_who_was_never_dosed_is_in_no_safety_set(site: Site) -> None:
    found = row_of(factories.allocated(site))
    assert found.allocated.included
    assert not found.safety.included
    assert found.per_protocol.included is None


@pytest.mark.parametrize(("days_ago", "decided"), [(8, False), (9, True)])
def test_until_the_window_of_day_7_is_over_nothing_is_decided(
    site: Site, days_ago: int, decided: bool
) -> None:
    found = row_of(factories.on_treatment(site, CONTROL, days_ago=days_ago))
    assert (found.per_protocol.included is not None) is decided


def test_the_sets_are_summed_up_by_arm(site: Site) -> None:
    for arm in (IL2, CONTROL):
        with_lysis(treated(site, arm), "18.4", "27.9")
    factories.allocated(site)
    rows = analysed(allocated(factories.user(Role.STATISTICIAN, site)))
    everybody, per_protocol, safety = set_summaries(rows)
    assert sum(count for _, count in everybody.counts) == 3
    assert dict(per_protocol.counts) == {IL2: 1, CONTROL: 1}
    assert dict(safety.counts) == {IL2: 1, CONTROL: 1}
    assert safety.lysis is None


def test_the_page_says_who_and_why(
    login: Login, site: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    participant = treated(site, CONTROL, missed=5)
    client = login(Role.STATISTICIAN)
    with django_assert_max_num_queries(15):
        page = " ".join(client.get("/outcomes/sets/").content.decode().split())
    assert participant.subject in page
    assert "64 % of the 14 doses planned before day 7, less than 80 %" in page
    assert clock.today() > START


def test_an_empty_trial_has_empty_sets(login: Login) -> None:
    page = login(Role.MONITOR).get("/outcomes/sets/").content.decode()
    assert "Nobody is allocated yet" in page


def test_another_sites_participants_are_in_no_set_here(login: Login, other_site: Site) -> None:
    foreign = factories.on_treatment(other_site, days_ago=8)
    assert foreign.subject not in login(Role.MONITOR).get("/outcomes/sets/").content.decode()
