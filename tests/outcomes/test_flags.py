"""Flags are raised when something falls due, resolved when the fact arrives, and never doubled."""

import datetime as dt
import threading
from collections.abc import Iterator
from decimal import Decimal

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dosing.checks import Given
from dosing.models import Administration
from enrollment.actions.visits import record_visit
from enrollment.models import Participant
from labs.actions import Entry, Sample, record_results
from labs.models import Result
from outcomes.actions import LEFT_DAYS_AGO, Flagged, flag_due
from outcomes.flag_actions import acknowledge
from outcomes.models import Flag
from oversight import verification
from oversight.accounts import system_actor
from oversight.recording import recorded
from oversight.trail import AuditEntry
from tests import factories
from trial_site import clock
from trial_site.models import Site
from trial_site.protocol import current
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def treated(site: Site) -> Participant:
    """First dose yesterday at eight."""
    return factories.on_treatment(site, days_ago=1)


@pytest.fixture
def later() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as clocked:
        yield clocked


# The first dose was recorded; the second, at eight in the evening, was not.
LAST_EVENING = "doses:ganciclovir:2026-03-17"
# DOMAIN 4: a blood count at least every 2 days under q12h, creatinine weekly.
BLOODS = {"blood_count:2026-03-19", "creatinine:2026-03-24"}


def run() -> Flagged:
    return flag_due(by=system_actor())


def open_keys() -> set[str]:
    return set(Flag.objects.open().values_list("key", flat=True))


def pcr(participant: Participant, copies: str) -> Result:
    """A CMV-DNA result collected an hour ago."""
    entry = Entry("cmv_dna", "copies/mL", Decimal(copies))
    sample = Sample("plasma", clock.now() - dt.timedelta(hours=1))
    by = factories.user(Role.LAB, participant.site)
    return record_results(participant, sample=sample, entries=[entry], confirmed=True, by=by)[0]


def test_nobody_is_due_before_the_first_dose(site: Site) -> None:
    factories.allocated(site)
    assert run() == Flagged()


def test_a_first_dose_makes_visits_and_samples_due(treated: Participant) -> None:
    run()
    days = current().pcr.days_between_until_confirmed
    first_sample = timezone.localdate(treated.day0_at) + dt.timedelta(days=days)
    assert open_keys() == {
        "visit:D0", "visit:D7", "nk:D7", f"pcr:{first_sample}", LAST_EVENING, *BLOODS
    }  # fmt: skip


def test_a_flag_says_which_rule_made_it_and_from_which_rows(treated: Participant) -> None:
    run()
    flag = Flag.objects.get(key="visit:D7")
    visit = treated.visits.get(code="D7")
    assert flag.evidence == [f"visit:{visit.pk}", f"participant:{treated.pk}"]
    assert (flag.window_opens, flag.window_closes) == (visit.opens, visit.closes)
    assert flag.rule["params"]["due"] == visit.target.isoformat()


def test_running_twice_changes_nothing(treated: Participant) -> None:
    assert run().raised == 7
    before = AuditEntry.objects.count()
    assert run() == Flagged()
    assert AuditEntry.objects.count() == before


def test_a_flag_resolves_itself_when_the_visit_is_recorded(
    treated: Participant, later: time_machine.Traveller
) -> None:
    run()
    later.shift(dt.timedelta(days=6))
    visit = treated.visits.get(code="D7")
    record_visit(visit, done_on=clock.today(), by=factories.user(Role.COORDINATOR, treated.site))
    run()
    assert "visit:D7" not in open_keys()
    assert Flag.objects.get(key="visit:D7").resolved_at == clock.now()


def test_a_first_negative_asks_for_its_confirmation(
    treated: Participant, later: time_machine.Traveller
) -> None:
    later.shift(dt.timedelta(days=8))
    negative_on = clock.today()
    pcr(treated, "780")
    run()
    assert f"confirmation:{negative_on}" in open_keys()
    later.shift(dt.timedelta(days=current().pcr.confirmation_days))
    pcr(treated, "640")
    run()
    assert not any(key.startswith("confirmation") for key in open_keys())


def test_a_result_moves_the_next_check(treated: Participant, later: time_machine.Traveller) -> None:
    run()
    later.shift(dt.timedelta(days=3))
    pcr(treated, "9400")
    run()
    due = clock.today() + dt.timedelta(days=current().pcr.days_between_until_confirmed)
    assert {key for key in open_keys() if key.startswith("pcr")} == {f"pcr:{due}"}


def test_after_the_end_only_the_doses_before_it_are_asked_for(treated: Participant) -> None:
    run()
    factories.withdraw(treated)
    assert run() == Flagged(resolved=6)
    assert open_keys() == {LAST_EVENING}


