"""Other antivirals: the analysis until a switch, and valganciclovir apart from every total."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from enrollment.models import Participant
from outcomes.analysis import conversion_rows, total_rows
from outcomes.antivirals import switch_sensitivity, valganciclovir_apart
from safety.actions.medication import Medicine, record_medication
from tests import factories
from tests.outcomes.courses import day0
from tests.outcomes.test_analysis import pcr_on_day
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]


@pytest.fixture
def treated(site: Site) -> Participant:
    """Positive before treatment and on day 4, negative on day 7."""
    participant = factories.on_treatment(site, days_ago=9)
    for day, value in ((0, "52000"), (4, "9000"), (7, "400")):
        pcr_on_day(participant, day, value)
    return participant


def takes(participant: Participant, name: str, day: int) -> None:
    told = Medicine(
        name=name,
        route="oral",
        indication="CMV infection",
        amount=Decimal("900"),
        unit="mg",
        frequency="twice a day",
        started_on=timezone.localdate(day0(participant)) + dt.timedelta(days=day),
    )
    coordinator = factories.user(Role.COORDINATOR, participant.site)
    record_medication(participant, medicine=told, by=coordinator, confirmed=True)


def until_switch(participant: Participant) -> tuple[list[tuple[str, int]], int, int]:
    """Who switched, and how many converted and were censored in all."""
    told = switch_sensitivity(conversion_rows([participant]))
    arms = told["until_switch"].arms
    return told["switches"], sum(arm.events for arm in arms), sum(arm.censored for arm in arms)


@pytest.mark.requirement("R25")
@pytest.mark.parametrize(
    "name", ["Foscarnet sodium 6 g", "注射用膦甲酸钠", "CIDOFOVIR", "Letermovir"]
)
def test_a_switch_before_the_conversion_censors(treated: Participant, name: str) -> None:
    takes(treated, name, day=5)
    assert until_switch(treated) == ([(treated.subject, 5)], 0, 1)
    [row] = conversion_rows([treated])
    assert row.conversion is not None
    assert row.conversion.days == 7  # the primary analysis goes on


@pytest.mark.parametrize(("day", "converted"), [(6, 0), (7, 1), (8, 1)])
def test_the_day_of_the_switch_decides(treated: Participant, day: int, converted: int) -> None:
    takes(treated, "Foscarnet", day)
    assert until_switch(treated) == ([(treated.subject, day)], converted, 1 - converted)


def test_the_first_of_two_switches_counts(treated: Participant) -> None:
    takes(treated, "Maribavir", day=6)
    takes(treated, "Foscarnet", day=3)
    assert until_switch(treated)[0] == [(treated.subject, 3)]


@pytest.mark.parametrize(
    ("name", "day"), [("Foscarnet", -1), ("Valganciclovir", 3), ("Aspirin", 3)]
)
def test_neither_an_earlier_nor_another_medicine_is_a_switch(
    treated: Participant, name: str, day: int
) -> None:
    takes(treated, name, day)
    assert until_switch(treated) == ([], 1, 0)


def test_valganciclovir_is_told_apart_and_counted_nowhere(treated: Participant) -> None:
    before = total_rows([treated])
    takes(treated, "Valcyte (valganciclovir)", day=8)
    takes(treated, "缬更昔洛韦", day=9)
    after = total_rows([treated])
    assert [row.total for row in after] == [row.total for row in before]
    told = valganciclovir_apart(after)["by_mouth"]
    assert [entry.line.dose for entry in told] == ["900 mg", "900 mg"]


def test_the_pages_say_who_switched_and_who_took_it_by_mouth(
    treated: Participant, login: Login
) -> None:
    client = login(Role.STATISTICIAN)
    conversion = reverse("outcomes:endpoint", args=["conversion"])
    ganciclovir = reverse("outcomes:endpoint", args=["ganciclovir"])
    assert "Nobody switched" in client.get(conversion).content.decode()
    assert "Nobody is recorded with valganciclovir" in client.get(ganciclovir).content.decode()
    takes(treated, "Foscarnet", day=5)
    takes(treated, "Valganciclovir", day=8)
    assert "on day 5" in client.get(conversion).content.decode()
    page = client.get(ganciclovir).content.decode()
    assert "900 mg" in page
    assert "Nobody is recorded" not in page
