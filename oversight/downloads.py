"""Tables as CSV files.  Each download leaves an event in the audit trail (R08)."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from django.http import StreamingHttpResponse

from oversight.recording import event, recorded
from trial_site.models import User

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def download(
    lines: Iterable[str], *, name: str, by: User, kind: str = "text/csv", **details: Any
) -> StreamingHttpResponse:
    """``lines`` as the file ``name``; ``details`` say in the audit trail what was taken out."""
    with recorded(by=by):
        event("exported", file=name, **details)
    response = StreamingHttpResponse(lines, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The header, then one line a row; nothing that a spreadsheet would run."""
    yield csv_line(header)
    for row in rows:
        yield csv_line(row)


def csv_line(cells: Iterable[Any]) -> str:
    output = StringIO()
    csv.writer(output).writerow([inert(cell) for cell in cells])
    return output.getvalue()


def inert(cell: Any) -> Any:
    """A text that begins like a formula is marked as text (R30)."""
    if isinstance(cell, str) and cell[:1] in FORMULA_STARTS:
        return f"'{cell}"
    return "" if cell is None else cell
