"""Real CMV-DNA series of seven people, entered as results, with day 0 from a real first dose."""

import csv
import datetime as dt
from collections import defaultdict
from decimal import Decimal

import pytest
from django.utils import timezone
from lifelines import KaplanMeierFitter

from enrollment.models import Participant
from labs.actions import Sample, record_results
from labs.models import Result, Specimen
from labs.series import conversion_of
from outcomes.analysis import conversion_rows, conversion_times
from outcomes.rules.flags import FlagKind
from outcomes.rules.follow_up import due_flags
from outcomes.rules.survival import Transform, kaplan_meier, median
from outcomes.schedule import pcr_results, schedules
from tests import factories
from tests.labs.examples import pcr
from tests.shared import shared_path
from trial_site.models import Site
from trial_site.protocol import current
from trial_site.roles import Role

pytestmark = pytest.mark.django_db

DETECTS_FROM = "100"  # copies/mL; the series says only that nothing was found
Series = list[tuple[dt.datetime, Decimal]]

# Days from the first value above 1000: first negative, confirmed, first above 1000 after it.
EXPECTED = {
    "AA": (700, None, 707),
    "AB": (25, 83, 35),
    "AC": (7, None, 14),
    "AD": (None, None, None),
    "AE": (None, None, None),
    "AF": (259, None, 266),
    "AG": (7, None, 14),
}


def series_of_everybody() -> dict[str, Series]:
    """Moments and log10 copies/mL; 0 is "not detected"."""
    found: dict[str, Series] = defaultdict(list)
    with shared_path("data/cmv_oral_shedding.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            moment = dt.datetime.fromisoformat(row["times"])
            found[row["PatientID2"].removesuffix("-P")].append((moment, Decimal(row["count"])))
    return found


def enter(participant: Participant, series: Series) -> list[Result]:
    """Each sample through the action that the laboratory's form calls."""
    lab = factories.user(Role.LAB, participant.site)
    results = []
    for collected_at, exponent in series:
        copies = str(Decimal(10) ** exponent) if exponent else None
        entry = pcr(copies, "=" if copies else "ND", lod=DETECTS_FROM)
        sample = Sample(Specimen.Kind.PLASMA, collected_at)
        results += record_results(
            participant, sample=sample, entries=[entry], confirmed=True, by=lab
        )
    return results


def dosed_at(participant: Participant, moment: dt.datetime) -> Participant:
    """Day 0 is written down by the first ganciclovir dose, as on the ward."""
    factories.dose(factories.order(participant, starts_at=moment), moment)
    return Participant.objects.get(pk=participant.pk)


@pytest.mark.requirement("R25")
def test_real_series_convert_as_counted_by_hand_and_as_lifelines_has_them(site: Site) -> None:
    everybody = series_of_everybody()
    people = {}
    for name, series in everybody.items():
        participant = factories.allocated(site)
        results = enter(participant, series)
        above = (result for result in results if (result.value or 0) > current().pcr.threshold)
        people[name] = dosed_at(participant, next(above).collected_at)
    results_of = pcr_results(people.values())
    found = {}
    for name, participant in people.items():
        conversion = conversion_of(participant, results_of[participant.pk])
        assert conversion is not None
        events = (
            conversion.first_negative,
            conversion.confirmed,
            conversion.first_above_after_first_negative,
        )
        found[name] = tuple(event.days if event else None for event in events)
    assert found == EXPECTED
    assert sum(map(len, everybody.values())) == Result.objects.count() == 464
    assert_curve_is_that_of_lifelines(list(people.values()))


def assert_curve_is_that_of_lifelines(people: list[Participant]) -> None:
    """Days to the first negative, or to the last sample; AD and AE have none."""
    times = [time.followed for time in conversion_times(conversion_rows(people))]
    expected = [first for first, _confirmed, _relapse in EXPECTED.values()]
    assert [time.event for time in times] == [first is not None for first in expected]
    fitted = KaplanMeierFitter().fit([time.days for time in times], [time.event for time in times])
    steps = kaplan_meier(times)
    for step in steps:
        assert float(step.survival) == pytest.approx(float(fitted.predict(step.day)))
    assert median(steps, Transform.LOG_LOG).day == fitted.median_survival_time_ == 259


def test_a_real_series_raises_the_flags_that_it_should(site: Site) -> None:
    """AC turns negative on day 7 and positive on day 14: until confirmed, a sample stays due."""
    series = series_of_everybody()["AC"]
    participant = factories.allocated(site)
    enter(participant, series)
    start = next(moment for moment, exponent in series if exponent > 3)
    dosed = dosed_at(participant, start)
    [(_, state)] = schedules([dosed])
    last = timezone.localdate(series[-1][0])
    assert state.pcr.last is not None
    assert state.pcr.last.on == last
    assert state.pcr.confirmed is None
    due = due_flags(state, today=last + dt.timedelta(days=30), protocol=current())
    [check] = [flag for flag in due if flag.kind is FlagKind.PCR_CHECK]
    assert last < check.due_on <= last + dt.timedelta(days=7)
    assert FlagKind.RELAPSE in {flag.kind for flag in due}
