"""What a scanner types of a box: GS1 element strings, printed, raw, and plain numbers of lots."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing.rules.scanned import GS, Scanned, Unreadable, read_scan

TODAY = date(2026, 3, 18)
ARTICLE = "09506000134352"  # GS1's own example; its check digit is 2
CONTENT = "".join(map(chr, range(33, 127)))
# The characters that a GS1 lot may have (GS1 General Specifications, character set 82).
GS1_LOT = st.text(
    st.sampled_from("!\"%&'*+,-./:;=?_" + "".join(filter(str.isalnum, CONTENT))),
    min_size=1,
    max_size=20,
)
DAYS = st.dates(date(2000, 1, 1), date(2075, 12, 31))


def read(text: str, on: date = TODAY) -> Scanned:
    return read_scan(text, on=on)


# --- plain numbers ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("GCV-2601", "GCV-2601"),
        ("  GCV-2601\r\n", "GCV-2601"),
        ("批号 20260101", "批号 20260101"),
        ("IL  0417", "IL 0417"),
        ("10ABC", "10ABC"),
        ("17251231", "17251231"),
        ("0417", "0417"),
        ("01234567890123", "01234567890123"),
        ("A(2)", "A(2)"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_what_is_no_element_string_is_the_number_as_typed(typed: str, number: str) -> None:
    assert read(typed) == Scanned(lot=number)


def test_sixteen_digits_are_an_article_only_with_its_check_digit() -> None:
    assert read(f"01{ARTICLE}") == Scanned(article=ARTICLE)
    assert read("0109506000134353") == Scanned(lot="0109506000134353")


# --- as printed, in brackets ------------------------------------------------------------------


def test_the_form_that_is_printed_under_the_bars() -> None:
    assert read(f"(01){ARTICLE}(17)260531(10)AB-1") == Scanned("AB-1", date(2026, 5, 31), ARTICLE)


@pytest.mark.parametrize(
    "typed",
    [
        "(10)AB-1(17)260531",
        "(17)260531(10)AB-1",
        "(17) 260531 (10) AB-1",
        "(17)260531(10)AB-1(21)S7",
        "(11)240101(17)260531(10)AB-1",
    ],
)
def test_the_order_and_what_else_is_printed_make_no_difference(typed: str) -> None:
    found = read(typed)
    assert (found.lot, found.expires_on) == ("AB-1", date(2026, 5, 31))


def test_the_serial_number_is_kept_apart() -> None:
    assert read("(10)L1(21)S7") == Scanned("L1", serial="S7")


def test_a_lot_may_have_brackets_of_its_own() -> None:
    assert read("(10)AB(x)1(17)260531").lot == "AB(x)1"


# --- raw ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        f"01{ARTICLE}17260531 10AB-1".replace(" ", ""),
        f"]d201{ARTICLE}1726053110AB-1",
        f"]C101{ARTICLE}1726053110AB-1",
        f"]Q301{ARTICLE}1726053110AB-1",
        f"{GS}01{ARTICLE}1726053110AB-1",
        f"01{ARTICLE}10AB-1{GS}17260531",
        f"10AB-1{GS}17260531{GS}01{ARTICLE}",
        f"01{ARTICLE}10AB-1{GS}17260531{GS}",
        f"01{ARTICLE}10AB-1{GS}17260531{GS}21",
    ],
)
def test_raw_strings_with_separators_and_names_of_symbologies(typed: str) -> None:
    if typed.endswith("21"):  # an identifier without a value
        with pytest.raises(Unreadable):
            read(typed)
    else:
        assert read(typed) == Scanned("AB-1", date(2026, 5, 31), ARTICLE)


@pytest.mark.parametrize("separator", ["\x1d", "␝", "<GS>", "^", "|", "~"])
def test_whatever_a_scanner_types_for_the_separator(separator: str) -> None:
    found = read(f"01{ARTICLE}10AB-1{separator}21S7{separator}17260531")
    assert found == Scanned("AB-1", date(2026, 5, 31), ARTICLE, "S7")


def test_without_a_separator_the_rest_belongs_to_the_lot() -> None:
    assert read(f"01{ARTICLE}10AB-121S7").lot == "AB-121S7"


@pytest.mark.parametrize(
    ("extra", "length"),
    [
        ("11240101", 8),
        ("3103001250", 10),
        ("2001", 4),
        ("4109506000134352", 16),
        ("37" + "12" + GS, 5),
    ],
)
def test_identifiers_of_other_things_are_passed_over(extra: str, length: int) -> None:
    assert len(extra) == length
    assert read(f"01{ARTICLE}{extra}17260531").expires_on == date(2026, 5, 31)


# --- dates -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("260500", date(2026, 5, 31)),
        ("260200", date(2026, 2, 28)),
        ("280200", date(2028, 2, 29)),
        ("261200", date(2026, 12, 31)),
        ("260430", date(2026, 4, 30)),
    ],
)
def test_day_00_is_the_last_day_of_the_month(digits: str, expected: date) -> None:
    assert read(f"(17){digits}").expires_on == expected


@pytest.mark.parametrize("digits", ["261300", "260001", "260000", "260431", "270229", "2605AB"])
def test_what_is_no_date_is_refused(digits: str) -> None:
    with pytest.raises(Unreadable, match=f"“{digits}” is no date"):
        read(f"(17){digits}(10)AB-1")


@pytest.mark.parametrize(
    ("year", "digits", "expected"),
    [
        (2026, "75", 2075),
        (2026, "76", 2076),
        (2026, "77", 1977),
        (2026, "00", 2000),
        (2060, "11", 2011),
        (2060, "10", 2110),
        (2060, "60", 2060),
        (1999, "49", 2049),
        (1999, "50", 1950),
    ],
)
def test_the_century_of_two_digits(year: int, digits: str, expected: int) -> None:
    """GS1 General Specifications 7.12: 51 to 99 ahead is the century before, 50 back the next."""
    found = read(f"(17){digits}0131", on=date(year, 6, 1)).expires_on
    assert found == date(expected, 1, 31)


# --- what is broken ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "(10)",
        "(17)260531(10)",
        "(10)A(10)B",
        "(10)" + "A" * 21,
        "(17)2605",
        f"]d201{ARTICLE}172605",
        f"]d201{ARTICLE}99",
        "]d205123",
        f"10{GS}17260531",
    ],
)
def test_a_broken_string_is_refused_whole(typed: str) -> None:
    with pytest.raises(Unreadable):
        read(typed)


def test_a_misread_article_is_refused() -> None:
    with pytest.raises(Unreadable, match="misread"):
        read("(01)09506000134353(10)AB-1")


def test_the_same_value_twice_is_one() -> None:
    assert read("(10)AB-1(10)AB-1").lot == "AB-1"


# --- properties --------------------------------------------------------------------------------


@given(GS1_LOT, DAYS)
def test_what_is_encoded_is_read(lot: str, expires_on: date) -> None:
    on = expires_on - timedelta(days=365)
    day = expires_on.strftime("%y%m%d")
    expected = Scanned(lot, expires_on, ARTICLE)
    assert read(f"(01){ARTICLE}(17){day}(10){lot}", on) == expected
    assert read(f"01{ARTICLE}17{day}10{lot}", on) == expected
    assert read(f"]d201{ARTICLE}10{lot}{GS}17{day}", on) == expected


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    found = read_or_refused(text)
    assert found
    assert GS not in found
    assert found == found.strip()


def read_or_refused(text: str) -> str:
    """The number, or the words of the refusal; what is blank says so."""
    try:
        return read(text).lot or "blank, or a code without a lot"
    except Unreadable as broken:
        return str(broken.message)
