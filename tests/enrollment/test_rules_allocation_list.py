"""The allocation list is reproducible byte for byte (DOMAIN 11)."""

import csv
import hashlib
import hmac
import io
from collections import Counter
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.allocation_list import (
    AllocationSequence,
    as_csv,
    bounded,
    commitment,
    generate,
)

SEED, LABEL = "TEST-SEED-0001", "NCT04225780|ALL|v1"


def test_the_first_digest_of_the_reference() -> None:
    digest = hmac.new(SEED.encode(), f"{LABEL}|0".encode(), hashlib.sha256).hexdigest()

    assert digest.startswith("ac77e036")


def test_reference_vector_of_blocks_two_and_four() -> None:
    assert generate(seed=SEED, label=LABEL, block_sizes=(2, 4), length=10) == AllocationSequence(
        "BABABBAAAB", (2, 2, 4, 2)
    )


def test_reference_vector_of_blocks_four_and_six() -> None:
    made = generate(seed=SEED, label=LABEL, block_sizes=(4, 6), length=20)

    assert made.letters == "ABBABABAABABBAABBAAABB"
    assert len(made.letters) == 22  # the last block is completed


@pytest.mark.parametrize(
    ("first_word", "number"),
    [
        (4_294_967_294, 2),  # the last word of the last whole multiple of 3
        (4_294_967_295, 1),  # beyond it: rejected, and the next word, 7, is taken
    ],
)
def test_words_beyond_the_last_whole_multiple_are_rejected(first_word: int, number: int) -> None:
    assert bounded(iter([first_word, 7]))(3) == number


seeds = st.text(min_size=1, max_size=20)
sizes = st.lists(st.sampled_from([2, 4, 6, 8, 10]), min_size=1, max_size=3)
lengths = st.integers(0, 60)


@given(seeds, sizes, lengths)
def test_every_block_is_balanced_and_the_list_long_enough(
    seed: str, block_sizes: list[int], length: int
) -> None:
    made = generate(seed=seed, label=LABEL, block_sizes=block_sizes, length=length)
    ends = list(accumulate(made.blocks, initial=0))

    assert ends[-1] == len(made.letters) >= length
    assert set(made.blocks) <= set(block_sizes)
    for start, end in pairwise(ends):
        assert Counter(made.letters[start:end]) == {
            "A": (end - start) // 2,
            "B": (end - start) // 2,
        }


@given(seeds, sizes, lengths, st.integers(0, 60))
def test_a_longer_list_only_continues_a_shorter_one(
    seed: str, block_sizes: list[int], length: int, more: int
) -> None:
    short = generate(seed=seed, label=LABEL, block_sizes=block_sizes, length=length)
    longer = generate(seed=seed, label=LABEL, block_sizes=block_sizes, length=length + more)

    assert longer.letters.startswith(short.letters)


@pytest.mark.parametrize(("seed", "label"), [("TEST-SEED-0002", LABEL), (SEED, LABEL + "b")])
def test_seed_and_label_each_change_the_list(seed: str, label: str) -> None:
    known = generate(seed=SEED, label=LABEL, block_sizes=(4, 6), length=100)

    assert generate(seed=seed, label=label, block_sizes=(4, 6), length=100) != known


def test_all_arrangements_of_a_block_are_equally_likely() -> None:
    made = generate(seed=SEED, label=LABEL, block_sizes=(4,), length=24_000)
    blocks = Counter(made.letters[start : start + 4] for start in range(0, 24_000, 4))

    assert len(blocks) == 6
    chi_square = sum((seen - 1000) ** 2 / 1000 for seen in blocks.values())
    assert chi_square < 20.5  # 99.9th percentile with 5 degrees of freedom


@pytest.mark.parametrize("block_sizes", [(), (3,), (4, 5), (0,), (-2,)])
def test_blocks_that_cannot_be_halved_are_refused(block_sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="even and positive"):
        generate(seed=SEED, label=LABEL, block_sizes=block_sizes, length=4)


SEQUENCE = AllocationSequence("BAABBA", (2, 4))


def test_csv_names_position_block_letter_and_arm() -> None:
    text = as_csv(SEQUENCE, arms=("il2_gcv", "gcv"), nonce="n0")

    assert list(csv.reader(io.StringIO(text))) == [
        ["position", "block", "letter", "arm"],
        ["1", "1", "B", "gcv"],
        ["2", "1", "A", "il2_gcv"],
        ["3", "2", "A", "il2_gcv"],
        ["4", "2", "B", "gcv"],
        ["5", "2", "B", "gcv"],
        ["6", "2", "A", "il2_gcv"],
        ["nonce", "n0", "", ""],
    ]


@pytest.mark.parametrize("arms", [("il2_gcv",), ("il2_gcv", "gcv", "other")])
def test_exactly_two_arms(arms: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="argument 2"):
        as_csv(SEQUENCE, arms=arms, nonce="n0")


def test_commitment_is_the_sha256_of_the_text() -> None:
    assert commitment("abc") == ("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")


def test_the_nonce_hides_equal_lists_from_their_hash() -> None:
    first, second = (as_csv(SEQUENCE, arms=("a", "b"), nonce=nonce) for nonce in ("n0", "n1"))

    assert commitment(first) != commitment(second)
