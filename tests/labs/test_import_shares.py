"""The shares of a file: each row in one, and a participant's rows together in their order."""

import pytest

from labs.importing.judging import reader_of
from labs.importing.shares import shares_of
from labs.readers import read
from tests.labs.sent import PLAIN, as_csv, row

pytestmark = pytest.mark.requirement("R26")


def numbers(subjects: list[str], shares: int) -> list[list[int]]:
    table = read("file.csv", as_csv([row(subject) for subject in subjects]))
    parted = shares_of(table, reader_of(table, PLAIN), shares)
    return [[row.number for row in share] for share in parted]


def test_participants_take_turns_as_the_file_names_them() -> None:
    assert numbers(["C", "A", "C", "B", "A", "C"], 2) == [[2, 4, 5, 7], [3, 6]]


def test_a_row_that_names_nobody_goes_with_the_first() -> None:
    assert numbers(["C", "A", "", "B"], 3) == [[2, 4], [3], [5]]


def test_more_shares_than_participants_leave_some_empty() -> None:
    assert numbers(["C", "C"], 3) == [[2, 3], [], []]
