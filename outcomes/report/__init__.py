"""The report of the trial as PDF: made of parts (``document``), built from the record as of a
moment (``build``), set by Typst (``press``)."""
