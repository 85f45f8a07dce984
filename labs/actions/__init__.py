"""What the laboratory writes."""

from labs.actions.cytometer import attach_file
from labs.actions.entries import Entry, Sample
from labs.actions.plates import (
    PlateEntry,
    choose_run,
    correct_plate,
    mark_plate_in_error,
    record_cytotoxicity,
    repeat_cytotoxicity,
)
from labs.actions.results import (
    correct_result,
    finalise_result,
    mark_in_error,
    record_results,
)
from labs.actions.runs import RowsRefused, RunRow, record_run

__all__ = [
    "Entry",
    "PlateEntry",
    "RowsRefused",
    "RunRow",
    "Sample",
    "attach_file",
    "choose_run",
    "correct_plate",
    "correct_result",
    "finalise_result",
    "mark_in_error",
    "mark_plate_in_error",
    "record_cytotoxicity",
    "record_results",
    "record_run",
    "repeat_cytotoxicity",
]
