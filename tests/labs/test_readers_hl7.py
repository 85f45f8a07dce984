"""HL7 v2 messages as rows: the values as sent, and what is refused with its reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.readers import UnreadableFile, read
from labs.readers.hl7 import HEADER, read_hl7
from labs.rules.tables import CellKind, Row, Table

MSH = "MSH|^~\\&|LIS|LAB|TRIAL|SITE|20260305090000||ORU^R01^ORU_R01|1|P|2.5.1|||||CHN|UNICODE UTF-8"
PID = "PID|1||01-004^^^LAB^MR~7^^^X||Test^Person"
OBR = "OBR|1||ACC-7^LIS|PCR^CMV|||20260305083000+0800|||||||20260305091500+0800"
OBX = "OBX|1|SN|94500-6^CMV-DNA^LN||<^500|{copies}/mL^copies^UCUM|<1000||||F"
SPM = "SPM|1|S1&A^S2&B||PLAS^Plasma^HL70487"


def message(*segments: str, end: str = "\r", encoding: str = "utf-8") -> bytes:
    return end.join(segments).encode(encoding) + end.encode()


def obx(kind: str, value: str, status: str = "F") -> bytes:
    return message(MSH, PID, OBR, f"OBX|1|{kind}|A^B||{value}|g/L|||||{status}")


def only(content: bytes) -> dict[str, str]:
    (row,) = read("a.hl7", content).rows
    return said(row)


def said(row: Row) -> dict[str, str]:
    return {name: cell.text for name, cell in zip(HEADER, row.cells, strict=True)}


def problem(content: bytes) -> str:
    (row,) = read("a.hl7", content).rows
    return str(row.problems[0])


def refusal(content: bytes, name: str = "a.hl7") -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(name, content)
    return str(caught.value.message)


def test_one_result_is_one_row_with_all_that_belongs_to_it() -> None:
    content = message(MSH, PID, OBR, OBX, SPM)
    assert only(content) == {
        "participant": "01-004",
        "collected": "2026-03-05T08:30:00+08:00",
        "received": "2026-03-05T09:15:00+08:00",
        "accession": "ACC-7",
        "code": "94500-6",
        "name": "CMV-DNA",
        "value": "<500",
        "unit": "{copies}/mL",
        "range": "<1000",
        "status": "final",
        "specimen": "PLAS",
    }
    row = read("a.hl7", content).rows[0]
    assert row.number == 4
    assert row.cells[1].kind is CellKind.DATE


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_segments_may_end_in_any_way(end: str) -> None:
    assert only(message(MSH, PID, OBR, OBX, end=end))["value"] == "<500"


def test_many_messages_in_batch_envelopes_keep_their_lines() -> None:
    other = PID.replace("01-004", "01-005")
    content = message(
        "FHS|^~\\&", "BHS|^~\\&", MSH, PID, OBR, OBX, MSH, other, OBR, OBX, OBX, "BTS|2", "FTS|1"
    )
    table = read("results.txt", content)
    assert [said(row)["participant"] for row in table.rows] == ["01-004", "01-005", "01-005"]
    assert [row.number for row in table.rows] == [6, 10, 11]


def test_the_frames_of_the_wire_are_passed_over() -> None:
    assert only(b"\x0b" + message(MSH, PID, OBR, OBX) + b"\x1c\r")["value"] == "<500"


def test_what_an_order_lacks_is_taken_from_its_specimen() -> None:
    spm = SPM + "|" * 12 + "|20260305083000^20260305083100|20260306"
    row = only(message(MSH, PID, "OBR|1|||PCR", OBX, spm))
    assert row["collected"] == "2026-03-05T08:30:00"
    assert row["received"] == "2026-03-06"
    assert row["accession"] == "S2"


def test_several_specimens_of_one_order_are_a_problem() -> None:
    assert "several specimens" in problem(message(MSH, PID, OBR, OBX, SPM, SPM))


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("UNICODE UTF-8", "utf-8"), ("GB 18030-2000", "gb18030"), ("", "utf-8")],
)
def test_the_declared_characters_are_read(charset: str, encoding: str) -> None:
    head = MSH.replace("UNICODE UTF-8", charset).replace("LAB", "检验科")
    content = message(head, PID, OBR, "OBX|1|ST|A^巨细胞病毒||未检出|g/L|||||F", encoding=encoding)
    assert only(content)["value"] == "未检出"
    assert only(content)["name"] == "巨细胞病毒"


def test_characters_whose_bytes_hold_a_separator_do_not_part_fields() -> None:
    head = MSH.replace("UNICODE UTF-8", "GB 18030-2000")
    wide = "亅亇亊"  # in GB18030 some second bytes are those of |, \ and ^
    assert any(mark in wide.encode("gb18030") for mark in (b"|", b"\\", b"^"))
    content = message(head, PID, OBR, f"OBX|1|ST|A^{wide}||5|g/L|||||F", encoding="gb18030")
    assert (only(content)["name"], only(content)["value"]) == (wide, "5")


def test_characters_other_than_declared_refuse_the_message() -> None:
    content = message(MSH, PID, OBR, "OBX|1|ST|A||未检出|g/L|||||F", encoding="gb18030")
    assert "MSH-18" in refusal(content)
    assert "MSH-18" in refusal(message(MSH.replace("UNICODE UTF-8", "BIG-5"), PID, OBR, OBX))


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("NM", "52000", "52000"),
        ("SN", "^500", "500"),
        ("SN", "=^500", "500"),
        ("SN", ">^10000000", ">10000000"),
        ("ST", "<500", "<500"),
        ("ST", "a \\T\\ b \\F\\ \\S\\ \\R\\ \\E\\ \\X41\\ \\.br\\c", "a & b | ^ ~ \\ A  c"),
        ("ST", "one \\ stroke", "one \\ stroke"),
        ("TX", "Not detected", "Not detected"),
        ("CWE", "260415000^Not detected^SCT", "Not detected"),
        ("CE", "ND", "ND"),
    ],
)
def test_values_are_read_as_printed(kind: str, value: str, text: str) -> None:
    assert only(obx(kind, value))["value"] == text


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("SN", "^1^:^128", "ratio"),
        ("SN", "^3^-^9", "ratio"),
        ("SN", "<=^500", "bound"),
        ("SN", "<", "not one value"),
        ("NM", "1~2", "several values"),
        ("ED", "^a^b^c", "type “ED”"),
        ("", "5", "type “”"),
    ],
)
def test_values_that_are_not_one_number_are_a_problem(kind: str, value: str, words: str) -> None:
    assert words in problem(obx(kind, value))


@pytest.mark.parametrize(
    ("code", "status"), [("P", "preliminary"), ("F", "final"), ("C", "corrected")]
)
def test_the_status_is_named(code: str, status: str) -> None:
    assert only(obx("NM", "5", code))["status"] == status


@pytest.mark.parametrize("code", ["X", "D", "W", "I", "R", "S", "U", ""])
def test_a_status_that_is_no_result_is_a_problem(code: str) -> None:
    assert "OBX-11" in problem(obx("NM", "5", code))


@pytest.mark.parametrize("time", ["2026030", "20260230", "20261305", "yesterday"])
def test_a_time_that_is_none_stays_as_it_stands(time: str) -> None:
    row = only(message(MSH, PID, OBR.replace("20260305083000+0800", time), OBX))
    assert row["collected"] == time


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (message(PID, OBR, OBX), "no MSH"),
        (message("id,value", "A,3"), "no MSH"),
        (message(MSH.replace("ORU^R01^ORU_R01", "ADT^A01"), PID, OBR, OBX), "ORU^R01"),
        (message(MSH.replace("ORU^R01^ORU_R01", ""), PID, OBR, OBX), "ORU^R01"),
        (message(MSH, OBR, OBX), "PID"),
        (message(MSH, PID, PID, OBR, OBX), "PID"),
        (message(MSH, PID), "no OBR"),
        (message(MSH, PID, OBX, OBX), "Line 3: a result or specimen stands before any OBR"),
        (message(MSH, PID, OBX, OBR), "before any OBR"),
        (message(MSH, PID, OBR), "no OBX"),
        (message(MSH.replace("2.5.1", "9.9"), PID, OBR, OBX), "“9.9”"),
        (message(MSH.replace("2.5.1", ""), PID, OBR, OBX), "MSH-12"),
        (message("MSH|^^\\&|x", PID, OBR, OBX), "MSH-2"),
        (message("MSH|", PID), "MSH-2"),
        (b"FHS|^~\\&\rFTS|0\r", "no HL7 message"),
    ],
)
def test_a_message_that_cannot_be_used_is_refused_with_its_reason(
    content: bytes, words: str
) -> None:
    assert words in refusal(content)


def test_beside_good_messages_a_bad_one_is_a_row_with_the_reason() -> None:
    table = read("a.hl7", message(MSH, PID, OBR, OBX, MSH, PID, OBX))
    assert [bool(row.problems) for row in table.rows] == [False, True]
    assert table.rows[1].number == 5
    assert "before any OBR" in str(table.rows[1].problems[0])


def test_another_version_with_its_own_separators_is_read() -> None:
    content = message(
        "MSH#*~!&#LIS#L#T#S#2026##ORU*R01#1#P#2.3.1",
        "PID#1##01-004*x",
        "OBR#1##ACC##  ##20260305083000",
        "OBX#1#SN#A*B##<*500#g/L#####F",
    )
    assert (only(content)["participant"], only(content)["value"]) == ("01-004", "<500")


@given(st.text("MSHPIDOBRX|^~\\&\r\n12F<中", max_size=300))
def test_any_text_after_a_header_is_read_or_refused(text: str) -> None:
    try:
        table: Table = read_hl7(f"{MSH}\r{PID}\r{OBR}\rOBX|1|{text}\r".encode())
    except UnreadableFile:
        return
    assert all(len(row.cells) == len(HEADER) for row in table.rows)
