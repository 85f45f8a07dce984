"""The rows of a file parted by participant, for workers that do not wait for each other."""

from __future__ import annotations

from labs.rules.drafts import RowReader
from labs.rules.tables import Row, Table


def shares_of(table: Table, reader: RowReader, number: int) -> list[list[Row]]:
    """``number`` shares: participants go to them in turn, as the file first names them.

    The rows that name one participant stay together and in their order, whoever asks, and a row
    that names nobody goes with the first; so a share can be read without the others.
    """
    shares: list[list[Row]] = [[] for _ in range(number)]
    places: dict[str, int] = {}
    for row in table.rows:
        subject = reader.subject_of(row)
        place = places.setdefault(subject, len(places)) if subject else 0
        shares[place % number].append(row)
    return shares
