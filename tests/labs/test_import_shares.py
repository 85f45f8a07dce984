"""The shares of a file: each row in one, and a participant's rows together in their order."""

import pytest

from labs.importing.judging import read_rows
from labs.importing.shares import shares_of
from labs.readers import read
from tests.labs.sent import PLAIN, as_csv, row

pytestmark = pytest.mark.requirement("R26")


def numbers(subjects: list[str], shares: int) -> list[list[int]]:
    table = read("file.csv", as_csv([row(subject) for subject in subjects]))
    return [[number for number, _ in share] for share in shares_of(read_rows(table, PLAIN), shares)]


def test_participants_take_turns_as_the_file_names_them() -> None:
    assert numbers(["C", "A", "C", "B", "A", "C"], 2) == [[2, 4, 5, 7], [3, 6]]


def test_a_row_that_names_nobody_goes_with_the_first() -> None:
    assert numbers(["C", "A", "", "B"], 3) == [[2, 4], [3], [5]]


def test_more_shares_than_participants_leave_some_empty() -> None:
    assert numbers(["C", "C"], 3) == [[2, 3], [], []]
