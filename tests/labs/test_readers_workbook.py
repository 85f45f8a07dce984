"""Excel workbooks: what a person sees is read, and what must not be opened is not."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula

from labs.readers import UnreadableFile, archive, read
from labs.readers.tables import MAX_ROWS
from labs.rules.tables import Cell, CellKind

HEADER = ["id", "value", "unit"]
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;">]>'
)
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def workbook(*rows: list[Any], formats: dict[str, str] | None = None) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for place, number_format in (formats or {}).items():
        book.active[place].number_format = number_format
    return saved(book)


def one_cell(value: Any, number_format: str = "General") -> Cell:
    content = workbook(HEADER, ["A", value, "g/L"], formats={"B2": number_format})
    return read("a.xlsx", content).rows[0].cells[1]


def refusal(content: bytes, name: str = "a.xlsx") -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(name, content)
    return str(caught.value.message)


def rezipped(
    content: bytes,
    added: dict[str, bytes] | None = None,
    change: Callable[[str, bytes], bytes] | None = None,
) -> bytes:
    """The archive again with its parts changed, and ``added`` ones."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)) if change else old.read(name))
        for name, data in (added or {}).items():
            new.writestr(name, data)
    return out.getvalue()


def in_sheet(prolog: str, entity: str) -> bytes:
    """A workbook whose sheet declares a DTD and uses an entity of it."""

    def change(name: str, data: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return data
        text = data.decode().partition("?>")[2] if data.startswith(b"<?xml") else data.decode()
        return (prolog + text.replace("<v>3</v>", f"<v>{entity}</v>")).encode()

    return rezipped(workbook(HEADER, ["A", 3, "g/L"]), change=change)


def test_rows_are_read_with_their_numbers_and_the_sheet_is_named() -> None:
    table = read("a.xlsx", workbook(HEADER, ["A", "<500", "copies/mL"], [], ["B", 3, "g/L"], []))
    assert table.header == ("id", "value", "unit")
    assert [row.number for row in table.rows] == [2, 4]
    assert table.rows[0].cells[1] == Cell("<500", CellKind.TEXT)
    assert [str(note) for note in table.notes] == ["The sheet “Sheet” was read."]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (52000, "52000"),
        (52000.0, "52000"),
        (4.118, "4.118"),
        (1e-7, "0.0000001"),
        (1.5e21, "1500000000000000000000"),
        (123456789012345, "123456789012345"),
        (-0.957, "-0.957"),
        (0, "0"),
    ],
)
def test_numbers_are_the_digits_that_excel_shows(value: float, text: str) -> None:
    assert one_cell(value) == Cell(text, CellKind.NUMBER)


def test_a_percentage_reads_with_its_sign() -> None:
    assert one_cell(0.115, "0.0%").text == "11.5%"
    assert one_cell(11.5, '0.0"%"').text == "11.5"


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (
            dt.datetime.fromisoformat("2026-03-05 08:30:00"),
            "yyyy-mm-dd hh:mm",
            "2026-03-05T08:30:00",
        ),
        (dt.datetime.fromisoformat("2026-03-05"), "yyyy-mm-dd", "2026-03-05"),
        (dt.datetime.fromisoformat("2026-03-05"), "yyyy-mm-dd hh:mm", "2026-03-05T00:00:00"),
        (
            dt.datetime.fromisoformat("2026-03-05 08:30:00"),
            'yyyy"年"m"月"d"日"',
            "2026-03-05T08:30:00",
        ),
        (dt.time(8, 30), "hh:mm", "08:30:00"),
    ],
)
def test_real_dates_become_iso_text(value: Any, number_format: str, text: str) -> None:
    assert one_cell(value, number_format) == Cell(text, CellKind.DATE)


def test_dates_count_from_1904_where_the_workbook_says_so() -> None:
    book = Workbook()
    book.epoch = dt.datetime.fromisoformat("1904-01-01")
    book.active.append(HEADER)
    book.active.append(["A", dt.datetime.fromisoformat("2026-03-05 08:30:00"), "x"])
    assert read("a.xlsx", saved(book)).rows[0].cells[1].text == "2026-03-05T08:30:00"


def test_a_formula_is_a_formula_whatever_its_stored_result() -> None:
    assert one_cell("=B9*2") == Cell("=B9*2", CellKind.FORMULA)
    assert one_cell(ArrayFormula("B2", "=SUM(B3:B4)")).kind is CellKind.FORMULA


def test_errors_booleans_and_impossible_dates_are_no_numbers() -> None:
    assert one_cell("#DIV/0!") == Cell("#DIV/0!", CellKind.ERROR)
    assert one_cell(True) == Cell("TRUE", CellKind.TEXT)
    assert one_cell(99999999, "yyyy-mm-dd").kind is CellKind.ERROR


def test_the_first_visible_sheet_with_content_is_read_and_the_others_are_named() -> None:
    book = Workbook()
    book.active.title = "empty"
    hidden = book.create_sheet("hidden")
    hidden.append(["secret", "x"])
    hidden.sheet_state = "hidden"
    for name in ("results", "more"):
        sheet = book.create_sheet(name)
        sheet.append(HEADER)
        sheet.append([name, 1, "x"])
    table = read("a.xlsx", saved(book))
    assert table.rows[0].cells[0].text == "results"
    assert [str(note) for note in table.notes] == [
        "The sheet “results” was read.",
        "The sheet “more” was not read: one sheet is read a file.",
    ]


