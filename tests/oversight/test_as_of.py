"""The record as it was at a past moment."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from dosing.models import Administration
from enrollment.models import Participant
from outcomes.analysis import allocated, total_rows
from oversight.as_of import as_of
from oversight.recording import UnrecordedWrite
from oversight.selectors import state_of_record
from tests import factories
from tests.labs.examples import entered, pcr
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


def later(**span: float) -> Any:
    return time_machine.travel(timezone.now() + dt.timedelta(**span), tick=True)


def test_what_was_recorded_later_is_not_there(site: Site) -> None:
    participant = factories.on_treatment(site)
    then = clock.now()
    with later(hours=1):
        entered(participant, pcr("52000"))
        factories.enrolled(site)
        assert Participant.objects.count() == 2
        with as_of(then):
            assert Participant.objects.get() == participant
            assert not participant.results.exists()
        assert Participant.objects.count() == 2
        assert participant.results.exists()


def test_a_value_is_what_it_was_before_its_correction(site: Site) -> None:
    participant = factories.on_treatment(site)
    [dose] = participant.administrations.all()
    before, then = dose.amount, clock.now()
    user = factories.user(Role.INVESTIGATOR, site)
    with later(hours=1):
        correct(dose, user.sites.get())
        assert Administration.objects.get().amount != before
        with as_of(then):
            assert Administration.objects.get().amount == before
            [row] = total_rows(allocated(user))
            assert row.total is not None
            assert row.total.mg == before


def correct(dose: Administration, site: Site) -> None:
    from dosing.actions.doses import correct_dose
    from dosing.checks import Given

    correct_dose(
        dose,
        given=Given(dose.status, dose.amount + 60, dose.given_at),
        reason="Read off the wrong line",
        version=dose.version,
        by=factories.user(Role.NURSE, site),
    )


def test_the_clock_is_that_of_the_moment(site: Site) -> None:
    then = clock.now() - dt.timedelta(days=3)
    with as_of(then):
        assert clock.now() == then
    assert clock.now() != then


def test_the_state_of_the_trail_is_that_of_the_moment(site: Site) -> None:
    factories.enrolled(site)
    then, state = clock.now(), state_of_record()
    with later(hours=1):
        factories.enrolled(site)
        assert state_of_record() > state
        with as_of(then):
            assert state_of_record() == state


def test_the_past_is_never_written(site: Site) -> None:
    participant = factories.on_treatment(site)
    with as_of(clock.now()), pytest.raises(UnrecordedWrite, match="never written"):
        entered(participant, pcr("52000"))
    assert not participant.results.exists()


def test_nothing_is_left_behind(site: Site) -> None:
    open_here = vars(connections._connections._storage)
    before = set(open_here)
    with as_of(clock.now()):
        assert set(open_here) - before
    assert set(open_here) == before


def test_before_the_trial_there_is_nothing(site: Site) -> None:
    factories.on_treatment(site)
    with as_of(clock.now() - dt.timedelta(days=1000)):
        assert not Participant.objects.exists()
        assert state_of_record() == 0
