"""The rows of a file parted by participant, for workers that do not wait for each other."""

from __future__ import annotations

from labs.importing.comparing import Readings
from labs.rules.drafts import RowReading

Share = list[tuple[int, RowReading]]


def shares_of(readings: Readings, number: int) -> list[Share]:
    """``number`` shares: participants go to them in turn, as the file first names them.

    The rows of one participant stay together and in their order, whoever asks; a row without a
    result, which names nobody, goes with the first.
    """
    shares: list[Share] = [[] for _ in range(number)]
    places: dict[str, int] = {}
    for row in readings:
        drafts = row[1].drafts  # all of one participant
        place = places.setdefault(drafts[0].subject, len(places)) if drafts else 0
        shares[place % number].append(row)
    return shares
