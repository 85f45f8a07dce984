"""A statistician's file is taken whole, or each mistake is named by its line (R30)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.list_import import MOST_BYTES, MOST_PROBLEMS, ListShape, read_list

ARMS = ("il2_gcv", "gcv")
ONE = ListShape(ARMS, ("ALL",), 2)
TWO = ListShape(ARMS, ("SLE", "NON-SLE"), 1)

pytestmark = pytest.mark.requirement("R30")


def problems(file: str | bytes, shape: ListShape = ONE) -> list[str]:
    content = file.encode() if isinstance(file, str) else file
    return [str(problem) for problem in read_list(content, shape).problems]


@pytest.mark.parametrize(
    "file",
    [
        "position,arm\n1,gcv\n2,il2_gcv\n",
        "position,arm\r\n1,gcv\r\n2,il2_gcv",
        "\ufeffposition,arm\n1,gcv\n\n2,il2_gcv\n\n",
        '"position","arm"\n"1","gcv"\n"2","il2_gcv"\n',
        "position,arm,stratum\n1,gcv,ALL\n2,il2_gcv,ALL\n",
    ],
)
def test_a_right_file_is_read_in_its_order(file: str) -> None:
    read = read_list(file.encode(), ONE)
    assert not read.problems
    assert read.arms["ALL"] == ["gcv", "il2_gcv"]


def test_strata_may_come_mixed() -> None:
    file = "position,arm,stratum\n1,gcv,SLE\n1,il2_gcv,NON-SLE\n2,il2_gcv,SLE\n"
    read = read_list(file.encode(), TWO)
    assert not read.problems
    assert (read.arms["SLE"], read.arms["NON-SLE"]) == (["gcv", "il2_gcv"], ["il2_gcv"])


HEAD = "position,arm\n"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("", "Line 1 must read position,arm"),
        ("arm,position\ngcv,1\n", "Line 1 must read position,arm"),
        ("position,arm,seed\n1,gcv,x\n", "Line 1 must read position,arm"),
        (HEAD + "1,gcv\n3,gcv\n", "Line 3: the position must be 2"),
        (HEAD + "1,gcv\n1,gcv\n", "Line 3: the position must be 2"),
        (HEAD + "1,gcv\n02,gcv\n", "Line 3: the position must be 2"),
        (HEAD + "0,gcv\n2,gcv\n", "Line 2: the position must be 1"),
        (HEAD + "1,gcv\n²,gcv\n", "Line 3: the position must be 2"),
        (HEAD + "1,gcv\n2,placebo\n", "Line 3: the arm is none of il2_gcv, gcv"),
        (HEAD + "1,gcv\n2,GCV\n", "Line 3: the arm is none of il2_gcv, gcv"),
        (HEAD + "1,gcv\n2, gcv\n", "Line 3: the arm is none of il2_gcv, gcv"),
        (HEAD + "1,gcv\n2,\n", "Line 3: the arm is none of il2_gcv, gcv"),
        (HEAD + "1,gcv\n2\n", "Line 3: 1 cells, the header has 2"),
        (HEAD + "1,gcv\n2,gcv,ALL\n", "Line 3: 3 cells, the header has 2"),
        (HEAD + "1,gcv\n", "Stratum ALL has 1 places; at least 2"),
        (HEAD, "Stratum ALL has 0 places; at least 2"),
        (b"\xff\xfe\x00p", "This file is not CSV text in UTF-8"),
        (HEAD + '1,"gcv\n2,gcv\n', "This file is not CSV text in UTF-8"),
        (b"x" * (MOST_BYTES + 1), "This file is larger than 1 MB"),
        *(
            (HEAD + f"1,gcv\n2,{start}1\n", "Line 3: a cell looks like a formula")
            for start in "=+-@\t"
        ),
    ],
)
def test_a_wrong_file_is_refused_by_its_line(file: str | bytes, said: str) -> None:
    assert said in problems(file)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("position,arm\n1,gcv\n", "Line 1 must read position,arm,stratum"),
        ("position,arm,stratum\n1,gcv,SLE\n", "Stratum NON-SLE has 0 places; at least 1"),
        (
            "position,arm,stratum\n1,gcv,SLE\n1,gcv,NON-SLE\n1,gcv,RA\n",
            "Line 4: the stratum is none of SLE, NON-SLE",
        ),
    ],
)
def test_every_stratum_is_known_and_there(file: str, said: str) -> None:
    assert problems(file, TWO) == [said]


def test_a_hopeless_file_is_not_told_line_by_line() -> None:
    assert len(problems(HEAD + "x,y\n" * 500)) == MOST_PROBLEMS


@given(st.binary(max_size=200))
def test_no_file_is_an_error(file: bytes) -> None:
    read = read_list(file, ONE)
    assert read.problems or len(read.arms["ALL"]) >= ONE.shortest


@given(st.lists(st.sampled_from(ARMS), min_size=2, max_size=40))
def test_what_is_right_is_read_as_it_stands(arms: list[str]) -> None:
    lines = "".join(f"{place},{arm}\n" for place, arm in enumerate(arms, start=1))
    read = read_list((HEAD + lines).encode(), ONE)
    assert (read.problems, read.arms["ALL"]) == ([], arms)
