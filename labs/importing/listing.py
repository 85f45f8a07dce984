"""The files and mappings of laboratories, as the pages list them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext

from enrollment.models import Participant
from labs.importing.files import table_of
from labs.models import ColumnMapping, ImportFile, ImportRow, Laboratory
from labs.rules.tables import Cell
from oversight.downloads import csv_lines
from oversight.records import history_model
from trial_site.messages import Message
from trial_site.models import User

BYTE_ORDER_MARK = "\ufeff"  # tells Excel that the text is UTF-8


def files_visible_to(user: User) -> QuerySet[ImportFile]:
    """The newest first, each with ``brought_by``, the name of who brought it."""
    first = history_model(ImportFile).objects.filter(id=OuterRef("pk"), history_type="+")
    found: QuerySet[ImportFile] = ImportFile.objects.visible_to(user)
    return found.select_related("laboratory", "mapping", "confirmed_by").annotate(
        brought_by=Subquery(first.values("history_user__username")[:1])
    )


def mappings_visible_to(user: User) -> QuerySet[ColumnMapping]:
    found: QuerySet[ColumnMapping] = ColumnMapping.objects.visible_to(user)
    return found.select_related("laboratory").annotate(used=Count("files"))


def subjects_of(laboratory: Laboratory) -> list[str]:
    """The numbers of the participants of the laboratory's site."""
    participants = Participant.objects.filter(site=laboratory.site_id).order_by("subject")
    return list(participants.values_list("subject", flat=True))


def outcomes_of(files: Iterable[ImportFile]) -> dict[int, Counter[str]]:
    """How many rows of each file were written, refused and so on, in one query."""
    counted: dict[int, Counter[str]] = {file.pk: Counter() for file in files}
    rows = ImportRow.objects.filter(file__in=counted).order_by().values_list("file", "outcome")
    for file, outcome, number in rows.annotate(number=Count("pk")):
        counted[file][outcome] = number
    return counted


def refused_lines(file: ImportFile) -> Iterable[str]:
    """The refused rows as CSV, each as it came and with its reasons, to be mended and sent again.

    Raises ``UNUSABLE``.
    """
    refused = file.rows.filter(outcome=ImportRow.Outcome.REFUSED)
    reasons = dict(refused.values_list("number", "reasons"))
    table = table_of(file)
    header = (*table.header, _new_header(table.header))
    rows = (
        (*map(_as_it_came, row.cells), _said(reasons[row.number]))
        for row in table.rows
        if row.number in reasons
    )
    return chain([BYTE_ORDER_MARK], csv_lines(header, rows))


def _new_header(header: Sequence[str]) -> str:
    """A name that stands over no column: the file may have been sent back once before."""
    name, number = gettext("Why refused"), 1
    while name in header:
        number += 1
        name = f"{gettext('Why refused')} ({number})"
    return name


def _said(reasons: list[dict[str, Any]]) -> str:
    return " ".join(Message.from_json(reason).render(gettext) for reason in reasons)


def _as_it_came(cell: Cell) -> str | Decimal:
    """A number below zero is no formula, and would be no number with the mark of a text."""
    try:
        number = Decimal(cell.text)
    except InvalidOperation:
        return cell.text
    return number if str(number) == cell.text else cell.text
