"""The table, with each aim that was missed beside its row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.measure import Figure, Size
from bench.pages import MOST_GROWTH, MOST_MEGABYTES

_ROW = "{:<24}{:>13}{:>9}{:>10}{:>8}  {}"


def table(sizes: Sequence[Size]) -> str:
    """``sizes`` from the smallest to the largest; pages grow from the first to the last."""
    lines = [_ROW.format("Page", "participants", "queries", "ms", "× bare", "aim missed")]
    first, last = sizes[0], sizes[-1]
    for rows in zip(*(size.figures for size in sizes), strict=True):
        for size, row in zip(sizes, rows, strict=True):
            missed = [*_missed(row)]
            grown = row.milliseconds / rows[0].milliseconds
            if size is last and last is not first and grown > MOST_GROWTH:
                missed.append(f"{grown:.1f} times {first.participants}’s, aim {MOST_GROWTH}")
            cells = (row.page, size.participants, row.queries)
            times = (f"{row.milliseconds:.1f}", f"{row.ratio:.1f}")
            lines.append(_ROW.format(*cells, *times, "; ".join(missed)).rstrip())
    return "\n".join([*lines, "", *_notes(last)])


def _missed(row: Figure) -> Iterator[str]:
    if row.most_queries and row.queries > row.most_queries:
        yield f"{row.queries} queries, aim {row.most_queries}"
    if row.most and row.ratio > row.most:
        yield f"{row.ratio:.1f}×, aim {row.most:g}×"


def _notes(size: Size) -> Iterator[str]:
    """Of the largest size: a small simulation is mostly its patterns."""
    yield (
        f"Simulation of {size.participants}: {size.rows} rows in {size.seconds:.1f} s, "
        f"{size.rows_a_second:.0f} a second; one connection commits "
        f"{size.commits_a_second:.0f} single-row INSERTs a second"
    )
    sent = size.imported
    missed = "" if sent.ratio >= 1 else "; aim missed: not below 1"
    yield (
        f"Import of {sent.results} results: {sent.results_a_second:.0f} a second with their "
        f"history and audit ({sent.rows / sent.seconds:.0f} rows), {sent.ratio:.2f} times one "
        f"connection's {sent.commits_a_second:.0f} single-row commits a second{missed}"
    )
    memory = size.memory
    if memory.after_pages and memory.after_drawing:
        yield (
            f"Worker: {memory.after_pages:.0f} MB after the pages (aim {MOST_MEGABYTES}), "
            f"{memory.after_drawing:.0f} MB after one figure was drawn on the server"
        )
