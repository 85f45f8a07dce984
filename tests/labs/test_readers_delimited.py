"""Text files of rows: every way a laboratory's program writes them, and what is refused."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.readers import MAX_BYTES, UnreadableFile, read
from labs.readers.delimited import read_delimited
from labs.readers.tables import MAX_COLUMNS, MAX_ROWS
from labs.rules.tables import CellKind, Table

CHINESE = "患者编号,采样时间,项目,结果,单位\n01-004,2026-03-05 08:30,巨细胞病毒核酸,<500,拷贝/mL\n"


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in table.rows]


def refusal(name: str, content: bytes) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(name, content)
    return str(caught.value.message)


def test_rows_keep_their_text_and_their_line() -> None:
    table = read("a.csv", b"id,value\nA,<500\n\nB, 52000 \n")
    assert table.header == ("id", "value")
    assert texts(table) == [["A", "<500"], ["B", "52000"]]
    assert [row.number for row in table.rows] == [2, 4]
    assert table.notes == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_every_encoding_that_is_certain_gives_the_same_text(encoding: str) -> None:
    table = read("结果.csv", CHINESE.encode(encoding))
    assert table.header[0] == "患者编号"
    assert texts(table)[0][2:] == ["巨细胞病毒核酸", "<500", "拷贝/mL"]


def test_big_endian_utf_16_is_read_by_its_mark() -> None:
    table = read("a.csv", b"\xfe\xff" + CHINESE.encode("utf-16-be"))
    assert table.header[0] == "患者编号"


def test_the_encoding_that_was_told_is_noted() -> None:
    notes = read("a.csv", CHINESE.encode("gb18030")).notes
    assert [str(note) for note in notes] == ["Read as GB18030."]


@pytest.mark.parametrize(
    "content",
    [
        "id,unit,value\nA,µmol/L,3\n".encode("latin-1"),
        "id,name,value\nA,Müller,3\n".encode("cp1252"),
        CHINESE.encode("gb18030")[:-3] + b"\xff\n",
        CHINESE.encode().replace("间".encode(), "间".encode()[:1]),
        "病歷號,採樣時間,結果\nA,2026-03-05 08:30,檢出\n".encode("big5"),
    ],
)
def test_bytes_of_another_encoding_are_refused_and_never_become_wrong_characters(
    content: bytes,
) -> None:
    assert "CSV UTF-8" in refusal("a.csv", content)


@pytest.mark.parametrize(
    "content", [b"id,value\nA,\x003\n", "id,value\nA,3\n".encode("utf-16-le"), b"id,v\nA,\x01\n"]
)
def test_what_is_not_text_is_refused(content: bytes) -> None:
    assert "not text" in refusal("a.csv", content)


def test_half_a_utf_16_character_is_refused() -> None:
    assert "CSV UTF-8" in refusal("a.csv", "id,value\nA,3\n".encode("utf-16") + b"\x41")


@pytest.mark.parametrize(
    ("name", "content", "row"),
    [
        ("a.csv", b"id;value;unit\nA;3,5;g/L\n", ["A", "3,5", "g/L"]),
        ("a.tsv", b"id\tvalue\tunit\nA\t3,5\tg/L\n", ["A", "3,5", "g/L"]),
        ("a.txt", b"id\tname, first\nA\tx, y\n", ["A", "x, y"]),
        ("a.csv", b"sep=;\r\nid;value\r\nA;3\r\n", ["A", "3"]),
        ("a.csv", b"id,value\rA,3\r", ["A", "3"]),
        ("a.csv", b'id,value\nA,"3,5"\n', ["A", "3,5"]),
    ],
)
def test_the_separator_is_told_from_the_header(name: str, content: bytes, row: list[str]) -> None:
    assert texts(read(name, content)) == [row]


def test_a_declared_separator_does_not_shift_the_lines() -> None:
    assert read("a.csv", b"sep=;\nid;value\nA;3\n").rows[0].number == 3


def test_a_quoted_value_may_hold_line_ends_and_the_next_row_keeps_its_line() -> None:
    table = read("a.csv", b'id,remark\nA,"one\ntwo"\nB,x\n')
    assert texts(table) == [["A", "one\ntwo"], ["B", "x"]]
    assert [row.number for row in table.rows] == [2, 4]


@pytest.mark.parametrize("content", [b'id,value\nA,"3\nB,4\n', b'id,value\nA,"3"x\n'])
def test_a_quotation_mark_out_of_place_is_refused_with_its_line(content: bytes) -> None:
    assert "Line 2" in refusal("a.csv", content)


def test_a_row_with_a_cell_too_many_has_a_problem_and_shifts_nothing() -> None:
    table = read("a.csv", b"id,value,unit\nA,52,000,copies/mL\nB,3,g/L\n")
    assert "Row 2 has more cells" in str(table.rows[0].problems[0])
    assert table.rows[1].problems == ()
    assert len(table.rows[0].cells) == 3


def test_empty_cells_beyond_the_header_are_no_problem_and_short_rows_are_filled() -> None:
    table = read("a.csv", b"id,value,unit\nA,3,g/L,,\nB\n")
    assert table.rows[0].problems == ()
    assert texts(table)[1] == ["B", "", ""]
    assert table.rows[1].cells[2].kind is CellKind.EMPTY


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n \n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b",,\n,,\n", "is empty"),
        (b"id,value\n\n", "no rows"),
        (b"id,value,id\nA,3,B\n", "“id” stands over two columns"),
        (b"id,,value\nA,x,3\n", "Column 2 has values"),
    ],
)
def test_a_file_without_a_usable_header_or_rows_is_refused(content: bytes, words: str) -> None:
    assert words in refusal("a.csv", content)


def test_a_blank_header_over_nothing_is_let_be() -> None:
    assert texts(read("a.csv", b"id,,value\nA,,3\n")) == [["A", "", "3"]]


def test_as_many_rows_as_allowed_are_read_and_one_more_is_refused() -> None:
    assert len(read("a.csv", b"id,v\n" + b"A,3\n" * MAX_ROWS).rows) == MAX_ROWS
    assert "20,000 rows" in refusal("a.csv", b"id,v\n" + b"A,3\n" * (MAX_ROWS + 1))


def test_as_many_columns_as_allowed_are_read_and_one_more_is_refused() -> None:
    def file(columns: int) -> bytes:
        header = ",".join(f"c{n}" for n in range(columns))
        return f"{header}\n{','.join('1' * columns)}\n".encode()

    assert len(read("a.csv", file(MAX_COLUMNS)).header) == 200
    assert "200 columns" in refusal("a.csv", file(MAX_COLUMNS + 1))


def test_a_file_of_more_than_twenty_megabytes_is_refused_unread() -> None:
    assert MAX_BYTES == 20 * 1024 * 1024
    assert "20 MB" in refusal("a.csv", b"A" * (MAX_BYTES + 1))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "Excel 97"),
        (
            "a.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "password",
        ),
        ("a.pdf", b"%PDF-1.7", "PDF"),
        ("a.csv", b"%PDF-1.7", "PDF"),
        ("a.png", b"\x89PNG\r\n", "picture"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "picture"),
        ("a.xls", b"<html><table>", "web page"),
        ("a.xml", b"\xef\xbb\xbf<?xml version='1.0'?><!DOCTYPE x>", "XML"),
        ("a.gz", b"\x1f\x8b\x08", "archive"),
        ("a.xlsm", b"PK\x03\x04", "macros"),
        ("a.xlsb", b"PK\x03\x04", "macros"),
        ("a.xlsx", b"id,value\nA,3\n", "this is text"),
        ("a.docx", b"id,value\nA,3\n", ".csv / .tsv"),
        ("results", b"id,value\nA,3\n", "this is text"),
        ("a.csv", b"MSH|^~\\&|x", "this is HL7 messages"),
    ],
)
def test_other_files_are_refused_with_what_to_do(name: str, content: bytes, words: str) -> None:
    assert words in refusal(name, content)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for ending in ("csv", "hl7", "txt"):
        try:
            table = read(f"a.{ending}", content)
        except UnreadableFile:
            continue
        assert table.rows


@given(
    st.lists(
        st.lists(st.text("abc,;\"'\n 12<中", max_size=6), min_size=3, max_size=3),
        min_size=1,
        max_size=5,
    )
)
def test_what_a_csv_writer_writes_is_read_back(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["id", "value", "unit"], *rows])
    expected = [[cell.strip() for cell in row] for row in rows if any(c.strip() for c in row)]
    if expected:
        assert texts(read_delimited(out.getvalue().encode())) == expected
