"""Days to conversion, relapse and refractory rise (DOMAIN 6 and 12), and seven real series."""

import csv
import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.conversion import Conversion, PcrObservation, assess_conversion
from labs.rules.pcr import PcrClass, PcrValue
from tests.shared import shared_path
from trial_site.protocol import current

RULE = current().pcr
SITE = ZoneInfo("Asia/Shanghai")
DAY0 = datetime(2020, 3, 2, 9, 0, tzinfo=SITE)


def value(printed: str | int) -> PcrValue:
    """``800`` is a number, ``"<2000"`` a bound, ``"ND"`` not detected with a limit of 91."""
    text = str(printed)
    if text == "ND":
        return PcrValue("ND", None, "copies/mL", lod=Decimal(91))
    operator = text[0] if text[0] in "<>" else "="
    return PcrValue(operator, Decimal(text.lstrip("<>")), "copies/mL")


def series(**results: str | int) -> list[PcrObservation]:
    """``d7=800`` is a sample 7 days after day 0, at 07:00; ``b1`` one day before it."""
    signs = {"d": 1, "b": -1}
    return [
        PcrObservation(
            (DAY0 + timedelta(days=signs[day[0]] * int(day[1:]))).replace(hour=7),
            value(printed),
            key=day,
        )
        for day, printed in results.items()
    ]


def assessed(*, withdrawn_on: int | None = None, **results: str | int) -> Conversion:
    withdrawal = None if withdrawn_on is None else DAY0 + timedelta(days=withdrawn_on)
    return assess_conversion(
        series(**results), day0=DAY0, rule=RULE, tz=SITE, withdrawal=withdrawal
    )


# --- the first negative, and censoring -------------------------------------------------------


def test_the_first_negative_dates_conversion():
    conversion = assessed(b1=52000, d3=8000, d7=800, d10="ND")
    assert conversion.converted
    assert conversion.first_negative.observation.key == "d7"
    assert conversion.days == 7
    assert conversion.censored_at is None
    assert conversion.interval == (3, 7)


def test_exactly_a_thousand_is_no_conversion_and_below_it_is():
    assert not assessed(b1=52000, d7=1000).converted
    assert assessed(b1=52000, d7="999.99").days == 7
    assert not assessed(b1=52000, d7=1001).converted


def test_an_undecidable_result_is_no_conversion():
    conversion = assessed(b1=52000, d7="<2000")
    assert not conversion.converted
    assert conversion.censored_at == 7
    assert conversion.post_baseline[0].pcr_class is PcrClass.UNKNOWN


def test_without_conversion_follow_up_is_censored_at_the_last_pcr():
    conversion = assessed(b1=52000, d3=8000, d21=1500)
    assert (conversion.converted, conversion.censored_at, conversion.days) == (False, 21, 21)
    assert conversion.interval is None


def test_without_a_pcr_after_day_0_follow_up_is_censored_at_0():
    assert assessed(b3=52000).censored_at == 0
    nothing = assessed()
    assert (nothing.censored_at, nothing.days, nothing.last_positive) == (0, 0, None)


def test_a_sample_of_day_0_is_baseline_at_whatever_hour():
    late = PcrObservation(DAY0.replace(hour=23, minute=59), value(10), key="evening")
    conversion = assess_conversion([late], day0=DAY0, rule=RULE, tz=SITE)
    assert [result.observation.key for result in conversion.baseline] == ["evening"]
    assert (conversion.converted, conversion.censored_at) == (False, 0)


def test_the_day_after_day_0_is_post_baseline_however_few_hours_later():
    after_midnight = PcrObservation(datetime(2020, 3, 3, 0, 1, tzinfo=SITE), value(10), key="night")
    conversion = assess_conversion([after_midnight], day0=DAY0.replace(hour=23), rule=RULE, tz=SITE)
    assert conversion.days == 1


