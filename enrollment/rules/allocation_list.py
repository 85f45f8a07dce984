"""The allocation list: permuted blocks from an HMAC-SHA256 stream (DOMAIN 11).

The stream is defined here byte for byte instead of coming from a library's generator, because no
library promises the same numbers for ever, and an inspector must be able to re-create the list.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

FIRST_LETTER, SECOND_LETTER = "A", "B"
WORD_VALUES = 2**32
CSV_HEADER = ("position", "block", "letter", "arm")


@dataclass(frozen=True)
class AllocationSequence:
    """Letters A and B in the order of use, and the sizes of the blocks that they came in."""

    letters: str
    blocks: tuple[int, ...]


def generate(
    *, seed: str, label: str, block_sizes: Sequence[int], length: int
) -> AllocationSequence:
    """At least ``length`` letters; the last block is completed, so that arms balance.

    Raises ``ValueError`` for a block size that cannot be halved, or none at all.
    """
    if not block_sizes or any(size < 2 or size % 2 for size in block_sizes):
        raise ValueError("block sizes must be even and positive")
    below = bounded(words(seed, label))
    blocks: list[int] = []
    letters = ""
    while len(letters) < length:
        size = block_sizes[below(len(block_sizes))]
        blocks.append(size)
        letters += _shuffled_block(size, below)
    return AllocationSequence(letters, tuple(blocks))


def as_csv(sequence: AllocationSequence, *, arms: Sequence[str], nonce: str) -> str:
    """The sealed list as text: one line a position, ``arms`` naming letter A and letter B.

    The last line holds ``nonce``, a secret random text: without it, a short list could be guessed
    from its published hash.
    """
    arm_of = dict(zip((FIRST_LETTER, SECOND_LETTER), arms, strict=True))
    blocks = (block for block, size in enumerate(sequence.blocks, start=1) for _ in range(size))
    rows = zip(count(1), blocks, sequence.letters)
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    writer.writerows((place, block, letter, arm_of[letter]) for place, block, letter in rows)
    writer.writerow(("nonce", nonce, "", ""))
    return output.getvalue()


def imported_csv(arms: Sequence[str], *, nonce: str) -> str:
    """A statistician's own list as text, in the same manner: what was given, and the nonce."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(("position", "arm"))
    writer.writerows(enumerate(arms, start=1))
    writer.writerow(("nonce", nonce))
    return output.getvalue()


def commitment(csv_text: str) -> str:
    """SHA-256 of the list, hexadecimal: published at generation, checked when it is unsealed."""
    return sha256_of(csv_text.encode())


def sha256_of(file: bytes) -> str:
    return hashlib.sha256(file).hexdigest()


def words(seed: str, label: str) -> Iterator[int]:
    """Big-endian 32-bit words of HMAC-SHA256(seed, "label|0"), "label|1", … in order."""
    for counter in count():
        digest = hmac.digest(seed.encode(), f"{label}|{counter}".encode(), "sha256")
        yield from struct.unpack(">8I", digest)


def bounded(stream: Iterator[int]) -> Callable[[int], int]:
    """Numbers below a limit from a stream of 32-bit words, each equally likely."""

    def below(limit: int) -> int:
        """A number in [0, limit); words above the last whole multiple are rejected (no bias)."""
        unbiased = WORD_VALUES // limit * limit
        return next(word for word in stream if word < unbiased) % limit

    return below


def _shuffled_block(size: int, below: Callable[[int], int]) -> str:
    """Half A, half B, shuffled by Fisher-Yates from the end."""
    block = [FIRST_LETTER] * (size // 2) + [SECOND_LETTER] * (size // 2)
    for last in range(size - 1, 0, -1):
        other = below(last + 1)
        block[last], block[other] = block[other], block[last]
    return "".join(block)
