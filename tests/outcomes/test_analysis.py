"""From recorded rows to the endpoints, with the worked examples of DOMAIN 4, 6, 7 and 10."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from dosing.models import DrugChoice
from enrollment.actions.participation import end_participation
from enrollment.models import Participant
from enrollment.states import State
from labs.models import Result
from labs.rules.numbers import half_up
from outcomes import analysis, viral_loads
from outcomes.dashboard import totals_by_arm
from tests import factories
from tests.labs.examples import BASELINE, DAY_7, entered, pcr, plated
from tests.outcomes.courses import (
    CONTROL,
    IL2,
    day0,
    plated_lysis,
    trial_of_ten,
    two_weeks_of_ganciclovir,
    with_lysis,
)
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
Login = Callable[[Role], Client]


def nk_row(participant: Participant) -> analysis.NkRow:
    return analysis.nk_rows([participant])[0]


def conversion_row(participant: Participant) -> analysis.ConversionRow:
    return analysis.conversion_rows([participant])[0]


def pcr_on_day(
    participant: Participant, day: int, value: str | None, operator: str = "="
) -> Result:
    """A CMV-DNA result of the morning of ``day``, counted from the first dose."""
    collected_at = day0(participant) + day * DAY
    hours = int((clock.now() - collected_at) / HOUR)
    return entered(participant, pcr(value, operator, lod="200"), hours=hours)[0]


# --- total ganciclovir ------------------------------------------------------------------------


@pytest.mark.requirement("R25")
def test_the_total_is_what_was_delivered(site: Site) -> None:
    [row] = analysis.total_rows([two_weeks_of_ganciclovir(site)])
    assert row.total is not None
    assert row.total.mg == Decimal("7980")
    assert row.total.mg_per_kg == 133
    assert (row.total.full, row.total.partial, row.total.missed) == (26, 1, 1)


def test_a_total_is_final_from_withdrawal_on(site: Site) -> None:
    participant = two_weeks_of_ganciclovir(site)
    [row] = analysis.total_rows([participant])
    assert (row.is_final, row.final_mg) == (False, None)
    doctor = factories.user(Role.INVESTIGATOR, site)
    factories.withdrawn(participant, "Converted", by=doctor)
    [row] = analysis.total_rows([Participant.objects.get(pk=participant.pk)])
    assert (row.is_final, row.final_mg) == (True, Decimal("7980"))


def test_a_total_is_final_for_who_left_on_treatment_too(treated: Participant) -> None:
    coordinator = factories.user(Role.COORDINATOR, treated.site)
    end_participation(treated, after=State.LOST, why="No contact", by=coordinator)
    [row] = analysis.total_rows([Participant.objects.get(pk=treated.pk)])
    assert (row.is_final, row.final_mg) == (True, Decimal("300"))


def test_il2_is_no_part_of_the_total(treated: Participant) -> None:
    morning = factories.local(clock.today())
    factories.dose(factories.order(treated, DrugChoice.IL2), morning)
    [row] = analysis.total_rows([treated])
    assert row.total is not None
    assert row.total.mg == Decimal("300")


def test_nobody_has_a_total_before_the_first_dose(site: Site) -> None:
    [row] = analysis.total_rows([factories.allocated(site)])
    assert (row.total, row.final_mg) == (None, None)


def test_a_total_that_still_grows_is_counted_and_left_out_of_the_mean(site: Site) -> None:
    done = two_weeks_of_ganciclovir(site)
    factories.withdrawn(done, "Converted", by=factories.user(Role.INVESTIGATOR, site))
    factories.on_treatment(site, done.arm)
    people = analysis.allocated(factories.user(Role.INVESTIGATOR, site))
    arms = {row.arm: (row.not_final, row.mg) for row in totals_by_arm(analysis.total_rows(people))}
    still_open, description = arms[str(done.arm)]
    assert (still_open, description.n, description.mean) == (1, 1, Decimal("7980"))


# --- the primary endpoint ---------------------------------------------------------------------


@pytest.mark.requirement("R25")
def test_the_plates_of_the_example_give_its_change(treated: Participant, login: Login) -> None:
    before = day0(treated) - HOUR
    first = plated(treated, BASELINE, at=before)
    second = plated(treated, DAY_7, at=before + 7 * DAY)
    row = nk_row(treated)
    lysis = [row.baseline.value, row.day7 and row.day7.value, row.change]
    assert [half_up(value, 3) for value in lysis if value is not None] == [
        Decimal("20.745"),
        Decimal("29.362"),
        Decimal("8.617"),
    ]
    assert (row.baseline_key, row.day7_key) == (first.pk, second.pk)
    page = login(Role.INVESTIGATOR).get(reverse("outcomes:dashboard")).content.decode()
    assert '<span class="bignum">+8.6</span>' in page


def test_a_number_leads_to_the_plates_behind_it(treated: Participant, login: Login) -> None:
    with_lysis(treated, "18.4", "27.9")
    row = nk_row(treated)
    page = login(Role.INVESTIGATOR).get(reverse("outcomes:endpoint", args=["nk"]))
    for key, text in ((row.baseline_key, "18.40"), (row.day7_key, "27.90")):
        address = reverse("labs:cytotoxicity", args=[key])
        assert f'<a href="{address}">{text}</a>' in page.content.decode()
    assert "+9.50" in page.content.decode()


@pytest.mark.parametrize(("day", "counts"), [(5, False), (6, True), (8, True)])
def test_day_7_is_taken_in_its_window_only(treated: Participant, day: int, counts: bool) -> None:
    before = day0(treated) - HOUR
    plated_lysis(treated, "18.4", before)
    plated_lysis(treated, "27.9", before + day * DAY)
    assert (nk_row(treated).change == Decimal("9.5")) is counts


def test_a_sample_after_that_days_il2_does_not_count(treated: Participant) -> None:
    seventh = day0(treated) + 7 * DAY
    order = factories.order(treated, DrugChoice.IL2, starts_at=seventh)
    plated_lysis(treated, "18.4", day0(treated) - HOUR)
    plated_lysis(treated, "27.9", seventh + 2 * HOUR)
    assert nk_row(treated).change == Decimal("9.5")
    factories.dose(order, seventh)
    row = nk_row(treated)
    assert row.change is None
    assert row.day7 is not None
    assert "after that day's dose" in str(row.day7.why)


def test_everybody_allocated_is_analysed(treated: Participant, site: Site) -> None:
    with_lysis(treated, "18.4", "27.9")
    factories.allocated(site)
    factories.enrolled(site)
    people = analysis.allocated(factories.user(Role.INVESTIGATOR, site))
    comparison = analysis.nk_comparison(analysis.nk_rows(people))
    assert sum(arm.allocated for arm in comparison.arms) == len(people)
    assert sum(arm.missing for arm in comparison.arms) == len(people) - 1


@pytest.mark.requirement("R25")
def test_ten_participants_compare_as_the_example_says(site: Site, login: Login) -> None:
    trial_of_ten(site)
    page = login(Role.STATISTICIAN).get(reverse("outcomes:dashboard")).content.decode()
    text = " ".join(page.split())
    for number in ("+9.3", "+1.5", "+8.0", "p = 0.0079"):
        assert f'<span class="bignum">{number}</span>' in text
    for sentence in (
        "SD 3.3 · 95 % CI +5.2 to +13.4",
        "SD 2.6 · 95 % CI −1.7 to +4.7",
        "+2.7 to +12.7, true coverage 96.8 %",
        "U = 25, two-sided, 2 of 252 arrangements",
        "10 of 10 allocated",
    ):
        assert sentence in text


# --- conversion -------------------------------------------------------------------------------


@pytest.mark.requirement("R25")
def test_conversion_is_counted_from_the_first_dose(treated: Participant, login: Login) -> None:
    pcr_on_day(treated, 0, "52000")
    first = pcr_on_day(treated, 2, "500", "<")
    second = pcr_on_day(treated, 7, None, "ND")
    row = conversion_row(treated)
    assert row.conversion is not None
    assert row.conversion.days == 2
    assert row.conversion.interval == (0, 2)
    assert row.conversion.confirmed_by is not None
    assert row.conversion.confirmed_by.observation.key == second.pk
    page = login(Role.INVESTIGATOR).get(reverse("outcomes:endpoint", args=["conversion"]))
    address = reverse("labs:result", args=[first.pk])
    assert page.content.decode().count(f'<a href="{address}">2</a>') == 2  # literal, confirmed


def test_who_never_converts_is_censored_at_the_last_sample(
    treated: Participant, login: Login
) -> None:
    pcr_on_day(treated, 0, "52000")
    pcr_on_day(treated, 7, "1000")  # exactly the threshold is not negative
    row = conversion_row(treated)
    assert row.conversion is not None
    assert (row.conversion.converted, row.conversion.censored_at) == (False, 7)
    page = login(Role.INVESTIGATOR).get(reverse("outcomes:endpoint", args=["conversion"]))
    assert "censored at 7" in page.content.decode()


def test_every_result_on_the_axis_is_drawn(treated: Participant) -> None:
    pcr_on_day(treated, 0, "52000")
    pcr_on_day(treated, 2, "500", "<")
    pcr_on_day(treated, 7, None, "ND")
    points = viral_loads.viral_load_points([conversion_row(treated)])
    assert [(p.day, p.operator, p.copies) for p in points] == [
        (0, "=", Decimal(52000)),
        (2, "<", Decimal(500)),
        (7, "ND", Decimal(200)),  # at the limit of detection
    ]
    assert {p.href for p in points} == {reverse("outcomes:casebook", args=[treated.subject])}


def test_a_number_below_the_limit_of_its_assay_is_drawn_at_the_limit(treated: Participant) -> None:
    for hours, value in ((48, "499"), (24, "500")):
        entered(treated, pcr(value, lloq="500"), hours=hours)
    points = viral_loads.viral_load_points([conversion_row(treated)])
    assert [(p.operator, p.copies, p.reported) for p in points] == [
        ("<", Decimal(500), "499\u00a0copies/mL"),
        ("=", Decimal(500), "500\u00a0copies/mL"),
    ]


def test_doses_are_drawn_as_days_and_gaps(site: Site) -> None:
    """DOMAIN 4: the sixth dose, on day 2, was missed and another of that day given."""
    participant = two_weeks_of_ganciclovir(site)
    found = viral_loads.dose_spans([participant])
    assert {span.subject for span in found} == {participant.subject}
    assert {(span.first, span.last) for span in found} == {(0, 1), (2, 2), (3, 3), (4, 4), (5, 13)}


def test_another_unit_is_not_drawn_as_copies_but_counted(
    treated: Participant, login: Login
) -> None:
    pcr_on_day(treated, 0, "52000")
    entered(treated, pcr("910", unit="IU/mL"))
    entered(treated, pcr(None, "ND"), hours=28)
    row = conversion_row(treated)
    assert [point.copies for point in viral_loads.viral_load_points([row])] == [Decimal(52000)]
    assert viral_loads.results_not_drawn([row]) == 2
    page = login(Role.INVESTIGATOR).get(reverse("outcomes:dashboard")).content.decode()
    assert "2 results, in another unit or without a limit, stand in the table only." in page
    assert "910\u00a0IU/mL" in page


def test_the_arms_are_those_allocated(treated: Participant, control: Participant) -> None:
    grouped = analysis.by_arm([(treated, Decimal(1)), (control, None)])
    assert grouped == {IL2: [Decimal(1)], CONTROL: [None]}


def test_ganciclovir_adds_up_day_by_day(site: Site) -> None:
    """DOMAIN 4: 28 planned, the sixth missed, the tenth stopped at 180 mg."""
    participant = two_weeks_of_ganciclovir(site)
    points = analysis.cumulated(analysis.allocated(factories.user(Role.STATISTICIAN, site)))
    assert {point.subject for point in points} == {participant.subject}
    by_day = {point.day: point.mg for point in points}
    assert (by_day[0], by_day[1], by_day[2]) == (600, 1200, 1500)
    assert by_day[4] == 2580
    assert by_day[13] == 7980