def test_days_are_counted_between_dates_of_the_site():
    # 16:30 UTC on day 7 is half past midnight of day 8 in Beijing.
    evening = datetime(2020, 3, 9, 16, 30, tzinfo=UTC)
    observations = [PcrObservation(evening, value(10), key=1)]
    assert assess_conversion(observations, day0=DAY0, rule=RULE, tz=SITE).days == 8
    assert assess_conversion(observations, day0=DAY0, rule=RULE, tz=UTC).days == 7


def test_a_moment_without_a_zone_is_refused():
    naive = PcrObservation(datetime(2020, 3, 9, 7, 0), value(10), key=1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="no time zone"):
        assess_conversion([naive], day0=DAY0, rule=RULE, tz=SITE)


def test_the_interval_starts_at_the_last_result_that_was_surely_not_negative():
    assert assessed(b1=52000, d3=8000, d5="<2000", d7=10).interval == (3, 7)
    assert assessed(b1=52000, d3=8000, d5=1000, d7=10).interval == (5, 7)
    assert assessed(b2=52000, d7=10).interval == (-2, 7)
    assert assessed(d7=10).interval == (None, 7)


def test_a_negative_baseline_is_no_conversion():
    conversion = assessed(b1="ND", d3=8000, d7=10)
    assert conversion.days == 7


# --- confirmation ----------------------------------------------------------------------------


@pytest.mark.parametrize(("second", "confirmed"), [(11, None), (12, 7), (13, 7)])
def test_confirmation_needs_five_days(second, confirmed):
    conversion = assessed(b1=52000, d7=800, **{f"d{second}": 700})
    assert (conversion.confirmed.days if conversion.confirmed else None) == confirmed


def test_the_two_negatives_need_not_be_neighbours():
    conversion = assessed(b1=52000, d7=800, d9=700, d11="<500", d12="ND")
    assert conversion.confirmed.observation.key == "d7"
    assert conversion.confirmed_by.observation.key == "d12"


@pytest.mark.parametrize("breaker", [1000, 5000, "<2000", ">500"])
def test_anything_but_a_negative_between_breaks_the_run(breaker):
    conversion = assessed(b1=52000, d7=800, d9=breaker, d14=700, d19=600)
    assert conversion.first_negative.days == 7
    assert conversion.confirmed.days == 14
    assert conversion.confirmed_by.days == 19


def test_one_negative_confirms_nothing():
    conversion = assessed(b1=52000, d7=800)
    assert (conversion.confirmed, conversion.confirmed_by) == (None, None)


def test_a_negative_before_treatment_confirms_nothing():
    assert assessed(b0="ND", d3="ND").confirmed is None
    assert assessed(b5="ND", d1="ND").confirmed is None


def test_two_results_of_one_moment_do_not_confirm_when_one_is_positive():
    doubled = [
        *series(d7=800),
        *(PcrObservation(DAY0 + timedelta(days=12), value(v), key=v) for v in (10, 5000)),
    ]
    for order in (doubled, doubled[::-1]):
        conversion = assess_conversion(order, day0=DAY0, rule=RULE, tz=SITE)
        assert conversion.confirmed is None


# --- relapse ---------------------------------------------------------------------------------


def test_two_successive_results_above_confirm_a_relapse_dated_at_the_first():
    relapse = assessed(b1=52000, d7=800, d14=5000, d21=9000).relapse
    assert (relapse.first.days, relapse.confirmed) == (14, True)


def test_a_single_result_above_is_only_suspected():
    alone = assessed(b1=52000, d7=800, d14=5000).relapse
    followed = assessed(b1=52000, d7=800, d14=5000, d21=300).relapse
    assert (alone.first.days, alone.confirmed) == (14, False)
    assert (followed.first.days, followed.confirmed) == (14, False)


@pytest.mark.parametrize("between", [300, 1000, "<2000"])
def test_results_above_that_do_not_follow_each_other_confirm_nothing(between):
    relapse = assessed(b1=52000, d7=800, d14=5000, d16=between, d21=9000).relapse
    assert (relapse.first.days, relapse.confirmed) == (14, False)


def test_a_later_pair_dates_the_relapse_and_the_first_rise_is_still_told():
    conversion = assessed(b1=52000, d7=800, d14=5000, d16=300, d21=9000, d28=8000)
    assert (conversion.relapse.first.days, conversion.relapse.confirmed) == (21, True)
    assert conversion.first_above_after_first_negative.days == 14


