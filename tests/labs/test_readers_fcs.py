"""FCS files of cytometers: facts that are counted, and files that contradict themselves."""

import datetime as dt
import hashlib
from typing import Any

import pytest

from labs.readers import UnreadableFile, fcs
from labs.readers.fcs import read_fcs

KEYS = {
    "$PAR": "2",
    "$MODE": "L",
    "$DATATYPE": "F",
    "$BYTEORD": "1,2,3,4",
    "$NEXTDATA": "0",
    "$P1N": "FSC-A",
    "$P1B": "32",
    "$P1R": "1024",
    "$P2N": "FITC-A",
    "$P2B": "32",
    "$P2R": "1024",
    "$DATE": "05-MAR-2026",
    "$BTIM": "08:30:15.20",
    "$ETIM": "08:31:00",
    "$CYT": "FACSCanto II",
}


def file(
    events: int = 5,
    *,
    version: str = "FCS3.1",
    data: bytes | None = None,
    shift: int = 0,
    told: int | None = None,
    **keys: str,
) -> bytes:
    """An FCS file of ``events``; ``shift`` moves the declared end, ``told`` the declared count."""
    held = bytes(8 * events) if data is None else data
    start = 1024
    stop = start + len(held) - 1 + shift
    pairs = KEYS | {"$TOT": str(events if told is None else told)}
    pairs |= {"$BEGINDATA": str(start), "$ENDDATA": str(stop)}
    pairs |= {f"${name}": value for name, value in keys.items()}
    text = "/" + "/".join(part for pair in pairs.items() if pair[1] for part in pair) + "/"
    head = f"{version}    {58:>8}{58 + len(text) - 1:>8}{start:>8}{stop:>8}{0:>8}{0:>8}"
    return (head + text).encode().ljust(start, b" ") + held


def refusal(content: bytes) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read_fcs(content)
    return str(caught.value.message)


@pytest.mark.parametrize("version", ["FCS2.0", "FCS3.0", "FCS3.1"])
def test_the_facts_of_a_file(version: str) -> None:
    content = file(9840, version=version)
    facts = read_fcs(content)
    assert facts.events == 9840
    assert facts.acquired_from == dt.datetime.fromisoformat("2026-03-05 08:30:15")
    assert facts.acquired_to == dt.datetime.fromisoformat("2026-03-05 08:31:00")
    assert facts.cytometer == "FACSCanto II"
    assert facts.sha256 == hashlib.sha256(content).hexdigest()


def test_integers_of_uneven_width_and_doubles_are_counted() -> None:
    assert read_fcs(file(7, data=bytes(7 * 6), DATATYPE="I", P1B="16")).events == 7
    assert read_fcs(file(7, data=bytes(7 * 16), DATATYPE="D")).events == 7


def test_an_end_named_one_byte_late_is_taken() -> None:
    assert read_fcs(file(5, shift=1)).events == 5


def test_no_events_are_no_events() -> None:
    assert read_fcs(file(0)).events == 0


def test_acquisition_over_midnight_ends_on_the_next_day() -> None:
    facts = read_fcs(file(BTIM="23:59:00", ETIM="00:01:00"))
    assert facts.acquired_to == dt.datetime.fromisoformat("2026-03-06 00:01:00")


@pytest.mark.parametrize(
    "keys",
    [
        {"DATE": ""},
        {"BTIM": ""},
        {"DATE": "31-FEB-2026"},
        {"DATE": "2026-03-05"},
        {"BTIM": "25:00:00"},
    ],
)
def test_a_time_that_is_missing_or_none_is_unknown(keys: dict[str, Any]) -> None:
    facts = read_fcs(file(**keys))
    assert (facts.acquired_from, facts.acquired_to) == (None, None)


def test_without_an_end_the_start_is_kept() -> None:
    facts = read_fcs(file(ETIM=""))
    assert facts.acquired_from == dt.datetime.fromisoformat("2026-03-05 08:30:15")
    assert facts.acquired_to is None


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"FCS", b"FCS1.0" + b" " * 200, b"FCS3.2" + b" " * 200]
)
def test_what_is_not_fcs_is_refused(content: bytes) -> None:
    assert "not FCS" in refusal(content)


@pytest.mark.parametrize(
    "content",
    [
        file()[:-1],
        file()[:900],
        file()[:58],
        b"FCS3.1",
        file(shift=2),
        file(shift=-1),
        file(shift=10**7),
        file(told=6),
        file(told=4),
        file(told=-1),
        file(told=10**12),
        file(PAR="3"),
        file(PAR="x"),
        file(BEGINDATA="10"),
        file(BEGINDATA="99999999"),
        file(TOT=""),
        file(DATATYPE="I", P1B="*"),
        file(PAR="0"),
    ],
)
def test_a_file_that_is_cut_off_or_contradicts_itself_is_refused(content: bytes) -> None:
    assert "cut off or contradicts itself" in refusal(content)


@pytest.mark.parametrize("keys", [{"MODE": "U"}, {"DATATYPE": "A"}])
def test_events_that_cannot_be_counted_from_bytes_are_refused(keys: dict[str, Any]) -> None:
    assert "no list of events" in refusal(file(**keys))


def test_several_data_sets_are_refused() -> None:
    assert "several data sets" in refusal(file(NEXTDATA="4096"))


def test_a_file_above_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fcs.MAX_FCS_BYTES == 200 * 1024 * 1024
    monkeypatch.setattr(fcs, "MAX_FCS_BYTES", 100)
    assert "larger than" in refusal(file())
