"""What the laboratory writes."""

from labs.actions.entries import Entry, Sample
from labs.actions.plates import record_cytotoxicity
from labs.actions.results import correct_result, record_results

__all__ = ["Entry", "Sample", "correct_result", "record_cytotoxicity", "record_results"]
