"""With which mapping a file begins: one that its laboratory saved, or a proposal."""

from __future__ import annotations

from labs.importing.contents import Contents
from labs.models import ColumnMapping, ImportFile
from labs.rules.completeness import check
from labs.rules.guessing import guess
from labs.rules.mapping import Mapping


def beginning(
    file: ImportFile, contents: Contents, chosen: ColumnMapping | None = None
) -> tuple[Mapping, ColumnMapping | None]:
    """The mapping to show first, and where it was saved.

    ``chosen``, else the one that the file was mapped with, else the laboratory's newest whose
    headers fit, else what the headers suggest.
    """
    saved = chosen or file.mapping or _fitting(file, contents)
    if saved is None:
        return guess(contents.header, contents.first_rows), None
    return Mapping.from_json(saved.definition), saved


def _fitting(file: ImportFile, contents: Contents) -> ColumnMapping | None:
    newest = file.laboratory.mappings.order_by("-pk")
    fits = (
        mapping
        for mapping in newest
        if not check(Mapping.from_json(mapping.definition), contents.header)
    )
    return next(fits, None)