def test_merged_cells_and_cells_that_are_only_formatted_add_no_rows() -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(HEADER)
    sheet.append(["A", 3, "g/L"])
    sheet.merge_cells("A2:A4")
    sheet["C900"].number_format = "0.00"
    table = read("a.xlsx", saved(book))
    assert len(table.rows) == 1


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no visible sheet"),
        ([HEADER], "no rows"),
        ([["id", "value", "id"], ["A", 1, "B"]], "stands over two columns"),
        ([["Results of March"], HEADER, ["A", 1, "g/L"]], "Column 2 has values"),
    ],
)
def test_sheets_without_a_usable_header_are_refused(rows: list[list[str]], words: str) -> None:
    # A title above the header is one cell wide: the columns under it have no name.
    content = workbook(*rows)
    if words == "Column 2 has values":
        assert "more cells than the header" in str(read("a.xlsx", content).rows[0].problems[0])
    else:
        assert words in refusal(content)


def test_too_many_rows_are_refused() -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for number in range(MAX_ROWS + 2):
        sheet.append([str(number), "x"])
    assert "20,000 rows" in refusal(saved(book))


def test_a_sheet_that_claims_cells_beyond_any_table_is_refused() -> None:
    def far(name: str, data: bytes) -> bytes:
        return data.replace(b'r="2"', b'r="99999999"').replace(b"A2", b"A99999999")

    assert "20,000 rows" in refusal(rezipped(workbook(HEADER, ["A", 3, "g/L"]), change=far))


# --- not opened ---------------------------------------------------------------------------------


def test_a_zip_bomb_is_not_opened() -> None:
    content = rezipped(workbook(HEADER, ["A", 3, "g/L"]), {"xl/media/a": b"0" * 60_000_000})
    assert len(content) < 100_000
    assert "unpacks to far more" in refusal(content)


def test_an_archive_of_too_many_entries_or_too_large_is_not_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = workbook(HEADER, ["A", 3, "g/L"])
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)
    assert "unpacks to far more" in refusal(content)
    monkeypatch.undo()
    assert archive.MAX_UNPACKED == 200 * 1024 * 1024
    monkeypatch.setattr(archive, "MAX_UNPACKED", 1000)
    assert "unpacks to far more" in refusal(content)


def test_an_archive_that_lies_about_its_sizes_is_damaged() -> None:
    content = workbook(HEADER, ["A", 3, "g/L"])
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        entry = old.getinfo("xl/worksheets/sheet1.xml")
    true, false = (size.to_bytes(4, "little") for size in (entry.file_size, 40))
    assert "damaged" in refusal(content.replace(true, false))


def test_macros_are_refused_by_part_type_and_name() -> None:
    content = workbook(HEADER, ["A", 3, "g/L"])

    def typed(name: str, data: bytes) -> bytes:
        return data.replace(b"spreadsheetml.sheet.main", b"sheet.macroEnabled.main")

    assert "macros" in refusal(rezipped(content, {"xl/vbaProject.bin": b"x"}))
    assert "macros" in refusal(rezipped(content, {"xl/macrosheets/sheet1.xml": b"<x/>"}))
    assert "macros" in refusal(rezipped(content, change=typed))
    assert "macros" in refusal(content, "a.xlsm")


@pytest.mark.parametrize(("prolog", "entity"), [(LAUGHS, "&c;"), (EXTERNAL, "&e;")])
def test_xml_entities_are_refused_unexpanded(prolog: str, entity: str) -> None:
    assert "XML entities" in refusal(in_sheet(prolog, entity))


def test_entities_in_any_part_are_refused() -> None:
    content = rezipped(
        workbook(HEADER, ["A", 3, "g/L"]), {"docProps/x.xml": (LAUGHS + "<x/>").encode("utf-16")}
    )
    assert "XML entities" in refusal(content)


def test_other_archives_and_damage_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        new.writestr("results.csv", "id,value\nA,3\n")
    assert "no Excel workbook" in refusal(out.getvalue())
    good = workbook(HEADER, ["A", 3, "g/L"])
    assert "damaged" in refusal(good[: len(good) // 2])
    assert "damaged" in refusal(b"PK\x03\x04" + b"x" * 50)

    def broken(name: str, data: bytes) -> bytes:
        return b"<x" if name == "xl/workbook.xml" else data

    assert "damaged" in refusal(rezipped(good, change=broken))


def test_a_workbook_under_a_password_of_zip_is_refused() -> None:
    content = bytearray(workbook(HEADER, ["A", 3, "g/L"]))
    central = content.index(b"PK\x01\x02")
    content[central + 8] |= 1
    assert "password" in refusal(bytes(content))


def test_a_workbook_named_otherwise_is_refused() -> None:
    assert "an Excel workbook" in refusal(workbook(HEADER, ["A", 3, "g/L"]), "a.csv")