# --- doses that nobody recorded ---------------------------------------------------------------


def nurse_says(participant: Participant, slot_at: dt.datetime) -> None:
    order = participant.orders.get()
    missed = Given(Administration.Status.NOT_GIVEN, Decimal(0), why=Administration.Reason.ABSENT)
    factories.dose(order, slot_at, missed)


def test_a_dose_flag_resolves_itself_when_the_dose_is_recorded(treated: Participant) -> None:
    run()
    nurse_says(treated, factories.local(dt.date(2026, 3, 17), dt.time(20)))
    assert run() == Flagged(resolved=1)
    assert LAST_EVENING not in open_keys()


def test_a_dose_flag_resolves_itself_when_the_order_ended_before_it(treated: Participant) -> None:
    run()
    order = treated.orders.get()
    by = factories.user(Role.INVESTIGATOR, treated.site)
    with recorded(by=by, reason="Stopped in the afternoon"):
        order.ends_at = factories.local(dt.date(2026, 3, 17), dt.time(15))
        order.ended_as, order.end_reason = "stopped", "Stopped in the afternoon"
        order.save()
    assert run() == Flagged(resolved=3)
    assert not open_keys() & {LAST_EVENING, *BLOODS}


def test_a_dose_recorded_of_two_leaves_the_flag_of_the_other(site: Site) -> None:
    treated = factories.on_treatment(site, days_ago=2)
    run()
    flag = Flag.objects.get(key=LAST_EVENING)
    nurse = factories.user(Role.NURSE, site)
    acknowledge({flag.pk: flag.version}, why="The ward looks for its sheet", by=nurse)
    nurse_says(treated, factories.local(dt.date(2026, 3, 17), dt.time(8)))
    assert run() == run() == Flagged()
    flag.refresh_from_db()
    assert flag.rule["params"]["times"] == "20:00"
    assert flag.answer == "acknowledged"


def test_a_flag_whose_dates_moved_is_asked_anew(
    treated: Participant, later: time_machine.Traveller
) -> None:
    later.shift(dt.timedelta(days=20))
    run()
    flag = Flag.objects.get(key="visit:D7")
    assert flag.escalated_at is not None
    by = factories.user(Role.INVESTIGATOR, treated.site)
    acknowledge({flag.pk: flag.version}, why="She was abroad", by=by)
    visit = treated.visits.get(code="D7")
    with recorded(by=by, reason="The first dose was given later"):
        for name in ("opens", "target", "closes"):
            setattr(visit, name, getattr(visit, name) + dt.timedelta(days=14))
        visit.save()
    run()
    flag.refresh_from_db()
    assert (flag.window_opens, flag.window_closes) == (visit.opens, visit.closes)
    assert (flag.answer, flag.answered_by, flag.escalated_at) == ("", None, None)
    assert flag.raised_at == clock.now()
    assert list(verification.verify()) == []


def test_whoever_was_never_given_a_first_dose_is_asked_about(site: Site) -> None:
    participant = factories.allocated(site)
    factories.order(participant, starts_at=factories.local(dt.date(2026, 3, 16)))
    assert run() == Flagged(raised=4)
    bloods = {"blood_count:2026-03-18", "creatinine:2026-03-23"}
    assert open_keys() == {"doses:ganciclovir:2026-03-16", LAST_EVENING, *bloods}


def test_whoever_left_before_the_run_is_asked_about(treated: Participant) -> None:
    factories.withdraw(treated)
    assert run() == Flagged(raised=1)
    assert open_keys() == {LAST_EVENING}


def test_who_left_long_ago_is_not_looked_at_again(
    treated: Participant, later: time_machine.Traveller
) -> None:
    factories.withdraw(treated)
    later.shift(dt.timedelta(days=LEFT_DAYS_AGO, minutes=1))
    assert run() == Flagged()


def test_many_are_looked_at_in_as_many_questions_as_one(
    site: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        factories.on_treatment(site)
    run()
    with django_assert_max_num_queries(18):
        assert run() == Flagged()


def test_the_command_does_what_the_task_does(
    treated: Participant, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("flag_due")
    assert "7 raised, 0 resolved" in capsys.readouterr().out
    assert list(verification.verify()) == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_raise_each_flag_once(site: Site) -> None:
    for _ in range(4):
        factories.on_treatment(site)
    system_actor()
    failures: list[BaseException] = []
    start = threading.Barrier(4)

    def one_run() -> None:
        try:
            start.wait()
            run()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one_run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Flag.objects.count() == 4 * 7
    assert list(verification.verify()) == []
