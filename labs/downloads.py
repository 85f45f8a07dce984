"""The laboratory's lists as CSV: values as printed, times with their offset; no arm, no names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone

from labs.inbox import Sample
from labs.models import LabQuerySet, Result
from oversight.downloads import csv_lines

ROWS_AT_ONCE = 500
VALUES = (
    *("analyte", "operator", "value", "unit", "canonical_value", "canonical_unit"),
    *("factor", "lod", "lloq", "uloq", "lln", "uln", "positive_from", "grey_from"),
    *("assay", "kit_lot", "note", "grade", "status", "source"),
)
RESULT_COLUMNS = (
    *("subject", "specimen", "collected_at", "received_at", "laboratory_number", "visit"),
    *VALUES,
    *("laboratory", "file_sha256", "file_row"),
)
INBOX_COLUMNS = (
    *("subject", "visit", "panel", "specimens", "opens", "closes", "state", "collected_on"),
    "without_result",
)


def result_lines(results: LabQuerySet) -> Iterator[str]:
    """One line a result, in the order of ``results``."""
    rows = results.select_related("participant", "specimen", "laboratory", "import_file")
    return csv_lines(RESULT_COLUMNS, map(_result, rows.iterator(ROWS_AT_ONCE)))


def _result(row: Result) -> tuple[Any, ...]:
    specimen, file = row.specimen, row.import_file
    received = specimen.received_at
    return (
        row.participant.subject,
        specimen.kind,
        timezone.localtime(row.collected_at).isoformat(),
        timezone.localtime(received).isoformat() if received else None,
        specimen.accession,
        specimen.visit,
        *(getattr(row, name) for name in VALUES),
        row.laboratory.name if row.laboratory else None,
        file.sha256 if file else None,
        row.import_row,
    )


def inbox_lines(samples: Iterable[Sample]) -> Iterator[str]:
    """One line a sample, in the order of ``samples``."""
    return csv_lines(INBOX_COLUMNS, map(_sample, samples))


def _sample(sample: Sample) -> tuple[Any, ...]:
    tube = sample.tube
    return (
        sample.subject,
        sample.rule.code,
        sample.panel.group,
        " ".join(sample.panel.specimens),
        sample.window.opens.isoformat(),
        sample.window.closes.isoformat() if sample.window.closes else None,
        sample.state.value,
        tube.collected_on.isoformat() if tube else None,
        " ".join("|".join(sorted(need)) for need in sample.outstanding),
    )
