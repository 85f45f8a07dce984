"""Dates as laboratories write them: read when they have one meaning, and never otherwise."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.dates import DateOrder, UnreadableDate, looks_like_date, read_moment, read_time

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")


def moment(text: str, **options: Any) -> str:
    return read_moment(text, **{"tz": SHANGHAI, **options}).isoformat()


def refusal(text: str, **options: Any) -> str:
    with pytest.raises(UnreadableDate) as caught:
        moment(text, **options)
    return str(caught.value.message)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-05 08:30",
        "2026-03-05T08:30:00",
        "2026/3/5 8:30",
        "2026.03.05 08:30:00.0",
        "2026年3月5日 8:30",
        "2026年03月05日8时30分",
        "2026年3月5日 上午8:30",
        "2026-03-05 8:30 AM",
        "202603050830",
        "20260305083000",
        "２０２６-０３-０５ ０８：３０",  # noqa: RUF001
        "2026-03-05T08:30+08:00",
        "2026-03-05T00:30Z",
    ],
)
def test_the_year_first_is_one_moment_however_it_is_written(text: str) -> None:
    expected = dt.datetime(2026, 3, 5, 8, 30, tzinfo=SHANGHAI)
    assert read_moment(text, tz=SHANGHAI) == expected


def test_without_a_zone_it_is_the_clock_of_the_site_and_with_one_its_own() -> None:
    assert moment("2026-03-05 08:30") == "2026-03-05T08:30:00+08:00"
    assert moment("2008-07-22T00:00:00Z") == "2008-07-22T00:00:00+00:00"
    assert moment("2026-03-05T08:30-0500") == "2026-03-05T08:30:00-05:00"


def test_three_formats_of_one_day_in_a_chosen_order() -> None:
    order = {"order": DateOrder.DAY_FIRST}
    found = {
        moment(text, **order)
        for text in ("2026-03-04 8:30", "04/03/2026 8:30", "2026年3月4日 8:30")
    }
    assert found == {"2026-03-04T08:30:00+08:00"}


def test_the_order_decides_what_comes_first_and_without_it_nothing_is_guessed() -> None:
    assert moment("03/04/2026 8:30", order=DateOrder.DAY_FIRST).startswith("2026-04-03")
    assert moment("03/04/2026 8:30", order=DateOrder.MONTH_FIRST).startswith("2026-03-04")
    assert "two days" in refusal("03/04/2026 8:30")
    assert "two days" in refusal("25/04/2026 8:30")


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30 8:30",
        "2026-13-01 8:30",
        "2026-03-05 24:00",
        "2026-03-05 8:60",
        "1899-03-05 8:30",
        "2101-03-05 8:30",
        "2026-03-05 13:00 PM",
        "2026-03-05T08:30+15:00",
        "20261301083000",
    ],
)
def test_what_does_not_exist_is_refused(text: str) -> None:
    assert "does not exist" in refusal(text)


def test_a_day_of_the_other_order_is_refused() -> None:
    assert "does not exist" in refusal("25/04/2026 8:30", order=DateOrder.MONTH_FIRST)


@pytest.mark.parametrize("text", ["", "yesterday", "05/03/26 8:30", "2026-03/05", "5 March 2026"])
def test_what_is_no_date_is_refused(text: str) -> None:
    assert "is not a date" in refusal(text)


# --- a time of day ------------------------------------------------------------------------------


def test_a_date_alone_needs_a_time_and_midnight_is_not_invented() -> None:
    assert "no time of day" in refusal("2026-03-05")
    assert moment("2026-03-05", default_time="08:00") == "2026-03-05T08:00:00+08:00"
    assert moment("2026-03-05", time_of_day="8:30 PM") == "2026-03-05T20:30:00+08:00"
    assert moment("2026-03-05", time_of_day="08:30Z") == "2026-03-05T08:30:00+00:00"


def test_a_default_time_never_replaces_one_that_was_given() -> None:
    assert moment("2026-03-05T00:00:00Z", default_time="08:00") == "2026-03-05T00:00:00+00:00"


def test_a_date_with_a_time_beside_a_column_of_times_is_refused_unless_it_is_midnight() -> None:
    assert "so has the column" in refusal("2026-03-05 09:00", time_of_day="08:30")
    assert moment("2026-03-05T00:00:00", time_of_day="08:30") == "2026-03-05T08:30:00+08:00"


@pytest.mark.parametrize(
    ("text", "hour"),
    [("12:00 AM", 0), ("12:00 PM", 12), ("下午1:00", 13), ("上午12:00", 0), ("1时0分", 1)],
)
def test_halves_of_the_day(text: str, hour: int) -> None:
    assert read_time(text) == (dt.time(hour), None)


@pytest.mark.parametrize("text", ["", "noon", "2026-03-05", "0.5"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UnreadableDate, match="not a time of day"):
        read_time(text)


def test_a_moment_that_the_clocks_skipped_or_repeated_is_refused() -> None:
    assert "clocks changed" in refusal("2026-03-08 02:30", tz=NEW_YORK)
    assert "clocks changed" in refusal("2026-11-01 01:30", tz=NEW_YORK)
    assert moment("2026-11-01 01:30-05:00", tz=NEW_YORK).endswith("-05:00")


# --- Excel's serial numbers ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("serial", "day"),
    [
        ("1.5", "1900-01-01T12:00:00"),
        ("59.25", "1900-02-28T06:00:00"),
        ("61.25", "1900-03-01T06:00:00"),
        ("46086.354166666664", "2026-03-05T08:30:00"),
        ("46086.999999", "2026-03-06T00:00:00"),
    ],
)
def test_serials_count_from_1900_to_the_nearest_second(serial: str, day: str) -> None:
    assert moment(serial, serials=True) == read_moment(day, tz=SHANGHAI).isoformat()


def test_serials_are_read_only_when_the_mapping_says_so() -> None:
    assert "serial numbers" in refusal("46086.354166666664")


@pytest.mark.parametrize("serial", ["60", "60.5", "73416.5", "9999999.5"])
def test_the_day_that_never_was_and_days_too_late_are_refused(serial: str) -> None:
    assert "does not exist" in refusal(serial, serials=True)


def test_a_whole_serial_has_no_time_of_day() -> None:
    assert "no time of day" in refusal("46086", serials=True)
    assert moment("46086", serials=True, time_of_day="0.354166666666667").startswith(
        "2026-03-05T08:30"
    )


def test_a_date_in_another_column_is_recognised() -> None:
    assert looks_like_date("2026年3月5日")
    assert looks_like_date("5/3/2026")
    assert not looks_like_date("01-004")


@given(st.text(max_size=30))
def test_any_text_is_a_moment_with_a_zone_or_is_refused(text: str) -> None:
    for order in DateOrder:
        try:
            found = read_moment(text, order=order, serials=True, tz=SHANGHAI)
        except UnreadableDate:
            continue
        assert found.utcoffset() is not None


@given(
    st.datetimes(dt.datetime.fromisoformat("1900-03-01"), dt.datetime.fromisoformat("2100-12-31"))
)
def test_a_serial_is_the_moment_that_it_was_made_from(moment_meant: dt.datetime) -> None:
    meant = moment_meant.replace(microsecond=0)
    days = (meant - dt.datetime.fromisoformat("1899-12-30")) / dt.timedelta(days=1)
    text = f"{days:.9f}"
    if "." in text and text.split(".")[1].strip("0"):
        found = read_moment(text, serials=True, tz=dt.UTC)
        assert found.replace(tzinfo=None) == meant
