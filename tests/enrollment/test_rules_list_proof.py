"""A published list proves every allocation, or each disagreement is named."""

import datetime as dt
from dataclasses import replace

import pytest

from enrollment.rules.allocation_list import AllocationSequence, as_csv, imported_csv, sha256_of
from enrollment.rules.list_proof import Used, arms_of, findings

FILE = as_csv(AllocationSequence("BAABBA", (2, 4)), arms=("il2_gcv", "gcv"), nonce="n0").encode()
START = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
USED = [
    Used(f"PKU-{place:03}", START + dt.timedelta(days=place), place, arm)
    for place, arm in enumerate(["gcv", "il2_gcv", "il2_gcv", "gcv"], start=1)
]


def found(
    file: bytes = FILE,
    *,
    stored: str = sha256_of(FILE),
    published: tuple[str, ...] = (sha256_of(FILE),),
    used: list[Used] = USED,
) -> list[str]:
    return [str(one) for one in findings(file, stored=stored, published=published, used=used)]


def test_a_list_that_was_followed_is_proved() -> None:
    assert found() == []
    assert found(used=USED[::-1]) == []
    assert found(used=[]) == []


def test_an_imported_list_is_proved_in_the_same_way() -> None:
    file = imported_csv(["gcv", "il2_gcv", "il2_gcv", "gcv"], nonce="n0").encode()
    assert found(file, stored=sha256_of(file), published=(sha256_of(file),)) == []


def test_one_changed_letter_breaks_the_commitment() -> None:
    tampered = FILE.replace(b"6,2,A,il2_gcv", b"6,2,A,gcv")
    assert [line[:20] for line in found(tampered)] == ["The file’s SHA-256 i"] * 2


def test_another_hash_in_either_place_is_named() -> None:
    assert found(stored="0" * 64) == [
        f"The file’s SHA-256 is {sha256_of(FILE)}; committed to was {'0' * 64}"
    ]
    assert found(published=("0" * 64,)) == [
        f"The file’s SHA-256 is {sha256_of(FILE)}; the audit chain says {'0' * 64}"
    ]
    assert found(published=()) == ["The audit chain has no event that publishes this list"]
    both = (sha256_of(FILE), sha256_of(FILE))
    assert found(published=both) == ["The audit chain publishes this list more than once"]


def test_a_changed_arm_is_named() -> None:
    changed = [*USED[:1], replace(USED[1], arm="gcv"), *USED[2:]]
    assert found(used=changed) == ["PKU-002 got gcv; place 2 of the file says il2_gcv"]


def test_a_skipped_place_is_named() -> None:
    assert found(used=[USED[0], *USED[2:]]) == [
        "PKU-003 has place 3; in order of time it is 2",
        "PKU-004 has place 4; in order of time it is 3",
    ]


def test_a_swapped_order_is_named_even_between_equal_arms() -> None:
    second, third = USED[1:3]
    assert second.arm == third.arm
    swapped = [USED[0], replace(second, at=third.at), replace(third, at=second.at), USED[3]]
    assert found(used=swapped) == [
        "PKU-003 has place 3; in order of time it is 2",
        "PKU-002 has place 2; in order of time it is 3",
    ]


@pytest.mark.parametrize("place", [0, 7, 99])
def test_a_place_beyond_the_file_is_named(place: int) -> None:
    strange = replace(USED[0], place=place)
    assert f"PKU-001 has place {place}, which the file does not have" in found(used=[strange])


@pytest.mark.parametrize(
    "file", [b"", b"\xff", b"position\n1\n", b"position,arm\n2,gcv\n", b"arm,position\n"]
)
def test_what_is_no_list_proves_nothing(file: bytes) -> None:
    assert arms_of(file) == []
    assert "The file is no allocation list" in found(file)