def test_exactly_a_thousand_is_no_relapse():
    assert assessed(b1=52000, d7=800, d14=1000, d21=1000).relapse is None
    assert assessed(b1=52000, d7=800, d14=1001, d21=1001).relapse.confirmed


def test_without_conversion_there_is_no_relapse():
    conversion = assessed(b1=52000, d7=5000, d14=9000)
    assert (conversion.relapse, conversion.first_above_after_first_negative) == (None, None)


@pytest.mark.parametrize(("withdrawn_on", "late"), [(None, False), (13, True), (14, False)])
def test_a_relapse_after_withdrawal_is_late(withdrawn_on, late):
    conversion = assessed(withdrawn_on=withdrawn_on, b1=52000, d7=800, d14=5000, d21=9000)
    assert conversion.relapse.late_onset is late


# --- refractory ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("results", "day"),
    [
        ({"d14": 20001}, 14),
        ({"d14": 20000}, None),  # exactly 1 log10 is not more than 1 log10
        ({"d13": 90000}, None),  # before two weeks
        ({"d13": 90000, "d15": 90000}, 15),
        ({"d14": ">20000"}, None),
        ({"d14": ">20001"}, 14),
        ({"d14": "<90000"}, None),
    ],
)
def test_a_rise_of_more_than_one_log_after_two_weeks_is_refractory(results, day):
    refractory = assessed(b1=2000, **results).refractory
    assert (refractory.days if refractory else None) == day


def test_the_rise_is_measured_from_the_last_baseline():
    assert assessed(b7=500000, b1=2000, d14=30000).refractory.days == 14
    assert assessed(b7=2000, b1=500000, d14=30000).refractory is None


def test_a_bound_at_baseline_is_used_only_on_its_safe_side():
    assert assessed(b1="<2000", d14=20001).refractory.days == 14
    assert assessed(b1=">2000", d14=90000).refractory is None
    assert assessed(b1="ND", d14=90000).refractory is None
    assert assessed(d14=90000).refractory is None


@pytest.mark.parametrize(("power", "is_refractory"), [("4.30102", False), ("4.30103", True)])
def test_a_rise_in_another_unit_is_measured_in_copies(power, is_refractory):
    """2000 copies at baseline; ten times that is 10 to the power of 4.301029..."""
    baseline = PcrValue("=", Decimal(1000), "IU/mL", factor=Decimal(2))
    later = PcrValue("=", Decimal(power), "log10 copies/mL")
    observations = [
        PcrObservation(DAY0 + timedelta(days=days), result, key=days)
        for days, result in ((-1, baseline), (14, later))
    ]
    conversion = assess_conversion(observations, day0=DAY0, rule=RULE, tz=SITE)
    assert (conversion.refractory is not None) is is_refractory


def test_a_rise_after_withdrawal_is_not_refractory():
    assert assessed(withdrawn_on=20, b1=2000, d21=90000).refractory is None
    assert assessed(withdrawn_on=21, b1=2000, d21=90000).refractory.days == 21


def test_another_unit_says_nothing_about_a_rise():
    iu = PcrValue("=", Decimal(90000), "IU/mL")
    observations = [
        *series(b1=2000),
        PcrObservation(DAY0 + timedelta(days=15), iu, key="iu"),
    ]
    assert assess_conversion(observations, day0=DAY0, rule=RULE, tz=SITE).refractory is None


# --- in words --------------------------------------------------------------------------------


def test_the_findings_are_told_in_the_order_of_time():
    conversion = assessed(b1=52000, d3=8000, d7=800, d12="ND", d30=5000, d37=6000)
    assert [step.render().replace("\N{NO-BREAK SPACE}", " ") for step in conversion.steps] == [
        "last positive on day 3: 8,000 copies/mL",
        "first negative on day 7: 800 copies/mL",
        "negative since day 7, confirmed on day 12",
        "relapse on day 30: 5,000 copies/mL",
    ]
    assert [step.render() for step in assessed(d14=1000).steps][-1] == (
        "no negative result: censored on day 14"
    )


# --- properties ------------------------------------------------------------------------------

results = st.dictionaries(
    st.integers(-10, 60),
    st.sampled_from([300, 999, 1000, 1001, 80000, "<500", "<2000", ">9000000", "ND"]),
    max_size=12,
)


def observations_of(by_day: dict[int, str | int]) -> list[PcrObservation]:
    return [
        PcrObservation(DAY0 + timedelta(days=day), value(printed), key=day)
        for day, printed in by_day.items()
    ]


@given(results, st.randoms())
def test_the_order_of_entry_changes_nothing(by_day, random):
    observations = observations_of(by_day)
    shuffled = observations.copy()
    random.shuffle(shuffled)
    first, second = (
        assess_conversion(each, day0=DAY0, rule=RULE, tz=SITE) for each in (observations, shuffled)
    )
    assert first == second


@given(results)
def test_what_is_found_is_consistent(by_day):
    conversion = assess_conversion(observations_of(by_day), day0=DAY0, rule=RULE, tz=SITE)
    post_days = [day for day in by_day if day > 0]
    assert len(conversion.baseline) + len(conversion.post_baseline) == len(by_day)
    assert conversion.days in (*post_days, 0)
    if conversion.converted:
        assert conversion.censored_at is None
        assert conversion.interval[0] is None or conversion.interval[0] < conversion.interval[1]
    else:
        assert conversion.censored_at == max(post_days, default=0)
        assert (conversion.confirmed, conversion.relapse) == (None, None)
    if conversion.confirmed:
        assert conversion.confirmed.days >= conversion.days
        assert conversion.confirmed_by.days - conversion.confirmed.days >= 5


@given(results)
def test_confirmation_agrees_with_trying_every_pair(by_day):
    conversion = assess_conversion(observations_of(by_day), day0=DAY0, rule=RULE, tz=SITE)
    post = conversion.post_baseline
    pairs = (
        (i, j)
        for i, j in itertools.combinations(range(len(post)), 2)
        if post[j].days - post[i].days >= 5
        and all(result.pcr_class is PcrClass.NEGATIVE for result in post[i : j + 1])
    )
    earliest = min(pairs, default=None)
    assert conversion.confirmed == (post[earliest[0]] if earliest else None)


# --- real series -----------------------------------------------------------------------------

REAL = {
    "AA": {"first": 700, "confirmed": None, "above_again": 707},
    "AB": {"first": 25, "confirmed": 83, "above_again": 35},
    "AC": {"first": 7, "confirmed": None, "above_again": 14},
    "AD": {"first": None, "confirmed": None, "above_again": None},
    "AE": {"first": None, "confirmed": None, "above_again": None},
    "AF": {"first": 259, "confirmed": None, "above_again": 266},
    "AG": {"first": 7, "confirmed": None, "above_again": 14},
}


def real_series(person: str) -> Iterable[PcrObservation]:
    with shared_path("data/cmv_oral_shedding.csv").open(newline="") as rows:
        for row in csv.DictReader(rows):
            if row["PatientID2"] == f"{person}-P":
                exponent = Decimal(row["count"])
                raw = (
                    PcrValue("=", Decimal(10) ** exponent, "copies/mL")
                    if exponent
                    else PcrValue("ND", None, "copies/mL", lod=Decimal(150))
                )
                yield PcrObservation(datetime.fromisoformat(row["times"]), raw, row["days"])


@pytest.mark.parametrize("person", REAL)
def test_real_series_of_shedding_give_the_days_computed_by_hand(person):
    observations = list(real_series(person))
    day0 = next(
        sample.collected_at
        for sample in observations
        if sample.value.value is not None and sample.value.value > 1000
    )
    conversion = assess_conversion(observations, day0=day0, rule=RULE, tz=SITE)
    found = {
        "first": conversion.first_negative,
        "confirmed": conversion.confirmed,
        "above_again": conversion.first_above_after_first_negative,
    }
    assert {name: result and result.days for name, result in found.items()} == REAL[person]
